import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { provenanceStatement } from '../../src/attest/provenance.ts';
import type { ProvenancePredicate } from '../../src/attest/provenance-predicate.ts';
import type { Statement } from '../../src/attest/statement.ts';
import { summaryStatement } from '../../src/attest/summary.ts';
import { verificationStatement } from '../../src/attest/verification.ts';
import { exitCodeOfReplay, ReplayDocument, replayJsonSchema } from '../../src/replay/document.ts';
import { openAttestation } from '../../src/check-attestation.ts';
import type { Step } from '../../src/model/plan.ts';
import { LoopbackRegistry } from '../../src/demo/loopback-registry.ts';
import { replay } from '../../src/replay/replay.ts';
import type { ResultDocument } from '../../src/report/document.ts';
import type { EngineName } from '../../src/sandbox/engine.ts';
import { type Keys, newKeys, OCCASION, signedBy, SOON } from '../support/attestations.ts';
import { reprove } from '../support/cli.ts';
import { npmTarball } from '../support/tarball.ts';
import { ENGINE, manifestOf, PUBLISHED_AT, SMALL_LIMITS, TestWorld } from '../support/world.ts';

// The last one starts its sandboxes in the least time.
const engine = ENGINE;
const keys = newKeys();
const ONE = 'one\n';
const EARLY = '2024-01-01T00:00:00.000Z';

let world: TestWorld;
let results: Readonly<Record<'plain' | 'changed' | 'built', ResultDocument>>;

/** Bundles what it depends on, so that other bytes of that are other bytes of this. */
const BUILT = {
  files: ['dist'],
  scripts: { build: "node -e \"fs.cpSync(require.resolve('tool'), 'dist/tool.js')\"" },
  devDependencies: { tool: '^1.0.0' },
};
let artifact: Uint8Array;

/** The registry at a later time, of which nothing is known yet: the package as it was, and these versions of its tool. */
async function laterRegistry(versions: readonly ToolVersion[]): Promise<LoopbackRegistry> {
  const registry = await LoopbackRegistry.start();
  registry.publish({ manifest: manifestOf('built', BUILT), bytes: artifact, time: PUBLISHED_AT });
  for (const one of versions) publishTool(registry, one);
  return registry;
}

interface ToolVersion {
  readonly version: string;
  readonly text: string;
  readonly time: string;
}

function publishTool(registry: LoopbackRegistry, { version, text, time }: ToolVersion): void {
  const manifest = { name: 'tool', version };
  const bytes = npmTarball({ 'index.js': text, 'package.json': JSON.stringify(manifest) });
  registry.publish({ manifest, bytes, time });
}

beforeAll(async () => {
  world = await TestWorld.open({ ownTrees: true });
  writeFileSync(inFolder('me.pub'), keys.publicKey.export({ type: 'spki', format: 'pem' }));
  publishTool(world.registry, { version: '1.0.0', text: ONE, time: EARLY });
  await world.publishPacked('plain', world.source('plain', { 'index.js': '1\n' }));
  world.source('changed', { 'index.js': '1\n' });
  world.publish('changed', { 'index.js': 'evil()\n' });
  world.source('built', {}, BUILT);
  artifact = world.publish('built', { 'dist/tool.js': ONE }, BUILT);
  const [plain, changed, built] = [
    await world.verify('plain', { engine }),
    await world.verify('changed', { engine }),
    await world.verify('built', { engine }),
  ];
  results = { plain, changed, built };
  expect([plain.level, changed.verdict, built.verdict]).toEqual(['bytes', 'diverged', 'reproduced']);
});
afterAll(() => world.close());

const inFolder = (name: string) => path.join(world.folder.path, name);

type Provenance = Statement<ProvenancePredicate>;

function provenance(document: ResultDocument): Provenance {
  const parameters = { source: null, isPlanGiven: false };
  const statement = provenanceStatement(document, { occasion: OCCASION, parameters });
  if (statement === null) throw new Error('There is a rebuild.');
  return structuredClone(statement);
}

/** Replays a statement that was signed with our key, as its reader would. */
async function replayed(
  statement: object,
  more: { mirror?: string; by?: Keys; engine?: EngineName; registry?: string } = {},
) {
  const attestation = await openAttestation({
    name: 'bundle.json',
    bytes: signedBy(more.by ?? keys, statement),
    signer: { kind: 'key', key: keys.publicKey },
    trust: { file: null, cacheDir: world.cacheDir },
    expected: null,
    maxAgeMs: null,
    now: SOON,
    policy: null,
    mustBeWitnessed: false,
  });
  const steps: string[] = [];
  const onStep = ({ name }: Step) => steps.push(name);
  const { cacheDir } = world;
  const request = { attestation, artifact: null, mirrors: [more.mirror ?? world.gitMirror], cacheDir };
  const document = ReplayDocument.parse(
    await replay({ ...request, timeoutMs: 300_000 }, async () => ({
      ...(await world.tools({ engine, onStep, ...more })),
      limits: SMALL_LIMITS,
    })),
  );
  const { outcome, reason } = document;
  const differences = document.differences.map(({ kind, name }) => `${kind} ${name}`);
  return { document, outcome, reason, differences, steps, exitCode: exitCodeOfReplay(document) };
}

describe('a rebuild that is done again as it was attested', () => {
  it.each(['plain', 'changed', 'built'] as const)(
    'gives the same for %s, whatever the verdict',
    async (name) => {
      const done = await replayed(provenance(results[name]));
      expect([done.outcome, done.differences, done.exitCode]).toEqual(['same', [], 0]);
      const { verdict, rebuilt, level, materials } = results[name];
      expect(done.document.attested).toMatchObject({ verdict, level, materials: materials.length });
      expect(done.document.result).toMatchObject({ verdict, level, rebuilt });
    },
  );

  it('uses nothing that an earlier rebuild left, and nothing that was published since', async () => {
    // As if it had been there at the time: an ordinary rebuild takes it.
    const one = { version: '1.0.0', text: ONE, time: EARLY };
    const registry = await laterRegistry([one, { version: '1.1.0', text: 'two\n', time: EARLY }]);
    try {
      const done = await replayed(provenance(results.built), { registry: registry.url });
      expect([done.outcome, done.differences]).toEqual(['same', []]);
      expect(done.steps).toContain('install as of the publish time');
      expect(done.document.result?.registry).toBe(registry.url);
      const again = await world.verify('built', { engine, registry: registry.url });
      expect(again.materials.map(({ version }) => version)).toEqual(['1.1.0']);
    } finally {
      await registry.close();
    }
  });

  it('also finds what the registry dates after the publish time', async () => {
    const late = { version: '1.0.0', text: ONE, time: '2025-01-01T00:00:00.000Z' };
    const registry = await laterRegistry([late, { version: '1.1.0', text: 'two\n', time: EARLY }]);
    const done = await replayed(provenance(results.built), { registry: registry.url });
    expect([done.outcome, done.differences]).toEqual(['same', []]);
    await registry.close();
  });

  it('is what a user does with what "verify --key" wrote', async () => {
    const passphrase = { env: { REPROVE_PASSPHRASE: 'a passphrase' } };
    const made = await reprove(['keygen', '--out', inFolder('own')], passphrase);
    expect(made.exitCode, made.stderr).toBe(0);
    const places = ['--registry', world.registry.url, '--git-mirror', world.gitMirror, '--engine', engine];
    const signed = ['--key', inFolder('own.key'), '--out', world.folder.path];
    const verified = await reprove(['verify', 'plain', ...places, ...signed], passphrase);
    expect(verified.exitCode, verified.stderr).toBe(0);
    const bundle = inFolder('plain-1.0.0.provenance.sigstore.json');
    const done = await reprove(['replay', bundle, '--key', inFolder('own.pub'), ...places]);
    expect(done.exitCode, done.stderr).toBe(0);
    await expect(stable(done.stdout)).toMatchFileSnapshot('snapshots/same.txt');
  });

  it('prints a document that the published schema accepts', async () => {
    const { document } = await replayed(provenance(results.changed));
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(
      replayJsonSchema() as object,
    );
    expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
    const file = new URL('../../docs/replay.schema.json', import.meta.url).pathname;
    await expect(`${JSON.stringify(replayJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(file);
  });
});

describe('an attestation that is not what comes out', () => {
  type Change = (predicate: ProvenancePredicate, statement: Provenance) => void;
  const inputs = (predicate: ProvenancePredicate, name: string) =>
    predicate.buildDefinition.resolvedDependencies.filter((one) => one.name.startsWith(name));
  const swap =
    (name: string, algorithm: string, length: number): Change =>
    (predicate) =>
      inputs(predicate, name).forEach((one) => {
        one.digest[algorithm] = 'a'.repeat(length);
      });

  it.each<readonly [what: string, kinds: readonly string[], outcome: string, change: Change]>([
    [
      'another rebuilt file',
      ['rebuilt-file built-1.0.0.tgz'],
      'different',
      (_, { subject }) => Object.assign(subject[0].digest, { sha512: 'b'.repeat(128) }),
    ],
    [
      'another verdict',
      ['verdict pkg:npm/built@1.0.0'],
      'different',
      ({ runDetails }) => {
        const comparison = runDetails.byproducts.find(({ name }) => name === 'comparison');
        Object.assign(comparison?.annotations ?? {}, { verdict: 'diverged', level: null });
      },
    ],
    [
      'another published file',
      ['published-file pkg:npm/built@1.0.0'],
      'different',
      ({ buildDefinition: { externalParameters } }) =>
        Object.assign(externalParameters.artifact?.digest ?? {}, { sha512: 'c'.repeat(128) }),
    ],
    ['another source tree', ['source-tree COMMIT'], 'different', swap('source', 'gitTree', 40)],
    ['another sandbox image', ['sandbox-image root file system'], 'same', swap('sandbox', 'sha256', 64)],
    ['another npm', ['tool npm@VERSION'], 'same', swap('tool:npm', 'sha512', 128)],
    [
      'a file more',
      ['material-unused more@1.0.0'],
      'same',
      ({ buildDefinition: { resolvedDependencies } }) =>
        resolvedDependencies.push({ name: 'material:more@1.0.0', digest: { sha512: 'd'.repeat(128) } }),
    ],
    [
      'a file less',
      ['material-not-attested tool@1.0.0'],
      'unverifiable',
      ({ buildDefinition }) => {
        const all = buildDefinition.resolvedDependencies;
        buildDefinition.resolvedDependencies = all.filter(({ name }) => name !== 'material:tool@1.0.0');
      },
    ],
    [
      'other bytes of a file',
      ['material-other-bytes tool@1.0.0'],
      'unverifiable',
      swap('material:tool', 'sha512', 128),
    ],
    [
      'a tag that does not lead there',
      ['source-ref COMMIT'],
      'same',
      (predicate) =>
        inputs(predicate, 'source').forEach((one) => {
          one.uri = one.uri?.replace('v1.0.0', 'v9.9.9');
        }),
    ],
  ])('%s', async (_, kinds, outcome, change) => {
    const statement = provenance(results.built);
    change(statement.predicate, statement);
    const done = await replayed(statement);
    const found = done.differences.map((one) =>
      one.replace(/[0-9a-f]{40}/, 'COMMIT').replace(/npm@[\d.]+/, 'npm@VERSION'),
    );
    expect([found, done.outcome]).toEqual([kinds, outcome]);
    expect(done.exitCode).toBe({ same: 0, different: 1, unverifiable: 3 }[outcome]);
  });
});

describe('a registry that has changed since', () => {
  it('and serves other bytes than were attested: they are not used, and both digests are told', async () => {
    const registry = await laterRegistry([{ version: '1.0.0', text: 'stolen\n', time: EARLY }]);
    const done = await replayed(provenance(results.built), { registry: registry.url });
    expect([done.outcome, done.exitCode]).toEqual(['unverifiable', 3]);
    expect(done.reason?.code).toBe('fetch-failed');
    expect(done.differences).toEqual(['material-other-bytes tool@1.0.0']);
    const [difference] = done.document.differences;
    expect(difference?.attested).toBe(results.built.materials[0]?.sha512);
    expect(difference?.replayed).toMatch(/^[0-9a-f]{128}$/);
    await registry.close();
  });

  it.each([
    ['the version', [{ version: '1.1.0', text: 'two\n', time: EARLY }]],
    ['the package', []],
  ])('and no longer has %s that was fetched', async (_, versions) => {
    const registry = await laterRegistry(versions);
    const done = await replayed(provenance(results.built), { registry: registry.url });
    expect([done.outcome, done.reason?.code]).toEqual(['unverifiable', 'fetch-failed']);
    expect(done.differences).toEqual(['material-gone tool@1.0.0']);
    await registry.close();
  });

  it('and serves another published file', async () => {
    const attested = provenance(results.plain);
    world.publish('plain', { 'index.js': 'replaced()\n' });
    const done = await replayed(attested);
    expect([done.outcome, done.exitCode]).toEqual(['different', 1]);
    expect(done.differences).toContain('published-file pkg:npm/plain@1.0.0');
    expect(done.differences).toContain('verdict pkg:npm/plain@1.0.0');
  });
});

describe('what cannot be replayed', () => {
  it('a signature of somebody else: nothing of it is believed', async () => {
    const done = await replayed(provenance(results.built), { by: newKeys() });
    expect([done.outcome, done.exitCode, done.steps]).toEqual(['refused', 1, []]);
    expect(done.document).toMatchObject({ attested: null, result: null, check: { accepted: false } });
  });

  it('a verdict without the rebuild names what does', async () => {
    const done = replayed(verificationStatement(results.built, OCCASION) ?? {});
    await expect(done).rejects.toThrow('.provenance.sigstore.json');
  });

  it('a verdict that nothing was rebuilt for', async () => {
    world.publish('homeless', { 'index.js': '1\n' }, { repository: undefined });
    const document = await world.verify('homeless', { engine });
    const done = await replayed(verificationStatement(document, OCCASION) ?? {});
    expect([done.outcome, done.exitCode]).toEqual(['unverifiable', 3]);
    expect(done.reason).toMatchObject({ code: 'no-repository' });
    expect(done.reason?.message).toContain('There is nothing to replay');
  });

  it.each([
    ['a summary', () => summaryOf(results.built), 'states no rebuild'],
    ['no plan', () => withInternal({ plan: null }), 'states no plan'],
    ['a folder outside of the repository', () => withInternal({ directory: '../..' }), 'cannot be run'],
    ['a plan that leaves its folder', () => withStep({ cwd: '/etc' }), 'cannot be run'],
    ['a tool that nobody has', () => withPlan({ toolchain: { node: '22.0.0', cc: '1.0.0' } }), 'the tool cc'],
    ['a source that is nowhere', () => withSourceUri('file:///etc'), 'cannot be run'],
  ])('%s is wrong usage', async (_, make, words) => {
    const done = replayed(make());
    await expect(done).rejects.toThrow(words);
    await expect(done).rejects.toMatchObject({ code: 'usage' });
  });

  it('a repository out of reach', async () => {
    const done = await replayed(provenance(results.built), { mirror: '/nowhere/{name}' });
    expect([done.outcome, done.exitCode]).toEqual(['unverifiable', 3]);
    expect(done.reason?.code).toBe('repository-unreachable');
  });

  it('a commit that is gone', async () => {
    const statement = provenance(results.built);
    const [source] = statement.predicate.buildDefinition.resolvedDependencies;
    Object.assign(source?.digest ?? {}, { gitCommit: 'd'.repeat(40) });
    const done = await replayed(statement);
    expect([done.reason?.code, done.exitCode]).toEqual(['source-not-found', 3]);
    expect(done.reason?.message).toContain('which the attestation names. It may have been removed');
  });

  it('an engine that is not here', async () => {
    const done = replayed(provenance(results.built), { engine: 'podman' });
    await expect(done).rejects.toMatchObject({ code: 'no-engine' });
  });

  it.each([
    ['nobody is named', ['bundle.json']],
    ['the bundle is not there', ['nowhere.json', '--key', 'me.pub']],
  ])('%s', async (_, words) => {
    const done = await reprove(['replay', ...words.map((one) => (one.includes('.') ? inFolder(one) : one))]);
    expect([done.exitCode, done.stdout]).toEqual([2, '']);
  });
});

function summaryOf(document: ResultDocument): object {
  const policy = { sha256: 'd'.repeat(64), passed: true, rules: [] };
  return summaryStatement({ ...document, policy }, OCCASION) ?? {};
}

function withInternal(more: object): Provenance {
  const statement = provenance(results.built);
  Object.assign(statement.predicate.buildDefinition.internalParameters, more);
  return statement;
}

function withPlan(more: object): Provenance {
  const { plan } = results.built;
  return withInternal({ plan: { ...plan, ...more } });
}

function withStep(more: object): Provenance {
  return withPlan({ steps: results.built.plan?.steps.map((step) => ({ ...step, ...more })) });
}

function withSourceUri(uri: string): Provenance {
  const statement = provenance(results.built);
  const [source] = statement.predicate.buildDefinition.resolvedDependencies;
  Object.assign(source ?? {}, { uri });
  return statement;
}

function stable(text: string): string {
  return text
    .replaceAll(/[0-9a-f]{128}/g, 'SHA512')
    .replaceAll(/[0-9a-f]{40}/g, 'COMMIT')
    .replaceAll(/key \S+/g, 'key ID')
    .replaceAll(`with ${engine}`, 'with ENGINE')
    .replaceAll(/127\.0\.0\.1:\d+/g, 'REGISTRY');
}
