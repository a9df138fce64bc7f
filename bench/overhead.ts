/**
 * How much longer `reprove verify` takes than the same rebuild by hand, in the same engine. See docs/performance.md.
 *
 *     node bench/overhead.ts [--engine docker,bwrap] [--package debug@4.4.3] [--build-package uuid@14.0.1]
 *       [--mirror <template>] [--runs 5] [--build-runs 3] [--cold-runs 1] [--cli src/cli/main.ts]
 *
 * Prints one table. Fails only when a run fails or does not reproduce its package, never for a time.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { EngineName } from '../src/sandbox/engine.ts';
import { byHand, prepareHand } from './overhead/by-hand.ts';
import { verdictOf } from './overhead/reprove.ts';
import { rowOf, table, type Row } from './overhead/table.ts';

const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: 'docker,bwrap' },
    package: { type: 'string', default: 'debug@4.4.3' },
    'build-package': { type: 'string', default: 'uuid@14.0.1' },
    mirror: { type: 'string', default: process.env['REPROVE_GIT_MIRROR'] ?? '' },
    runs: { type: 'string', default: '5' },
    'build-runs': { type: 'string', default: '3' },
    'cold-runs': { type: 'string', default: '1' },
    cli: { type: 'string', default: join(import.meta.dirname, '../src/cli/main.ts') },
  },
});

/** At most so many times the work by hand. Warm, what is to be built need not be fetched again; cold, it is kept as well. */
const TARGETS = {
  pack: { cold: null, warm: { docker: 2, podman: 2, bwrap: 1.5 } },
  build: { cold: 1.2, warm: { docker: 0.6, podman: 0.6, bwrap: 0.6 } },
} as const;

/** A package left empty is left out. */
const CASES = (
  [
    { spec: values.package, kind: 'pack', runs: Number(values.runs) },
    { spec: values['build-package'], kind: 'build', runs: Number(values['build-runs']) },
  ] as const
).filter((one) => one.spec !== '');

const scratch = await mkdtemp(join(tmpdir(), 'reprove-bench-'));
const rows: Row[] = [];
try {
  for (const engine of values.engine.split(',') as EngineName[]) {
    for (const one of CASES) rows.push(...(await measure({ ...one, engine })));
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
process.stdout.write(
  `${table(rows)}\n\nLoad of the machine at the end: ${loadavg()[0]?.toFixed(1) ?? '?'}\n`,
);

interface Case {
  readonly engine: EngineName;
  readonly spec: string;
  readonly kind: keyof typeof TARGETS;
  /** Pairs of warm runs. */
  readonly runs: number;
}

/** Both sides in turns, so that whatever else the machine does meets both. */
async function measure({ engine, spec, kind, runs }: Case): Promise<readonly Row[]> {
  const { cli, mirror } = values;
  const verify = (cacheDir: string) => verdictOf({ cli, spec, engine, mirror, cacheDir });
  // Not measured: it warms one side, loads the image into the engine, and tells what there is to do by hand.
  const warm = { reprove: join(scratch, 'reprove'), hand: join(scratch, 'hand') };
  const { document } = await verify(warm.reprove);
  const hand = (cacheDir: string) => byHand({ document, engine, mirror, cacheDir });
  await prepareHand({ document, cacheDir: warm.hand });
  await hand(warm.hand);

  const cold = await pairs({
    name: `${engine} ${spec} cold`,
    count: Number(values['cold-runs']),
    reprove: () => inNewFolder(async (folder) => timed(() => verify(folder))),
    hand: () =>
      inNewFolder((folder) =>
        timed(async () => {
          await prepareHand({ document, cacheDir: folder });
          await hand(folder);
        }),
      ),
  });
  const hot = await pairs({
    name: `${engine} ${spec} warm`,
    count: runs,
    reprove: () => timed(() => verify(warm.reprove)),
    hand: () => timed(() => hand(warm.hand)),
  });
  const about = { engine, spec, kind };
  return [
    rowOf({ ...about, state: 'cold', pairs: cold, target: TARGETS[kind].cold }),
    rowOf({ ...about, state: 'warm', pairs: hot, target: TARGETS[kind].warm[engine] }),
  ];
}

async function pairs(options: {
  readonly name: string;
  readonly count: number;
  readonly reprove: () => Promise<number>;
  readonly hand: () => Promise<number>;
}): Promise<readonly { readonly reprove: number; readonly hand: number }[]> {
  const measured: { reprove: number; hand: number }[] = [];
  for (let index = 0; index < options.count; index += 1) {
    // Each side is first in every other pair.
    const first = index % 2 === 0 ? await options.reprove() : await options.hand();
    const second = index % 2 === 0 ? await options.hand() : await options.reprove();
    const [reprove, hand] = index % 2 === 0 ? [first, second] : [second, first];
    measured.push({ reprove, hand });
    process.stderr.write(
      `${options.name}: reprove ${Math.round(reprove)} ms, by hand ${Math.round(hand)} ms\n`,
    );
  }
  return measured;
}

/** Milliseconds. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

async function inNewFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(scratch, 'cold-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
