import { expect, it } from 'vitest';
import { readArchive } from '../../src/published/archive.ts';
import { paxHeader, tarball, tarEntry } from '../support/tarball.ts';

const MANIFEST = { name: 'pkg', scripts: { 'test:a.b': 'node test' }, files: ['a.js'], private: false };

const LONG = 'a'.repeat(300);

/** What is odd about an archive whose first file has these records, and whose manifest comes after it. */
function oddities(
  records: Readonly<Record<string, string>>,
  manifests: readonly string[] = [JSON.stringify(MANIFEST)],
  type: 'x' | 'g' = 'x',
): readonly string[] {
  const file = tarEntry({ name: 'package/a.js', content: 'a' });
  const last = manifests.map((content) => tarEntry({ name: 'package/package.json', content }));
  const outcome = readArchive(tarball([paxHeader(records, type), file, ...last]));
  if (!outcome.ok) throw new Error(outcome.reason.message);
  return outcome.value.anomalies.filter(({ kind }) => kind === 'pax-record').map(({ detail }) => detail);
}

it('what npm before 5 wrote of the manifest into extended headers is no anomaly', () => {
  expect(
    oddities({
      'NODETAR.depth': '1',
      'NODETAR.ignoreFiles.0': '.npmignore',
      'NODETAR.package.name': 'pkg',
      'NODETAR.package.scripts.test:a.b': 'node test',
      'NODETAR.package.files.0': 'a.js',
      'NODETAR.package.private': 'false',
      uid: '1618591017',
    }),
  ).toEqual([]);
});

it.each([
  ['says something else than the manifest', { 'NODETAR.package.name': 'evil' }, undefined],
  ['has no place in the manifest', { 'NODETAR.package.payload': 'eval(this)' }, undefined],
  ['names a part that is no text', { 'NODETAR.package.scripts': '[object Object]' }, undefined],
  ['stands beside no manifest', { 'NODETAR.package.name': 'pkg' }, []],
  ['stands beside a manifest that is none', { 'NODETAR.package.name': 'pkg' }, ['{']],
  ['stands beside two manifests', { 'NODETAR.package.name': 'pkg' }, ['{"name":"pkg"}', '{"name":"other"}']],
  [
    'has a longer way than any manifest',
    { [`NODETAR.package.${LONG}`]: '1' },
    [JSON.stringify({ [LONG]: 1 })],
  ],
  ['names another file to ignore', { 'NODETAR.ignoreFiles.0': 'eval(this)' }, undefined],
])('attack: a record that %s is one', (_what, records, manifests) => {
  expect(oddities(records as unknown as Record<string, string>, manifests)).toHaveLength(1);
});

it('attack: one for all entries is one', () => {
  expect(oddities({ 'NODETAR.package.name': 'pkg' }, undefined, 'g')).not.toEqual([]);
});
