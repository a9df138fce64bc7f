import { expect, it } from 'vitest';
import { rootAt } from '../../../builders/npm/install-root.ts';
import { sourceOf } from '../../support/artifacts.ts';

const ALL = {
  'package-lock.json': '{"lockfileVersion":3}',
  'pnpm-lock.yaml': "lockfileVersion: '9.0'\n",
  'yarn.lock': '# yarn lockfile v1\n',
};

const managerOf = async (manifest: object, more: Readonly<Record<string, string>> = {}) => {
  const files: Record<string, string> = { ...ALL, ...more, 'package.json': JSON.stringify(manifest) };
  const { tree } = sourceOf(files);
  const readText = (file: string) => Promise.resolve(files[file] ?? null);
  return (await rootAt({ directory: '.', tree, readText }))?.manager;
};

it.each([
  ['no word of any', {}, {}, 'npm'],
  ['packageManager', { packageManager: 'yarn@1.22.22', engines: { pnpm: '9' } }, {}, 'yarn'],
  ['engines', { engines: { pnpm: '9' }, scripts: { build: 'yarn compile' } }, {}, 'pnpm'],
  ['a workspace of pnpm', { scripts: { build: 'yarn compile' } }, { 'pnpm-workspace.yaml': '' }, 'pnpm'],
  ['its scripts', { scripts: { prepublishOnly: 'yarn compile' } }, {}, 'yarn'],
  ['no manager that its engines forbid', { engines: { yarn: 'use npm' } }, {}, 'npm'],
  ['a manager whose lockfile it lacks', { engines: { bun: '1' } }, {}, 'npm'],
])('of several lockfiles that counts which goes with %s', async (_what, manifest, more, manager) => {
  expect(await managerOf(manifest, more)).toBe(manager);
});
