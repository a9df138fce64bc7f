import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkAttestation } from '../../src/check-attestation.ts';
import { readPublicKey } from '../../src/keys/key-file.ts';
import { lockfile, publishLocked, verdictsIn, worldOptions } from '../support/batches.ts';
import { reprove } from '../support/cli.ts';
import { startEngine, type TestEngine } from '../support/engine.ts';
import { account, bundlesIn, expectOneResultEach, packageNames } from '../support/kills.ts';
import { leftoversOf } from '../support/leftovers.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { Running, workerOptions } from '../support/workers.ts';
import { TEST_ENGINES, TestWorld } from '../support/world.ts';

/** REPROVE_KILLS=50 kills more often, and an engine of its own as well. */
const KILLS = Number(process.env['REPROVE_KILLS'] ?? 5);
const NAMES = packageNames(Math.max(12, Math.ceil(KILLS * 1.5)));
const WORKERS = 3;
const [ENGINE = 'bwrap'] = TEST_ENGINES;
const KILLS_ENGINE = KILLS >= 50 && ENGINE === 'docker';

let world: TestWorld;
let server: TestPostgres;
let engine: TestEngine | null = null;
beforeAll(async () => {
  [world, server] = await Promise.all([TestWorld.open(), startPostgres()]);
  if (KILLS_ENGINE) engine = await startEngine(world.folder.path);
}, 300_000);
afterAll(async () => {
  // What it has is below the world's folder.
  await engine?.remove();
  await Promise.all([world.close(), server.remove()]);
}, 60_000);

/** A command that is started again whenever it is killed, or met that the store is away, as what deploys it would do. */
class Restarted {
  readonly #args: readonly string[];
  running: Running;
  kills = 0;

  constructor(args: readonly string[]) {
    this.#args = args;
    this.running = this.#start();
  }

  #start(): Running {
    const env = engine === null ? {} : { DOCKER_HOST: `unix://${engine.socket}` };
    const running = new Running(this.#args, env);
    void this.#restartAfter(running);
    return running;
  }

  async #restartAfter(running: Running): Promise<void> {
    if ((await running.ended()) !== STORE_AWAY) return;
    this.running = this.#start();
  }

  /** Kills it, unless it has ended by itself. */
  async kill(): Promise<boolean> {
    this.running.kill('SIGKILL');
    if ((await this.running.ended()) !== null) return false;
    this.kills += 1;
    this.running = this.#start();
    return true;
  }

  /** Its exit code, when that is its last. */
  async ended(): Promise<number | null> {
    const code = await this.running.ended();
    return code === STORE_AWAY ? this.ended() : code;
  }
}

const STORE_AWAY = 4;

let serverKills = 0;
async function killServer(): Promise<true> {
  serverKills += 1;
  await server.kill();
  await sleep(randomInt(0, 2_000));
  await server.start();
  return true;
}

async function killEngine(own: TestEngine): Promise<true> {
  await own.kill();
  await sleep(randomInt(0, 2_000));
  await own.start();
  return true;
}

test(
  'kill -9 of workers, batch, PostgreSQL and engine loses nothing, does nothing twice, and leaves nothing behind',
  { timeout: 3 * 3_600_000 },
  async () => {
    const file = (name: string) => path.join(world.folder.path, name);
    writeFileSync(file('passphrase'), 'a passphrase of a test\n');
    const started = performance.now();
    await reprove(['keygen', '--out', file('key'), '--passphrase-file', file('passphrase')]);
    // From the first instants of a process to after several packages, however slow this machine is now.
    const longestMs = Math.ceil(6 * (performance.now() - started));
    const input = lockfile(
      world,
      'many.json',
      NAMES.map((name) => publishLocked(world, name)),
    );
    const store = server.database();
    const signing = ['--key', `${file('key')}.key`, '--passphrase-file', file('passphrase')];
    const working = [...workerOptions(world, store), '--slots', '1', '--most-losses', '1000', ...signing];
    const workers = Array.from({ length: WORKERS }, () => new Restarted(working));
    await Promise.all(workers.map(({ running }) => running.said('takes jobs from')));
    const batch = new Restarted([
      'batch',
      input,
      '--queue',
      '--store',
      store,
      '--json',
      ...worldOptions(world),
    ]);
    await batch.running.said('batch');

    const own = engine;
    const [one, two, three] = workers.map((worker) => () => worker.kill());
    const engines = own === null ? [] : [() => killEngine(own)];
    const victims = [() => batch.kill(), two, killServer, one, three, one, three, two, ...engines];
    // Five kills are of the batch, of PostgreSQL and of every worker.
    const order = Array.from({ length: KILLS }, (_, index) => victims[(index * 5) % victims.length]);
    let kills = 0;
    for (const kill of order) {
      await sleep(randomInt(20, longestMs));
      if (await kill?.()) kills += 1;
    }
    const exitCode = await batch.ended();
    expect(exitCode, batch.running.stderr).toBe(0);
    expect(verdictsIn(batch.running)).toEqual(NAMES.map((name) => `${name} reproduced`));
    // Before that they do not listen.
    await Promise.all(workers.map(({ running }) => running.said('takes jobs from')));
    for (const { running } of workers) running.kill('SIGTERM');
    for (const worker of workers) expect(await worker.ended(), worker.running.stderr).toBe(0);

    const all = await account(store);
    expectOneResultEach(all, NAMES);

    // Nothing was begun again but what was in flight when something was killed.
    const outcomes = Map.groupBy(all.attempts, ({ outcome }) => outcome);
    const passing = own === null ? ['judged', 'lost'] : ['judged', 'lost', 'retried'];
    expect([...outcomes.keys()].filter((outcome) => !passing.includes(outcome ?? ''))).toEqual([]);
    expect(outcomes.get('judged')).toHaveLength(NAMES.length);
    const lost = outcomes.get('lost')?.length ?? 0;
    expect(lost).toBeLessThanOrEqual(kills + serverKills * WORKERS);

    await checkBundles(store, `${file('key')}.pub`);
    expect(await leftoversOf(ENGINE, own?.socket)).toEqual([]);
    process.stderr.write(
      `${kills} kills (${workers.map((worker) => worker.kills).join(' + ')} of workers, ${batch.kills} of the batch) over ` +
        `${NAMES.length} packages, ${lost} attempts lost, ${Math.round((performance.now() - started) / 1000)} s\n`,
    );
  },
);

/** Every bundle of the store is checked as the command does it, and each package version has one. */
async function checkBundles(store: string, publicKey: string): Promise<void> {
  const key = await readPublicKey(publicKey);
  const bundles = await bundlesIn(store);
  for (const { name, bundle } of bundles) {
    const { accepted, claims } = await checkAttestation({
      name,
      bytes: new TextEncoder().encode(bundle),
      signer: { kind: 'key', key },
      trust: { file: null, cacheDir: world.cacheDir },
      expected: null,
      maxAgeMs: null,
      now: new Date(),
      policy: null,
      mustBeWitnessed: false,
    });
    expect([name, accepted], JSON.stringify(claims)).toEqual([name, true]);
  }
  const verifications = NAMES.map((name) => `${name}-1.0.0.sigstore.json`);
  expect(bundles.map(({ name }) => name)).toEqual(expect.arrayContaining(verifications));
}
