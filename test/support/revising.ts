/** A package, a plan for it, and ways of saying how an attempt went. */
import { packStep } from '../../builders/npm/packers.ts';
import { parseManifest } from '../../builders/npm/manifest.ts';
import { revisedPlans } from '../../builders/npm/revise.ts';
import type { Reading } from '../../builders/npm/revision.ts';
import { installStep, scriptStep } from '../../builders/npm/steps.ts';
import type { PlanRequest, Went } from '../../src/ecosystem.ts';
import type { Difference, DifferenceKind } from '../../src/model/comparison.ts';
import type { RebuildPlan } from '../../src/model/plan.ts';
import { publishedOf, sourceOf } from './artifacts.ts';
import { npmTarball } from './tarball.ts';

export const MANIFEST = {
  name: 'pkg',
  version: '1.0.1',
  scripts: { build: 'lint && tsc', 'build:types': 'tsc -p types', 'test:types': 'tsd' },
  devDependencies: { typescript: '5', fork: 'github:owner/fork' },
};

export const REQUEST: PlanRequest = {
  published: publishedOf(
    npmTarball({ 'package.json': JSON.stringify(MANIFEST), 'index.js': '', 'a.js': '' }),
    '1.0.1',
  ),
  source: sourceOf({ 'package.json': JSON.stringify(MANIFEST) }),
  unexplained: [],
  readText: (file) => Promise.resolve(file === 'package.json' ? JSON.stringify(MANIFEST) : null),
  tagsBefore: () => Promise.resolve([]),
  historyOf: () => Promise.resolve([]),
  instant: '2024-01-01T00:00:00.000Z',
};

const MANIFEST_READ = parseManifest(JSON.stringify(MANIFEST));
if (MANIFEST_READ === null) throw new Error('the manifest of the test cannot be read');
export const ROOT = {
  directory: '.',
  manifest: MANIFEST_READ,
  manager: 'npm',
  lockfile: { path: 'package-lock.json', version: '3' },
  ownYarn: null,
  hasWorkspaces: false,
} as const;
export const TOOLS = { node: '20.20.2', npm: '10.9.9' };
export const PLAN: RebuildPlan = {
  strategy: 'install-build-pack',
  toolchain: TOOLS,
  evidence: [],
  registryTime: REQUEST.instant,
  clock: REQUEST.instant,
  steps: [
    installStep({ root: ROOT, lock: 'frozen', version: TOOLS.npm }),
    scriptStep({ run: { script: 'build', args: [] }, directory: '.', manager: 'npm' }),
    packStep('npm', { directory: '.', versions: TOOLS, scripts: true }),
  ],
  withGit: true,
  conclusive: true,
  fallback: false,
  output: '/work/output',
};

/** Dependencies in git repositories that are not to be had. */
const NO_REPOSITORIES: Reading['repositories'] = {
  placeOf: () => Promise.resolve(null),
  readText: () => Promise.resolve(null),
};
export const FACTS = {
  repositories: NO_REPOSITORIES,
  versionOfTime: () => Promise.resolve('1.2.3'),
  hidesVersions: false,
};
export const revise = (went: Went, plan = PLAN) => revisedPlans({ request: REQUEST, plan, went, ...FACTS });
export const failed = (code: 'fetch-failed' | 'build-failed', log: string): Went => ({
  kind: 'failed',
  code,
  log,
  phase: null,
});
export const commands = (plan: RebuildPlan | undefined) =>
  plan?.steps.map(({ argv }) => argv.join(' ')) ?? [];

/** One difference of two files. */
export function difference(
  kind: DifferenceKind,
  path: string,
  texts: readonly [string, string] = ['', ''],
  modes: readonly [number, number] = [0o644, 0o644],
): Difference {
  const [published, rebuilt] = texts.map((text, side) => ({
    type: 'file',
    mode: modes[side] ?? 0,
    size: text.length,
    sha256: '',
    content: Buffer.from(text),
  }));
  return {
    kind,
    path,
    published: published ?? null,
    rebuilt: kind === 'added' ? null : (rebuilt ?? null),
    inCommit: false,
  };
}

export const WITH_CONTENT: Went = {
  kind: 'differed',
  differences: [difference('content', 'index.js', ['1', '2'])],
};
