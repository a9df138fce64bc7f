import { describe, expect, it } from 'vitest';
import { npmPlans, type ToolClues } from '../../../builders/npm/plan.ts';
import type { PlanRequest } from '../../../src/ecosystem.ts';
import type { EntryRole } from '../../../src/judge/roles.ts';
import { artifactOf, sourceOf } from '../../support/artifacts.ts';
import { npmTarball } from '../../support/tarball.ts';

type Files = Readonly<Record<string, string | object>>;

interface Situation {
  readonly files: Files;
  readonly directory?: string;
  /** Published entries that are no blob of the commit, with what they can do. */
  readonly unexplained?: Readonly<Record<string, EntryRole>>;
}

async function plansOf({ files, directory = '.', unexplained = {} }: Situation) {
  const texts = Object.fromEntries(
    Object.entries(files).map(([name, content]) => [
      name,
      typeof content === 'string' ? content : JSON.stringify(content),
    ]),
  );
  const clues: ToolClues[] = [];
  const artifact = artifactOf(npmTarball({ 'package.json': '{"name":"pkg","version":"1.0.0"}' }));
  const request: PlanRequest = {
    published: {
      subject: { ecosystem: 'npm', name: 'pkg', version: '1.0.0', purl: 'pkg:npm/pkg@1.0.0' },
      artifact,
      publishedAt: null,
      claims: {
        name: 'pkg',
        version: '1.0.0',
        repository: null,
        directory: null,
        commits: [],
        manifest: null as never,
      },
      signals: [],
      document: null,
    },
    source: sourceOf(texts, directory),
    unexplained: Object.keys(unexplained),
    readText: (file) => Promise.resolve(texts[file] ?? null),
    instant: '2024-01-01T00:00:00.000Z',
  };
  const plans = await npmPlans(request, {
    roles: new Map(Object.entries(unexplained)),
    choose: (one) => {
      clues.push(one);
      return { node: '22.0.0', npm: '10.0.0', evidence: [] };
    },
  });
  const steps = plans.map((plan) =>
    plan.steps.map((step) => `${step.phase} ${step.cwd}: ${step.argv.join(' ')}`),
  );
  return { plans, steps, clues };
}

const BUILT = { 'dist/index.js': 'runs-on-import' } as const;

describe('a package whose files are all in the commit', () => {
  it('is only packed, running nothing of its own', async () => {
    const { plans, steps } = await plansOf({
      files: { 'package.json': { name: 'pkg', scripts: { prepare: 'husky' } } },
    });
    expect(steps[0]).toEqual([
      'pack /work/source: npm pack --pack-destination=/work/output --ignore-scripts',
    ]);
    expect(plans[0]?.steps[0]?.env['npm_config_script_shell']).toBe('/usr/bin/true');
    expect(plans[0]?.conclusive).toBe(false);
  });

  it('is only packed, conclusively, when it has no build', async () => {
    const { plans } = await plansOf({ files: { 'package.json': { name: 'pkg' } } });
    expect(plans.map((plan) => [plan.strategy, plan.conclusive])).toEqual([['pack', true]]);
  });

  it('is packed first too when all else that it ships is read by people', async () => {
    const { plans } = await plansOf({
      files: { 'package.json': { name: 'pkg', scripts: { prepublishOnly: 'npm test && tsc' } } },
      unexplained: { '.notes/today.md': 'read-by-people' },
    });
    expect(plans[0]?.strategy).toBe('pack');
  });
});

describe('a package with built files', () => {
  it('is installed, built and packed, the network in the first step only', async () => {
    const { steps, plans } = await plansOf({
      files: {
        'package.json': { name: 'pkg', scripts: { build: 'tsc' }, devDependencies: { typescript: '5' } },
        'package-lock.json': { lockfileVersion: 3, packages: {} },
      },
      unexplained: BUILT,
    });
    expect(steps[0]).toEqual([
      'fetch /work/source: node /opt/forwarder/forward.js npm ci --ignore-scripts',
      'build /work/source: npm run build',
      'pack /work/source: npm pack --pack-destination=/work/output',
    ]);
    expect(plans.every((plan) => plan.conclusive && plan.withGit)).toBe(true);
  });

  it('falls back to resolution when the lockfile cannot be followed, and says so', async () => {
    const { plans } = await plansOf({
      files: {
        'package.json': { name: 'pkg', scripts: { build: 'tsc' }, devDependencies: { typescript: '5' } },
        'package-lock.json': { lockfileVersion: 3 },
      },
      unexplained: BUILT,
    });
    expect(plans.map((plan) => plan.steps[0]?.argv.slice(3).join(' '))).toEqual([
      'ci --ignore-scripts',
      'install --no-package-lock --ignore-scripts',
    ]);
    expect(plans[1]?.evidence.map((one) => one.kind)).toEqual(['resolution']);
  });

  it('is never judged by a bare pack', async () => {
    const { plans } = await plansOf({
      files: { 'package.json': { name: 'pkg', scripts: { build: 'tsc' } } },
      unexplained: BUILT,
    });
    expect(plans.map((plan) => plan.strategy)).toEqual(['install-build-pack']);
  });

  it('runs install scripts of dependencies offline, when the lockfile marks any', async () => {
    const { steps } = await plansOf({
      files: {
        'package.json': { name: 'pkg', scripts: { build: 'tsc' }, devDependencies: { esbuild: '1' } },
        'package-lock.json':
          '{"lockfileVersion": 3, "packages": {"node_modules/esbuild": {"hasInstallScript": true}}}',
      },
      unexplained: BUILT,
    });
    expect(steps[0]?.[1]).toBe('build /work/source: npm rebuild --foreground-scripts');
  });
});

describe('a package of a workspace', () => {
  it('is installed at the root and packed in its folder', async () => {
    const { steps, clues } = await plansOf({
      files: {
        'package.json': { name: 'root', workspaces: ['packages/*'], devDependencies: { typescript: '5' } },
        'package-lock.json': { lockfileVersion: 2 },
        'packages/pkg/package.json': { name: 'pkg', scripts: { build: 'tsc' } },
        '.nvmrc': 'v20.1.0\n',
      },
      directory: 'packages/pkg',
      unexplained: BUILT,
    });
    expect(steps[0]).toEqual([
      'fetch /work/source: node /opt/forwarder/forward.js npm ci --ignore-scripts',
      'build /work/source: npm rebuild --foreground-scripts',
      'build /work/source/packages/pkg: npm run build',
      'pack /work/source/packages/pkg: npm pack --pack-destination=/work/output',
    ]);
    expect(clues[0]).toMatchObject({ lockfileVersion: 2, nodeVersionFile: 'v20.1.0' });
  });

  it('is built from the root when only the root has a build', async () => {
    const { steps } = await plansOf({
      files: {
        'package.json': { name: 'root', workspaces: ['packages/*'], scripts: { build: 'tsc -b' } },
        'packages/pkg/package.json': { name: 'pkg' },
      },
      directory: 'packages/pkg',
      unexplained: BUILT,
    });
    expect(steps[0]).toContain('build /work/source: npm run build');
  });
});

it('a manifest that is no JSON has no plan', async () => {
  expect((await plansOf({ files: { 'package.json': '{' } })).plans).toEqual([]);
});
