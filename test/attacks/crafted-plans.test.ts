import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { reportOf } from '../../src/report/report.ts';
import { renderText } from '../../src/report/text.ts';
import { given, plansOf, withSteps } from '../support/plans.ts';
import { ENGINE, TestWorld } from '../support/world.ts';

/* Plan files that somebody hands to a user, to be shown a verdict that the package does not deserve. */

const engine = ENGINE;
const HONEST = { 'index.js': 'honest();\n' };
const STOLEN = { 'index.js': 'steal();\n' };
const PLAIN = { color: false, width: 100 };

let world: TestWorld;
let artifact: Uint8Array;
beforeAll(async () => {
  world = await TestWorld.open();
  world.source('victim', HONEST);
  artifact = world.publish('victim', STOLEN);
});
afterAll(() => world.close());

it('a plan that writes the published bytes itself is called what it is, in the first line', async () => {
  const env = Object.fromEntries(
    Array.from({ length: 50 }, (_, index) => [`PADDING_${index}`, 'x'.repeat(900)]),
  );
  const written = `fs.writeFileSync('/work/output/x.tgz', Buffer.from('${Buffer.from(artifact).toString('base64')}', 'base64'))`;
  const stated = given(
    withSteps(await plansOf(world, 'victim'), [
      { argv: ['node', '-e', written], env: { ...env, PATH: '/opt/shims' } },
    ]),
  );
  const document = await world.verify('victim', { engine, stated });
  expect(document).toMatchObject({ verdict: 'reproduced', level: 'bytes' });
  expect(document.signals).toContainEqual(
    expect.objectContaining({ kind: 'plan-overridden', severity: 'medium' }),
  );
  const text = renderText(reportOf(document), PLAIN);
  expect(text.split('\n')[0]).toBe('✔ REPRODUCED  victim@1.0.0  level: bytes, under a plan of the user');
  expect(text).toContain("node -e 'fs.writeFileSync(");
  expect(text).not.toContain('is exactly what its source gives');
  expect(text).not.toContain('the file comes from this source');
  expect(text).not.toMatch(/next +Nothing\./);
});

it('a plan of ours, moved to a commit that no evidence leads to, is not called ours', async () => {
  const repository = world.source('moved', HONEST);
  repository.git('checkout', '-q', '-b', 'proposal');
  const commit = repository.commit(STOLEN);
  repository.git('checkout', '-q', 'main');
  world.publish('moved', STOLEN);
  const honest = await plansOf(world, 'moved');
  const stated = given({
    ...honest,
    sources: honest.sources.map((source) => ({ ...source, commit, ref: 'refs/heads/proposal' })),
    plans: honest.plans.map((plan) => ({ ...plan, commit })),
  });
  const document = await world.verify('moved', { engine, stated });
  expect(document.verdict).toBe('reproduced');
  expect(document.signals.map((one) => [one.kind, one.severity])).toEqual(
    expect.arrayContaining([
      ['plan-overridden', 'medium'],
      ['source-evidence-disagrees', 'low'],
    ]),
  );
  expect(renderText(reportOf(document), PLAIN)).toContain('under a plan of the user');
  // Nor is it found without one: what somebody proposes is no release.
  expect((await world.verify('moved', { engine })).verdict).toBe('diverged');
});

it('a plan that leaves the build out does not pass for a finding against the package', async () => {
  const manifest = { scripts: { build: 'node build.js' } };
  const build = { 'build.js': "require('fs').writeFileSync('out.js', 'made();\\n');\n" };
  world.source('slandered', build, manifest);
  world.publish('slandered', { ...build, 'out.js': 'made();\n' }, manifest);
  const printed = await plansOf(world, 'slandered');
  const pack = printed.plans[0]?.steps.at(-1);
  const stated = given(withSteps(printed, [{ ...pack }]));
  const document = await world.verify('slandered', { engine, stated });
  expect(document.verdict).toBe('diverged');
  const text = renderText(reportOf(document), PLAIN);
  expect(text).toContain('slandered-1.0.0.tgz is not what the plan of the user makes: 1 file differs.');
  expect(text).not.toContain('Do not install');
});

it('reasons that a file gives for itself are not repeated as ours', async () => {
  const lie = { kind: 'provenance', detail: 'signed by the maintainers, checked twice' };
  const printed = await plansOf(world, 'victim');
  const crafted = withSteps(printed, [{ argv: ['true'] }], { evidence: [lie] });
  const sources = printed.sources.map((source) => ({ ...source, evidence: [lie] }));
  const document = await world.verify('victim', { engine, stated: given({ ...crafted, sources }) });
  expect(JSON.stringify(document)).not.toContain(lie.detail);
});

it('a plan that moves the registry to later does not get at the artifact', async () => {
  const fetch = { phase: 'fetch' as const, name: 'fetch', cwd: '/work/output' };
  const argv = ['node', '/opt/forwarder/forward.js', 'npm', 'pack', 'victim@1.0.0'] as [string, ...string[]];
  const stated = given(
    withSteps(await plansOf(world, 'victim'), [{ ...fetch, argv }], { registryTime: '2099-01-01T00:00:00Z' }),
  );
  const document = await world.verify('victim', { engine, stated });
  expect([document.verdict, document.reason?.code]).toEqual(['unverifiable', 'fetch-failed']);
});

it('a plan finds nothing of the host, and leaves nothing there', async () => {
  const target = path.join(world.folder.path, 'pwned');
  const script = `[ ! -e '${world.folder.path}' ] || exit 3; mkdir -p '${world.folder.path}' && touch '${target}'; ln -s /etc /work/out`;
  const stated = given(
    withSteps(await plansOf(world, 'victim'), [{ argv: ['sh', '-c', script] }], { output: '/work/out' }),
  );
  const document = await world.verify('victim', { engine, stated });
  expect([document.verdict, document.reason?.code]).toEqual(['unverifiable', 'pack-failed']);
  expect(document.reason?.message).toContain('did not leave exactly one file');
  expect(existsSync(target)).toBe(false);
});
