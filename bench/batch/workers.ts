/** How many package versions a minute one worker does, and two, from a PostgreSQL and a registry on this machine. */
import { spawn } from 'node:child_process';
import { integrityOf, type Locked, lockfile, worldOptions } from '../../test/support/batches.ts';
import { account, packageNames } from '../../test/support/kills.ts';
import { startPostgres, type TestPostgres } from '../../test/support/postgres.ts';
import { Running, workerOptions } from '../../test/support/workers.ts';
import { TestWorld } from '../../test/support/world.ts';

/** Whether each worker, with all that it starts, has a processor to itself: two workers are then as two machines. */
type Place = 'pinned' | 'free';

/** The first is what the others are compared with. */
const SETTINGS: readonly { readonly workers: number; readonly place: Place }[] = [
  { workers: 1, place: 'free' },
  { workers: 1, place: 'pinned' },
  { workers: 2, place: 'free' },
  { workers: 2, place: 'pinned' },
];

interface Bench {
  readonly world: TestWorld;
  readonly server: TestPostgres;
  readonly input: string;
  /** The program that is measured. */
  readonly cli: string;
}

export interface WorkersOptions {
  readonly packages: number;
  readonly rounds: number;
  readonly cli: string;
}

/** Verifies the same packages with one worker and with two, in turns, and prints what came of it. */
export async function benchWorkers({ packages, rounds, cli }: WorkersOptions): Promise<void> {
  const [world, server] = await Promise.all([TestWorld.open(), startPostgres()]);
  try {
    const packed: Locked[] = [];
    for (const name of packageNames(packages)) {
      const repository = world.source(name, {
        'index.js': `module.exports = '${name}';\n`,
        'README.md': 'x'.repeat(10_000),
      });
      packed.push({ name, integrity: integrityOf(await world.publishPacked(name, repository)) });
    }
    const input = lockfile(world, 'bench.json', packed);
    const bench = { world, server, input, cli };
    // The first one fills the cache for all others.
    await rateOf(bench, 1, 'free');
    const rates = SETTINGS.map(() => [] as number[]);
    for (let round = 0; round < rounds; round += 1)
      for (const [index, { workers, place }] of SETTINGS.entries())
        rates[index]?.push(await rateOf(bench, workers, place));
    const medians = rates.map(median);
    const [alone = Number.NaN] = medians;
    console.log(`\n${packages} package versions without a build, ${rounds} rounds, medians\n`);
    console.log('| workers | processors | package versions a minute | of one worker |');
    console.log('| ---: | --- | ---: | ---: |');
    for (const [index, { workers, place }] of SETTINGS.entries()) {
      const rate = medians[index] ?? Number.NaN;
      const processors = place === 'pinned' ? 'one each' : 'all of them';
      console.log(`| ${workers} | ${processors} | ${rate.toFixed(1)} | ${(rate / alone).toFixed(2)} |`);
    }
  } finally {
    await Promise.all([world.close(), server.remove()]);
  }
}

/** Package versions a minute, from the first that was begun to the last that was stored. */
async function rateOf({ world, server, input, cli }: Bench, count: number, place: Place): Promise<number> {
  const store = server.database();
  const workers = Array.from(
    { length: count },
    () => new Running([...workerOptions(world, store), '--slots', '1', '--engine', 'bwrap'], {}, cli),
  );
  await Promise.all(workers.map((worker) => worker.said('takes jobs from')));
  if (place === 'pinned') await Promise.all(workers.map(({ pid }, index) => pin(pid, index)));
  const batch = new Running(
    ['batch', input, '--queue', '--store', store, '--json', ...worldOptions(world)],
    {},
    cli,
  );
  if ((await batch.ended()) !== 0) throw new Error(batch.stderr);
  for (const worker of workers) worker.kill('SIGTERM');
  await Promise.all(workers.map((worker) => worker.ended()));
  const { attempts } = await account(store);
  const begun = Math.min(...attempts.map(({ started_at: at }) => Date.parse(at)));
  const ended = Math.max(...attempts.map(({ ended_at: at }) => Date.parse(at ?? '')));
  return attempts.length / ((ended - begun) / 60_000);
}

/** What a process starts afterwards inherits it (sched_setaffinity(2)). */
function pin(pid: number, processor: number): Promise<void> {
  const taskset = spawn('taskset', ['--all-tasks', '--pid', '--cpu-list', String(processor), String(pid)], {
    stdio: 'ignore',
  });
  return new Promise((resolve, reject) => {
    taskset.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`taskset gave ${code}.`))));
  });
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}
