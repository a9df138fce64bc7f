import { randomInt } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lockfile, publishLocked, verdictsIn, worldOptions } from '../support/batches.ts';
import { reprove } from '../support/cli.ts';
import { account, bundlesIn, expectOneResultEach, packageNames, runUnderKills } from '../support/kills.ts';
import { leftoversOf } from '../support/leftovers.ts';
import { TEST_ENGINES, TestWorld } from '../support/world.ts';

/** REPROVE_KILLS=50 kills more often. */
const KILLS = Number(process.env['REPROVE_KILLS'] ?? 5);
const NAMES = packageNames(Math.max(6, Math.ceil(KILLS / 3)));
const WORKERS = 2;
/** The longest time before a kill, in starts of the command. */
const LONGEST_STARTS = KILLS > 10 ? 6 : 12;

let world: TestWorld;
beforeAll(async () => {
  world = await TestWorld.open();
});
afterAll(() => world.close());

test(
  'kill -9 at random instants loses nothing, does nothing twice, and leaves nothing behind',
  { timeout: 3_600_000 },
  async () => {
    const file = (name: string) => path.join(world.folder.path, name);
    writeFileSync(file('passphrase'), 'a passphrase of a test\n');
    const started = performance.now();
    await reprove(['keygen', '--out', file('key'), '--passphrase-file', file('passphrase')]);
    // From the first instants of the process to after several packages, however slow this machine is now.
    const longestMs = Math.ceil(LONGEST_STARTS * (performance.now() - started));
    const input = lockfile(
      world,
      'many.json',
      NAMES.map((name) => publishLocked(world, name)),
    );
    const store = file('killed.sqlite');
    const signing = ['--key', `${file('key')}.key`, '--passphrase-file', file('passphrase')];
    const options = ['--workers', String(WORKERS), '--store', store, '--json'];
    const survived = await runUnderKills(['batch', input, ...options, ...signing, ...worldOptions(world)], {
      kills: KILLS,
      afterMs: () => randomInt(20, longestMs),
    });
    expect(survived.exitCode, survived.stderr).toBe(0);
    expect(verdictsIn(survived)).toEqual(NAMES.map((name) => `${name} reproduced`));

    const all = await account(store);
    expectOneResultEach(all, NAMES);

    // Nothing was begun again but what was in flight when it was killed.
    const outcomes = Map.groupBy(all.attempts, ({ outcome }) => outcome);
    expect([...outcomes.keys()].filter((one) => one !== 'judged' && one !== 'lost')).toEqual([]);
    expect(outcomes.get('judged')).toHaveLength(NAMES.length);
    expect(outcomes.get('lost')?.length ?? 0).toBeLessThanOrEqual(survived.kills * WORKERS);

    const folder = file('bundles');
    mkdirSync(folder);
    const bundles = await bundlesIn(store);
    expect(bundles.length).toBeGreaterThanOrEqual(NAMES.length);
    for (const { name, bundle } of bundles) {
      writeFileSync(path.join(folder, name), bundle);
      const check = await reprove([
        'check-attestation',
        path.join(folder, name),
        '--key',
        `${file('key')}.pub`,
      ]);
      expect([name, check.exitCode]).toEqual([name, 0]);
    }
    rmSync(folder, { recursive: true });
    expect(await leftoversOf(TEST_ENGINES[0] ?? 'bwrap')).toEqual([]);
    process.stderr.write(
      `${survived.kills} kills over ${NAMES.length} packages, ${outcomes.get('lost')?.length ?? 0} attempts lost, ` +
        `${Math.round((performance.now() - started) / 1000)} s\n`,
    );
  },
);
