import { expect, it } from 'vitest';
import { plansOf } from '../../support/planning.ts';

/** The build steps of the plan that builds what the package needs of its repository. */
const afterNeeded = async (lockfile: string, lib: Readonly<Record<string, string>>) => {
  const { steps } = await plansOf({
    files: {
      'package.json': { name: 'root', workspaces: ['packages/*'] },
      [lockfile]: lockfile === 'package-lock.json' ? { lockfileVersion: 3 } : '',
      'packages/lib/package.json': { name: 'lib', scripts: lib },
      'packages/pkg/package.json': {
        name: 'pkg',
        scripts: { build: 'tsc', prepare: 'node scripts/list.js' },
        dependencies: { lib: '*' },
      },
    },
    directory: 'packages/pkg',
    unexplained: { 'dist.js': 'code' },
  });
  const after = steps.find((words) => words.some((word) => word.includes('packages/lib:'))) ?? [];
  return after.flatMap((word) => /packages\/(\w+: \w+ run \w+)/.exec(word)?.[1] ?? []);
};

it('what a package needs of its workspace is built before it, each with the prepare that an install runs', async () => {
  expect(await afterNeeded('package-lock.json', { build: 'tsc', prepare: 'node scripts/make.js' })).toEqual([
    'lib: npm run prepare',
    'lib: npm run build',
    'pkg: npm run prepare',
    'pkg: npm run build',
  ]);
});

it('a prepare that builds is not run twice', async () => {
  expect(await afterNeeded('package-lock.json', { build: 'tsc', prepare: 'npm run build' })).toEqual([
    'lib: npm run build',
    'pkg: npm run prepare',
    'pkg: npm run build',
  ]);
});

it('yarn runs none in the members of a workspace', async () => {
  expect(await afterNeeded('yarn.lock', { build: 'tsc', prepare: 'node scripts/make.js' })).toEqual([
    'lib: yarn run build',
    'pkg: yarn run build',
  ]);
});
