import { expect, it } from 'vitest';
import { cloneName } from '../../../builders/npm/folder-name.ts';

it.each([
  ['https://git.example/owner/lib', 'lib'],
  ['https://git.example/owner/lib.js.git', 'lib.js'],
  ['https://git.example/owner/lib/', 'lib'],
  ['https://git.example/owner/source', null],
  ['https://git.example/owner/..', null],
  ['https://git.example/owner/a b', 'b'],
])('a clone of %s is called %s', (repository, name) => {
  expect(cloneName(repository)).toBe(name);
});
