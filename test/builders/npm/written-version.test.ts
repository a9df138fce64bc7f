import { describe, expect, it } from 'vitest';
import { fromMadeFolder, packStep } from '../../../builders/npm/packers.ts';
import { revisedPlans } from '../../../builders/npm/revise.ts';
import type { RebuildPlan, Step } from '../../../src/model/plan.ts';
import { versionStep } from '../../../builders/npm/steps.ts';
import { sourceOf } from '../../support/artifacts.ts';
import {
  commands,
  difference,
  FACTS,
  MANIFEST,
  PLAN,
  REQUEST,
  revise,
  TOOLS,
} from '../../support/revising.ts';

describe('after a difference', () => {
  it('files of a version before are built at that version, which is raised afterwards', async () => {
    const texts = ['const v = "1.0.0";', 'const v = "1.0.1";'] as const;
    const { next } = await revise({
      kind: 'differed',
      differences: [difference('content', 'index.js', texts)],
    });
    const [, first = '', , last = ''] = commands(next[0]);
    expect(first).toContain('npm version 1.0.0 ');
    expect(last).toContain('npm version 1.0.1 ');
  });

  it('and the build knows of the new one what a workflow computes of it', async () => {
    const path = '.github/workflows/release.yml';
    const workflow =
      'export NEXT_VERSION=$(npx release)\nenv:\n  NODE_VERSION: ${{ matrix.node }}\n  VERSION: 1\n';
    const request = {
      ...REQUEST,
      source: sourceOf({ 'package.json': JSON.stringify(MANIFEST), [path]: workflow }),
      readText: (file: string) => (file === path ? Promise.resolve(workflow) : REQUEST.readText(file)),
    };
    const differences = [difference('content', 'index.js', ['1.0.0', '1.0.1'])];
    const went = { kind: 'differed', differences } as const;
    const { next } = await revisedPlans({
      request,
      plan: PLAN,
      went,
      ...FACTS,
    });
    const build = next[0]?.steps.find(({ argv }) => argv.join(' ') === 'npm run build');
    expect(build?.env).toMatchObject({ NEXT_VERSION: '1.0.1' });
    expect(Object.keys(build?.env ?? {}).filter((name) => /^(?:NODE_)?VERSION$/.test(name))).toEqual([]);
  });

  describe('published files that name the version', () => {
    const evidence = [{ kind: 'version-set', detail: '' }];
    const [install, ...rest] = PLAN.steps;
    const PUBLISHED = difference('content', 'any', ['v = "1.0.1"', '']).published;
    const at = async (path: string, plan: RebuildPlan = { ...PLAN, evidence }) => {
      const differences = [{ ...difference('added', path), published: PUBLISHED }];
      const { next } = await revise({ kind: 'differed', differences }, plan);
      return next.map((one) => one.steps.slice(1).map(({ name }) => name));
    };
    const names = rest.map(({ name }) => name);

    it('are built after it is set, where the plan sets it', async () => {
      expect(install?.phase).toBe('fetch');
      expect(await at('chunk-ABC.js')).toContainEqual(['set the version', ...names]);
      expect(await at('chunk-ABC.js', PLAN)).not.toContainEqual(['set the version', ...names]);
    });

    it('but not once more where nothing is built before it is set', async () => {
      const set = versionStep({ directory: '.', version: '1.0.1', npm: TOOLS.npm });
      const plan = { ...PLAN, evidence, steps: [...PLAN.steps.slice(0, 1), set, ...PLAN.steps.slice(-1)] };
      expect(await at('chunk-ABC.js', plan)).not.toContainEqual([set.name, set.name, 'pack']);
    });

    it('and the manifest is no such file', async () => {
      expect(await at('package.json')).not.toContainEqual(['set the version', ...names]);
    });
  });

  describe('built files that name what stands in for the version at the commit', () => {
    const text = JSON.stringify({ ...MANIFEST, version: '0.0.0-development' });
    const request = { ...REQUEST, readText: () => Promise.resolve(text) };
    const changed = async (texts: readonly [string, string], pack: Step) => {
      const differences = [
        difference('content', 'index.js', ['v = "1.0.1"', 'v = "0.0.0-development"']),
        difference('content', 'a.js', texts),
      ];
      const plan = { ...PLAN, steps: [...PLAN.steps.slice(0, -1), pack] };
      const went = { kind: 'differed', differences } as const;
      const { next } = await revisedPlans({ request, plan, went, ...FACTS });
      return next.map((one) => commands(one).at(-1));
    };
    const pack: Step = packStep('npm', { directory: '.', versions: TOOLS, scripts: true });
    const written = 'node /opt/inside/version-in-files.cjs 0.0.0-development 1.0.1 index.js a.js -- npm pack';

    it('have the version written over it, in the folder that is packed', async () => {
      expect(await changed(['1.0.1', '0.0.0-development'], pack)).toEqual([
        expect.stringMatching(`^${written} `),
      ]);
      const made = fromMadeFolder(pack, { ...request, paths: ['index.js'] });
      expect(await changed(['1.0.1', '0.0.0-development'], made)).toEqual([
        expect.stringMatching(`^node /opt/inside/pack-folder.cjs /work/source pkg index.js -- ${written} `),
      ]);
    });

    it('but not where anything else differs', async () => {
      expect(await changed(['1.0.1 and more', '0.0.0-development'], pack)).toEqual([]);
    });

    it('nor where the version is none: it could be code', async () => {
      const version = '1.0.1"; steal(); "';
      const { published } = request;
      const other = { ...request, published: { ...published, subject: { ...published.subject, version } } };
      const differences = [
        difference('content', 'index.js', [`v = "${version}"`, 'v = "0.0.0-development"']),
      ];
      const went = { kind: 'differed', differences } as const;
      expect(await revisedPlans({ request: other, plan: PLAN, went, ...FACTS })).toMatchObject({ next: [] });
    });

    it('nor where it could mean something else: an address would be what the publisher makes of it', async () => {
      const differences = [difference('content', 'index.js', ['listen("1.0.1.0")', 'listen("0.0.0.0")'])];
      const open = { ...REQUEST, readText: () => Promise.resolve(text.replace('-development', '')) };
      const went = { kind: 'differed', differences } as const;
      expect(await revisedPlans({ request: open, plan: PLAN, went, ...FACTS })).toMatchObject({ next: [] });
    });
  });
});
