import semver from 'semver';
import { expect, test } from 'vitest';
import { likeliest } from '../../../../builders/npm/proxy/likeliest.ts';
import type { PackageDocument } from '../../../../builders/npm/registry/document.ts';

const ENGINES: Readonly<Record<string, unknown>> = {
  '1.0.0': undefined,
  '2.0.0': { node: '>=12' },
  '2.1.0': { npm: '>=6' },
  '3.0.0': { node: '>= 20' },
};

const DOCUMENT: PackageDocument = {
  name: 'lint',
  registry: 'https://registry.example/',
  fetchedAt: new Date(0),
  distTags: new Map(),
  created: null,
  time: new Map(),
  versions: new Map(Object.entries(ENGINES).map(([version, engines]) => [version, { engines }])),
};

test.each([
  ['*', '14.21.3', '2.1.0'],
  ['', '14.21.3', '2.1.0'],
  ['>=0', '22.0.0', '3.0.0'],
  ['<2.1.0', '14.21.3', '2.0.0'],
  // Nothing runs there: what there was is not known, and what people write down is.
  ['>=3 || 0.0.0', '14.21.3', '3.0.0'],
  ['>=2', '22.0.0', '2.0.0'],
  ['^2.0.0', '22.0.0', '2.0.0'],
  ['*', null, '1.0.0'],
  ['^4.0.0', '22.0.0', undefined],
])('of %j with Node %s: %s', (range, node, expected) => {
  const fitting = [...DOCUMENT.versions.keys()]
    .filter((version) => semver.satisfies(version, range))
    .map((version) => new semver.SemVer(version));
  expect(likeliest({ document: DOCUMENT, range, fitting, node })?.version).toBe(expected);
});
