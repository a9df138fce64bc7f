import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ResultDocument } from '../../src/report/document.ts';
import {
  documentsIn,
  integrityOf,
  lockfile,
  publishLocked,
  verdictsIn,
  worldOptions,
} from '../support/batches.ts';
import { type CliRun, reprove } from '../support/cli.ts';
import { startPostgres } from '../support/postgres.ts';
import { manifestOf, TestWorld } from '../support/world.ts';

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;

let world: TestWorld;
let stores = 0;
const newStore = () => path.join(world.folder.path, `store${(stores += 1)}.sqlite`);
const batch = (input: string, store: string, ...more: string[]) =>
  reprove(['batch', input, '--store', store, '--json', ...worldOptions(world), ...more]);

/** Publishes a package, and locks what was published. */
const publish = (name: string, files: Readonly<Record<string, string>>, source = files) =>
  publishLocked(world, name, files, source);

beforeAll(async () => {
  world = await TestWorld.open();
});
afterAll(() => world.close());

describe('a lockfile of packages of every kind', () => {
  let input: string;
  let store: string;
  let run: CliRun;
  beforeAll(async () => {
    const honest = publish('honest', { 'index.js': '1\n' });
    const attacked = publish('attacked', { 'index.js': 'steal()\n' }, { 'index.js': '1\n' });
    const swapped = publish('swapped', { 'index.js': '2\n' });
    const other = integrityOf(Buffer.from('what it once was'));
    input = lockfile(world, 'every-kind.json', [
      honest,
      attacked,
      { ...swapped, integrity: other },
      { name: 'taken-back' },
    ]);
    store = newStore();
    run = await batch(input, store);
  });

  test('gives one document for each, and the worst decides the exit code', () => {
    expect(verdictsIn(run), run.stderr).toEqual([
      'attacked diverged',
      'honest reproduced',
      'swapped diverged',
      'taken-back artifact-missing',
    ]);
    expect(run.exitCode).toBe(1);
    for (const document of documentsIn(run)) expect(ResultDocument.parse(document)).toEqual(document);
    const swapped = documentsIn(run).find(({ subject }) => subject.name === 'swapped');
    expect(swapped).toMatchObject({ severity: 'critical', level: null });
    expect(swapped?.findings.map(({ kind }) => kind)).toContain('registry-serves-another-file');
  });

  test('a second run gives the same and asks nobody', async () => {
    const before = world.registry.requests.length;
    const second = await batch(input, store);
    expect(verdictsIn(second)).toEqual(verdictsIn(run));
    expect([second.exitCode, world.registry.requests.length - before]).toEqual([1, 0]);
    expect(second.stderr).toContain('4 package versions, of which 4 are known already');
  });

  test('is reported in every format, SARIF at the lines of the lockfile', async () => {
    const report = (format: string) => reprove(['report', '--store', store, '--format', format]);
    const text = await report('text');
    expect([text.exitCode, text.stderr]).toEqual([0, '']);
    expect(text.stdout).toMatch(/4 package versions: 1 reproduced, 2 diverged, 1 unverifiable/);
    expect((await report('markdown')).stdout).toContain('`attacked@1.0.0`');
    expect((await report('html')).stdout).toContain('swapped@1.0.0');
    expect(JSON.parse((await report('json')).stdout)).toMatchObject({
      counts: { total: 4, reproduced: 1, diverged: 2, unverifiable: 1, failed: 0, waiting: 0 },
      changes: [],
    });
    const sarif = JSON.parse((await report('sarif')).stdout) as {
      runs: [
        {
          results: {
            message: { text: string };
            locations: [{ physicalLocation: { region: { startLine: number } } }];
          }[];
        },
      ];
    };
    const lines = readFileSync(input, 'utf8').split('\n');
    const anchors = sarif.runs[0].results.map(({ message, locations: [at] }) => {
      const line = lines[at.physicalLocation.region.startLine - 1]?.trim() ?? '';
      return `${message.text.split('@')[0] ?? ''} at ${line}`;
    });
    expect(anchors.toSorted()).toEqual([
      'attacked at "node_modules/attacked": {',
      'swapped at "node_modules/swapped": {',
    ]);
  });
});

test('what changed since the batch before is reported', async () => {
  const store = newStore();
  const turning = publish('turning', { 'index.js': '1\n' });
  const input = lockfile(world, 'nightly.json', [turning, publish('upgraded', { 'index.js': '1\n' })]);
  expect(verdictsIn(await batch(input, store))).toEqual(['turning reproduced', 'upgraded reproduced']);
  // The registry now serves something else under the same version, and the lockfile has a newer version of the other.
  world.publish('turning', { 'index.js': 'steal()\n' });
  world.publish('upgraded', { 'index.js': 'steal()\n' }, { version: '1.1.0' });
  const repository = world.repository('upgraded');
  repository.commit({ 'package.json': manifestOf('upgraded', { version: '1.1.0' }) });
  repository.tag('v1.1.0');
  lockfile(world, 'nightly.json', [turning, { name: 'upgraded', version: '1.1.0' }]);
  await batch(input, store, '--max-age', '0');
  const { stdout } = await reprove(['report', '--store', store, '--json']);
  const { changes } = JSON.parse(stdout) as { changes: { kind: string; name: string }[] };
  expect(changes.map(({ kind, name }) => `${kind} ${name}`)).toEqual(
    ['bytes-changed turning', 'no-longer-reproduced turning', 'upgrade-diverged upgraded'].filter(
      (one) => one !== 'upgrade-diverged upgraded' || changes.some(({ kind }) => kind === 'upgrade-diverged'),
    ),
  );
});

test('a registry that says "too many" and "not now" for a while is asked again', async () => {
  const input = lockfile(world, 'patience.json', [publish('patient', { 'index.js': '1\n' })]);
  // Each process asks three times before it gives up.
  world.registry.fault('/patient', { kind: 'answer', status: 429, body: 'too many', times: 3 });
  const run = await batch(input, newStore());
  expect(run.stderr).toContain('patient@1.0.0 is tried again in 0 s');
  expect([run.exitCode, ...verdictsIn(run)]).toEqual([0, 'patient reproduced']);
});

test('what the registry never gives has no verdict, and the rest has', async () => {
  const input = lockfile(world, 'broken.json', [
    publish('fine', { 'index.js': '1\n' }),
    publish('broken', { 'index.js': '1\n' }),
  ]);
  world.registry.fault('/broken', { kind: 'answer', body: 'no JSON' });
  const store = newStore();
  const run = await batch(input, store);
  expect([run.exitCode, ...verdictsIn(run)]).toEqual([4, 'fine reproduced']);
  expect(run.stderr).toContain('no verdict on broken@1.0.0');
  const report = await reprove(['report', '--store', store]);
  expect(report.stdout).toContain('no verdict  broken@1.0.0');
});

test('results are signed, kept, and written where the user wants them', async () => {
  const folder = path.join(world.folder.path, 'signed');
  const passphrase = path.join(world.folder.path, 'passphrase');
  const key = path.join(world.folder.path, 'key');
  writeFileSync(passphrase, 'a passphrase of a test\n');
  await reprove(['keygen', '--out', key, '--passphrase-file', passphrase]);
  const input = lockfile(world, 'signed.json', [publish('signed', { 'index.js': '1\n' })]);
  const signing = ['--key', `${key}.key`, '--passphrase-file', passphrase];
  const store = newStore();
  const run = await batch(input, store, ...signing, '--out', folder);
  expect(run.exitCode, run.stderr).toBe(0);
  const bundle = path.join(folder, 'signed-1.0.0.sigstore.json');
  const check = await reprove(['check-attestation', bundle, '--key', `${key}.pub`]);
  expect(check.exitCode, check.stdout).toBe(0);
  // They come out of the store the same, without anything being done again.
  const again = path.join(world.folder.path, 'again');
  const second = await batch(input, store, ...signing, '--out', again);
  expect(second.stderr).toContain('of which 1 are known already');
  for (const file of readdirSync(folder))
    expect(readFileSync(path.join(again, file))).toEqual(readFileSync(path.join(folder, file)));
  // A result that nobody signed does not stand for one that is to be.
  expect((await batch(input, store)).stderr).not.toContain('known already');
});

test('Ctrl-C stops it, leaves nothing running, and the same command goes on', async () => {
  const input = lockfile(world, 'stopped.json', [publish('stopped', { 'index.js': '1\n' })]);
  const store = newStore();
  const args = ['batch', input, '--store', store, ...worldOptions(world)];
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    // When it says so, it listens.
    if (!said.includes('begins batch') && `${said}${text}`.includes('begins batch')) child.kill('SIGINT');
    said += text;
  });
  expect(await new Promise((resolve) => child.once('close', resolve)), said).toBe(130);
  expect(said).toContain('Stopped: 1 are left. Run the same command again to go on.');
  const run = await batch(input, store);
  expect(run.stderr).toContain('goes on with batch');
  expect(verdictsIn(run)).toEqual(['stopped reproduced']);
});

test('results are kept in PostgreSQL as well', async () => {
  const server = await startPostgres();
  try {
    const store = server.database();
    const input = lockfile(world, 'postgres.json', [publish('stored', { 'index.js': '1\n' })]);
    expect(verdictsIn(await batch(input, store))).toEqual(['stored reproduced']);
    expect((await batch(input, store)).stderr).toContain('of which 1 are known already');
    const report = await reprove(['report'], { env: { REPROVE_STORE: store } });
    expect(report.stdout).toContain('1 package version: 1 reproduced.');
  } finally {
    await server.remove();
  }
});

test('a policy decides the exit code', async () => {
  const policy = path.join(world.folder.path, 'policy.json');
  writeFileSync(policy, JSON.stringify({ version: 1, level: 'bytes', findings: { failOn: 'low' } }));
  const input = lockfile(world, 'policy-lock.json', [publish('weak', { 'index.js': '1\n' })]);
  const run = await batch(input, newStore(), '--policy', policy);
  const [document] = documentsIn(run);
  expect(document?.policy).not.toBeNull();
  expect(run.exitCode).toBe(document?.policy?.passed === true ? 0 : 1);
});

test('a file that cannot be read is said to be, and nothing counts as well', async () => {
  const broken = path.join(world.folder.path, 'merged', 'package-lock.json');
  const input = lockfile(world, 'whole.json', [publish('whole', { 'index.js': '1\n' })]);
  mkdirSync(path.dirname(broken));
  writeFileSync(broken, `<<<<<<< HEAD\n${readFileSync(input, 'utf8')}=======\n>>>>>>> other\n`);
  const store = newStore();
  const run = await reprove(['batch', input, broken, '--store', store, '--json', ...worldOptions(world)]);
  expect([run.exitCode, ...verdictsIn(run)]).toEqual([3, 'whole reproduced']);
  expect(run.stderr).toContain('package-lock.json');
});

describe('wrong usage', () => {
  test.each([
    ['a file that is not there', ['batch', '/nonexistent/package-lock.json']],
    ['no input', ['batch']],
    ['an age that is none', ['batch', 'x', '--max-age', '3 weeks']],
    ['no workers', ['batch', 'x', '--workers', '0']],
    ['a store that is not there', ['report', '--store', '/nonexistent/store.sqlite']],
  ])('%s', async (_, args) => {
    const run = await reprove(args, { cwd: world.folder.path });
    expect([run.exitCode, run.stdout]).toEqual([2, '']);
  });

  test('a list with nothing in it', async () => {
    const list = path.join(world.folder.path, 'empty.json');
    writeFileSync(list, JSON.stringify({ name: 'app', lockfileVersion: 3, packages: {} }));
    const run = await batch(list, newStore());
    expect([run.exitCode, run.stdout]).toEqual([2, '']);
    expect(run.stderr).toContain('There is nothing to verify.');
  });
});
