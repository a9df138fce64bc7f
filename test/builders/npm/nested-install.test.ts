import { describe, expect, it } from 'vitest';
import { revisedPlans } from '../../../builders/npm/revise.ts';
import type { Went } from '../../../src/ecosystem.ts';
import type { RebuildPlan, Step } from '../../../src/model/plan.ts';
import { sourceOf } from '../../support/artifacts.ts';
import { difference, FACTS, failed, MANIFEST, PLAN, REQUEST } from '../../support/revising.ts';

describe('a script that goes to another folder', () => {
  const fetchesWith = async (options: {
    readonly script: string;
    readonly went?: Went;
    readonly root?: Record<string, unknown>;
    readonly files?: Record<string, string>;
    readonly toolchain?: RebuildPlan['toolchain'];
  }) => {
    const {
      script,
      root = {},
      toolchain = PLAN.toolchain,
      went = failed('build-failed', 'npm ERR! network'),
    } = options;
    const files: Record<string, string> = {
      'package.json': JSON.stringify({ ...MANIFEST, scripts: { build: script }, ...root }),
      'browser/package.json': '{"devDependencies":{"webpack":"5"}}',
      ...options.files,
    };
    const readText = (file: string) => Promise.resolve(files[file] ?? null);
    const request = { ...REQUEST, source: sourceOf(files), readText };
    const { next } = await revisedPlans({ request, plan: { ...PLAN, toolchain }, went, ...FACTS });
    const inFolder = ({ cwd, phase }: Step) => phase === 'fetch' && cwd === '/work/source/browser';
    return next.flatMap(({ steps }) => steps.filter(inFolder).map(({ argv }) => argv.join(' ')));
  };
  const INSTALLED = [expect.stringMatching(/npm install --no-package-lock --no-save --ignore-scripts$/)];
  const differed: Went = { kind: 'differed', differences: [difference('content', 'dist/index.js')] };

  it.each([
    'cd browser && npm install && npm run build',
    'cd ./browser; yarn',
    'yarn --cwd browser install',
    'npm --prefix=browser ci',
  ])('and installs there, `%s`, finds that done before the network is gone', async (script) => {
    expect(await fetchesWith({ script })).toEqual(INSTALLED);
  });
  it.each(['cd ./browser && npm run build', 'cd "browser" && yarn build', 'pnpm -C browser run build'])(
    'and runs what needs dependencies, `%s`, finds them, when the build fails and when it differs',
    async (script) => {
      expect(await fetchesWith({ script })).toEqual(INSTALLED);
      expect(await fetchesWith({ script, went: differed })).toEqual(INSTALLED);
    },
  );
  it('finds them as its own lockfile has them, as far as that fits', async () => {
    const files = { 'browser/package-lock.json': '{"lockfileVersion":3}' };
    const script = 'cd browser && npm run build';
    expect(await fetchesWith({ script, files })).toEqual([
      expect.stringMatching(/npm install --no-save --ignore-scripts$/),
    ]);
  });
  it('finds them with the Yarn of its own lockfile, where the plan has one', async () => {
    const files = { 'browser/yarn.lock': '__metadata:\n  version: 8\n' };
    const script = 'cd browser && yarn build';
    expect(await fetchesWith({ script, files })).toEqual([]);
    const toolchain = { ...PLAN.toolchain, yarn: '4.6.0' };
    expect(await fetchesWith({ script, files, toolchain })).toEqual([
      expect.stringMatching(/yarn install --no-immutable --mode=skip-build$/),
    ]);
  });

  it('finds nothing that the build does not need', async () => {
    const root = { scripts: { build: 'tsc', docs: 'cd browser && npm run build' } };
    expect(await fetchesWith({ script: 'tsc', went: differed, root })).toEqual([]);
    const called = { scripts: { build: 'npm run other', other: 'cd browser && npm run build' } };
    expect(await fetchesWith({ script: 'tsc', went: differed, root: called })).toEqual(INSTALLED);
  });
  it.each([
    ['that installs for it too', { root: { workspaces: ['*'] } }],
    ['and needs nothing', { files: { 'browser/package.json': '{}' } }],
  ])('is not served twice by a repository %s', async (_what, options) => {
    const script = 'cd browser && npm run build';
    expect(await fetchesWith({ script, went: differed, ...options })).toEqual([]);
  });
});
