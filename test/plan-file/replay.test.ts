import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ResultDocument } from '../../src/report/document.ts';
import type { PlansDocument } from '../../src/report/plans-document.ts';
import { given, plansOf, withSteps } from '../support/plans.ts';
import { ENGINE, TestWorld } from '../support/world.ts';

const engine = ENGINE;
const FILES = { 'index.js': 'module.exports = 1;\n' };
const BUILT = {
  files: ['dist'],
  scripts: { build: "node -e \"require('fs').cpSync('src', 'dist', { recursive: true })\"" },
};

let world: TestWorld;
beforeAll(async () => {
  world = await TestWorld.open();
  await world.publishPacked('plain', world.source('plain', FILES));
  world.source('built', { 'src/index.js': '1\n' }, BUILT);
  world.publish('built', { 'dist/index.js': '1\n' }, BUILT);
  world.source('added', FILES);
  world.publish('added', { ...FILES, 'extra.js': 'steal();\n' });
  const failing = { files: ['dist'], scripts: { build: 'node -e "process.exit(7)"' } };
  world.source('failing', {}, failing);
  world.publish('failing', { 'dist/index.js': '1\n' }, failing);
});
afterAll(() => world.close());

const kinds = (document: ResultDocument) => document.signals.map((one) => [one.kind, one.severity]);

function judgement({ verdict, level, severity, reason, rebuilt, findings, source }: ResultDocument) {
  const place = source === null ? null : [source.repository, source.commit, source.ref, source.directory];
  return { verdict, level, severity, reason: reason?.code, rebuilt, findings, place };
}

describe('a plan that was printed and is given back unchanged', () => {
  it.each(['plain', 'built', 'added', 'failing'])('gives the same for %s', async (name) => {
    const alone = await world.verify(name, { engine });
    const stated = given(await plansOf(world, name));
    const replayed = await world.verify(name, { engine, stated });
    expect(judgement(replayed)).toEqual(judgement(alone));
    expect(replayed.attempts.map((one) => one.strategy)).toEqual(alone.attempts.map((one) => one.strategy));
    expect(kinds(replayed)).toEqual([['plan-overridden', 'info'], ...kinds(alone)]);
    expect(replayed.plan).toEqual({
      ...alone.plan,
      evidence: [{ kind: 'user', detail: 'given with --plan' }, ...(alone.plan?.evidence ?? [])],
    });
  });

  it('and so does a result, with its one plan', async () => {
    const alone = await world.verify('built', { engine });
    const replayed = await world.verify('built', { engine, stated: given(alone) });
    expect(judgement(replayed)).toEqual(judgement(alone));
    // What was given once may be given again.
    const again = await world.verify('built', { engine, stated: given(replayed) });
    expect(judgement(again)).toEqual(judgement(alone));
    expect(kinds(again)).toEqual([['plan-overridden', 'info']]);
  });

  it('also when the source was named with --source, on no branch and no tag', async () => {
    const repository = world.source('hidden', FILES);
    const commit = repository.commit({ 'index.js': 'module.exports = 2;\n' });
    repository.git('update-ref', 'refs/pull/1/head', commit);
    repository.git('reset', '-q', '--hard', 'HEAD~1');
    world.publish('hidden', { 'index.js': 'module.exports = 2;\n' });
    const url = 'https://git.example/owner/hidden';
    const stated = given(await plansOf(world, 'hidden', '--source', `${url}#${commit}`));
    const document = await world.verify('hidden', { engine, stated });
    expect(document).toMatchObject({ verdict: 'reproduced', source: { commit, ref: null } });
    expect(kinds(document)).toContainEqual(['plan-overridden', 'medium']);
    expect(kinds(document)).toContainEqual(['commit-on-no-branch', 'high']);
    expect(kinds(document)).toContainEqual(['source-evidence-disagrees', 'low']);
  });
});

describe('a plan that was edited', () => {
  it('is run as it is, and the result names what differs', async () => {
    const printed = await plansOf(world, 'failing');
    const copy = ['node', '-e', "fs.mkdirSync('dist'); fs.writeFileSync('dist/index.js', '1\\n')"] as const;
    const [build, pack] = printed.plans[0]?.steps.slice(-2) ?? [];
    const stated = given(withSteps(printed, [{ ...build, argv: [...copy] }, { ...pack }]));
    const document = await world.verify('failing', { engine, stated });
    expect(document.verdict).toBe('reproduced');
    const [signal] = document.signals;
    expect(signal).toMatchObject({ kind: 'plan-overridden', severity: 'medium' });
    expect(signal?.message).toContain('it differs in: steps');
  });

  it('can leave plans out and change their order', async () => {
    const printed = await plansOf(world, 'plain');
    const [plan] = printed.plans;
    if (plan === undefined) throw new Error('no plan');
    const stated = given({
      ...printed,
      plans: [{ ...plan, toolchain: { node: '20.0.0', npm: '9.6.7' } }, plan],
    });
    const document = await world.verify('plain', { engine, stated });
    expect(document.plan?.toolchain).toEqual({ node: '20.0.0', npm: '9.6.7' });
    expect(document.verdict).toBe('reproduced');
  });
});

describe('a source that a file states is looked at like any other', () => {
  const at = (document: PlansDocument, more: object, commit?: string) => {
    const [source] = document.sources;
    const plans = document.plans.map((plan) => ({ ...plan, commit: commit ?? plan.commit }));
    return given({ ...document, plans, sources: [{ ...source, ...more }] });
  };

  it('a commit that the repository does not have', async () => {
    const commit = 'd'.repeat(40);
    const stated = at(await plansOf(world, 'plain'), { commit }, commit);
    const document = await world.verify('plain', { engine, stated });
    expect([document.verdict, document.reason?.code]).toEqual(['unverifiable', 'source-not-found']);
  });

  it('a directory without a manifest of the package', async () => {
    const repository = world.source('nested', { ...FILES, 'other/package.json': { name: 'other' } });
    await world.publishPacked('nested', repository);
    for (const directory of ['other', 'nowhere', 'index.js']) {
      const stated = at(await plansOf(world, 'nested'), { directory });
      const document = await world.verify('nested', { engine, stated });
      expect([document.verdict, document.reason?.code]).toEqual(['unverifiable', 'source-mismatch']);
    }
  });

  it('a tag that leads elsewhere is not kept', async () => {
    const stated = at(await plansOf(world, 'plain'), { ref: 'refs/tags/v9.9.9' });
    const document = await world.verify('plain', { engine, stated });
    expect(document.source?.ref).toBeNull();
    expect(document.source?.evidence.map((one) => one.detail)).toContain(
      'named with --plan; its refs/tags/v9.9.9 does not lead there',
    );
  });

  it('another repository than the package names is told', async () => {
    world.source('fork-of-plain', FILES, { name: 'plain' });
    const repository = 'https://git.example/evil/fork-of-plain';
    const commit = world.repository('fork-of-plain').git('rev-parse', 'HEAD');
    const stated = at(await plansOf(world, 'plain'), { repository, commit }, commit);
    const document = await world.verify('plain', { engine, stated });
    expect(kinds(document)).toContainEqual(['source-overridden', 'medium']);
    expect(document.signals.map((one) => one.message).join()).toContain('https://git.example/owner/plain');
  });
});
