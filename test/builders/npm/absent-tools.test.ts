import { describe, expect, it } from 'vitest';
import { revisedPlans } from '../../../builders/npm/revise.ts';
import { commands, failed, FACTS, MANIFEST, PLAN, REQUEST, revise, TOOLS } from '../../support/revising.ts';

const UNREACHED = 'FetchError: request to http://127.0.0.1:4873/rollup failed, reason: connect ECONNREFUSED';

const BUN_ABSENT = '/opt/shims/bun: line 2: /opt/bun/bin/bun: No such file or directory';

const planned = async (
  scripts: Readonly<Record<string, string>>,
  went = failed('build-failed', UNREACHED),
  plan = PLAN,
) => {
  const text = JSON.stringify({ ...MANIFEST, scripts });
  const request = { ...REQUEST, readText: () => Promise.resolve(text) };
  const { next } = await revisedPlans({ request, plan, went, ...FACTS });
  return next.filter(({ steps }) => steps.some(({ name }) => name === 'fetch tools that are no dependency'));
};

describe('tools that scripts start by npx', () => {
  it('are fetched where no manifest names them, and found in the build', async () => {
    const [plan, ...others] = await planned({
      build: 'npx rollup -c && npx -y @s/tool',
      test: 'npx typescript',
    });
    expect(others).toEqual([]);
    expect(commands(plan)[1]).toMatch(
      / npm install --prefix \/work\/tools --no-save --ignore-scripts rollup @s\/tool$/,
    );
    expect(plan?.steps.map(({ phase }) => phase)).toEqual(['fetch', 'fetch', 'build', 'build', 'pack']);
    expect(plan?.conclusive).toBe(false);
    const again = await planned({ build: 'npx rollup' }, failed('build-failed', UNREACHED), plan);
    const times = again.map(
      ({ steps }) => steps.filter(({ name }) => name === 'fetch tools that are no dependency').length,
    );
    expect(new Set(times)).toEqual(new Set([1]));
  });

  it.each([
    ['none is started so', { build: 'rollup -c' }, failed('build-failed', UNREACHED)],
    [
      'a version is asked for, which npx fetches itself',
      { build: 'npx rollup@2' },
      failed('build-failed', UNREACHED),
    ],
    ['an option is not known', { build: 'npx --no-install rollup' }, failed('build-failed', UNREACHED)],
    ['the registry was not asked', { build: 'npx rollup' }, failed('build-failed', 'rollup: no such file')],
    ['the fetch failed', { build: 'npx rollup' }, failed('fetch-failed', UNREACHED)],
  ])('are not where %s', async (_what, scripts, went) => {
    expect(await planned(scripts, went)).toEqual([]);
  });
});

describe('tools that scripts start as if they were installed', () => {
  it.each([
    ['sh: 1: tsc: not found', 'typescript'],
    ['/bin/sh: browserify: command not found', 'browserify'],
    ['Error: spawn coffee ENOENT', 'coffeescript'],
  ])('%s: %s is fetched', async (log, name) => {
    const [plan] = await planned({ build: 'make' }, failed('build-failed', log));
    expect(commands(plan)[1]).toMatch(new RegExp(`--ignore-scripts ${name}$`));
  });

  it('are not where the name is that of no tool that people install so', async () => {
    const log = 'sh: 1: internal-tool: not found';
    expect(await planned({ build: 'internal-tool' }, failed('build-failed', log))).toEqual([]);
  });
});

it('the yarn that is not among the files of the repository gives way to that of the toolchain', async () => {
  const log = "Error: Cannot find module '/work/source/.yarn/releases/yarn-1.22.5.cjs'";
  const { next } = await revise(failed('fetch-failed', log));
  expect(next[0]?.steps.map(({ env }) => env['YARN_IGNORE_PATH'])).toEqual(['1', '1', '1']);
  expect((await revise(failed('fetch-failed', log), next[0])).next).toEqual([]);
  const other = log.replace('.yarn/releases/yarn-1.22.5.cjs', 'node_modules/yarn.cjs');
  expect((await revise(failed('fetch-failed', other))).next).toEqual([]);
});

describe('a package manager that the build turns out to call', () => {
  it('is put there', async () => {
    const { next } = await revise(failed('build-failed', BUN_ABSENT));
    expect(next[0]?.toolchain).toEqual({ ...TOOLS, bun: '1.2.3' });
  });

  it.each([
    [
      'the one that its lockfile has',
      { lockfileVersion: 3, packages: { 'node_modules/bun': { version: '1.1.30' } } },
      '1.1.30',
    ],
    ['the lowest of its range where there is no lockfile', null, '1.1.27'],
    ['the lowest of its range where that cannot be read', { lockfileVersion: 99 }, '1.1.27'],
  ])('is that of the repository, if it depends on one: %s', async (_what, lock, version) => {
    const files: Readonly<Record<string, string | null>> = {
      'package.json': JSON.stringify({ ...MANIFEST, devDependencies: { bun: '^1.1.27' } }),
      'package-lock.json': lock === null ? null : JSON.stringify(lock),
    };
    const { next } = await revisedPlans({
      request: { ...REQUEST, readText: (file) => Promise.resolve(files[file] ?? null) },
      plan: PLAN,
      went: failed('build-failed', BUN_ABSENT),
      ...FACTS,
      versionOfTime: (_role, range) => Promise.resolve(range ?? 'newest'),
    });
    expect(next[0]?.toolchain['bun']).toBe(version);
  });
});
