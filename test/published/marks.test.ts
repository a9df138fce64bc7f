import { expect, test } from 'vitest';
import type { Archive } from '../../src/model/artifact.ts';
import { readArchive } from '../../src/published/archive.ts';
import { archiveMarks } from '../../src/published/marks.ts';
import { npmTarball, tarball, tarEntry } from '../support/tarball.ts';

function archiveOf(bytes: Uint8Array): Archive {
  const archive = readArchive(bytes);
  if (!archive.ok) throw new Error(archive.reason.message);
  return archive.value;
}

const orderOf = (...names: string[]) =>
  archiveMarks(archiveOf(tarball(names.map((name) => tarEntry({ name: `package/${name}`, content: 'x' })))))
    .order;

test('the rule of the order of entries is named', () => {
  expect(orderOf('B', 'a', 'b')).toBe('by path');
  expect(orderOf('a', 'B', 'c')).toBe('by path, as English sorts');
  expect(orderOf('LICENSE', 'src/b.js', 'z.js', 'package.json')).toBe('by extension, then name');
  expect(orderOf('package.json', 'a', 'b')).toBe('package.json first, then by path');
  expect(orderOf('c', 'b', 'a')).toBeNull();
  expect(orderOf('package.json')).toBeNull();
});

test('times and the gzip header are read', () => {
  const marks = archiveMarks(archiveOf(npmTarball({ 'package.json': '{}', 'index.js': '1' })));
  expect(marks.times).toEqual({
    distinct: 1,
    earliest: '1985-10-26T08:15:00.000Z',
    latest: '1985-10-26T08:15:00.000Z',
  });
  expect(marks.header).toMatchObject({ operatingSystem: 255 });
});
