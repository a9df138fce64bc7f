/**
 * How long `reprove compare` takes beside unpacking and hashing the same files, and beside diffoscope. See
 * docs/performance.md.
 *
 *     node bench/compare.ts [--runs 3] [--only pairs,diffoscope,limits] [--cli src/cli/main.ts] [--scratch <folder>]
 *
 * Prints one table for each part. Fails only when a run fails or says what is not so, never for a time.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LoopbackRegistry } from '../src/demo/loopback-registry.ts';
import { FORMAT_NAMES } from '../src/report/format-names.ts';
import { measure, median, type Measured } from './compare/measure.ts';
import { type Recipe, writePackage, type Written } from './compare/pair.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    only: { type: 'string', default: 'pairs,diffoscope,limits' },
    cli: { type: 'string', default: join(import.meta.dirname, '../src/cli/main.ts') },
    scratch: { type: 'string', default: tmpdir() },
  },
});

const MB = 1_000_000;
const SEED = 1;
/** Some 94 MB compressed, 200 MB unpacked: four thousand scripts, and six large files of either kind. */
const LARGE: Recipe = {
  scripts: 4_000,
  binaries: [24 * MB, 12 * MB, 8 * MB, 4 * MB],
  texts: [40 * MB, 24 * MB],
};
const PAIRS: Readonly<Record<string, Recipe>> = {
  'same files, packed otherwise': { ...LARGE, gzipLevel: 4, mtime: 500_000_000 },
  '12 files differ': { ...LARGE, changed: 10, changedLarge: true, version: '1.0.1' },
};
/** Small scripts, of which 1,000 differ: diffoscope takes minutes for them. */
const MANY: Recipe = { scripts: 1_200, largestScript: 4_000, binaries: [], texts: [] };
const CHANGED = 1_000;
const LIMITS: Readonly<Record<string, Recipe>> = {
  '1,000,000 entries': { scripts: 2, binaries: [], texts: [], empty: 999_997, gzipLevel: 1 },
  'an entry of 1 GB': { scripts: 2, binaries: [], texts: [], zeros: 1_000 * MB, gzipLevel: 1 },
};

const parts = values.only.split(',');
const scratch = await mkdtemp(join(values.scratch, 'reprove-bench-'));
const report = join(scratch, 'measured');
const registry = await LoopbackRegistry.start();
try {
  if (parts.includes('pairs')) await pairs();
  if (parts.includes('diffoscope')) await beside();
  if (parts.includes('limits')) await limits();
} finally {
  await registry.close();
  await rm(scratch, { recursive: true, force: true });
}
process.stdout.write(`\nLoad of the machine at the end: ${loadavg()[0]?.toFixed(1) ?? '?'}\n`);

async function pairs(): Promise<void> {
  const base = await made('base', LARGE);
  head(['pair', 'reprove, s', 'CPU, s', 'gunzip + sha256sum, s', 'CPU, s', 'ratio', 'peak RSS']);
  for (const [name, recipe] of Object.entries(PAIRS)) {
    const other = await made('other', recipe);
    const [ours, hands]: [Measured[], Measured[]] = [[], []];
    for (let run = 0; run < Number(values.runs); run += 1) {
      ours.push(await compared(base, other, 'json'));
      hands.push(await unpacked(base, other));
    }
    const ratio = median(ours.map(({ ms }, index) => ms / (hands[index]?.ms ?? Number.NaN)));
    const peak = Math.max(...ours.map(({ peakBytes }) => peakBytes));
    print([
      name,
      ...times(ours),
      ...times(hands),
      `${ratio.toFixed(2)} (at most 2)`,
      `${mega(peak)} (under 300)`,
    ]);
  }
}

async function beside(): Promise<void> {
  const base = await made('many', MANY);
  const other = await made('many-changed', { ...MANY, changed: CHANGED, version: '1.0.1' });
  const ours: Measured[] = [];
  for (let run = 0; run < Number(values.runs); run += 1) ours.push(await compared(base, other, 'json'));
  const shown = ours.map(({ stdout }) => diffsIn(stdout));
  if (shown.some((count) => count < CHANGED))
    throw new Error(`only ${shown.join(', ')} differences are shown`);
  const text = join(scratch, 'diffoscope.txt');
  const theirs = await measured(['diffoscope', '--text', text, base.file, other.file]);
  const ratio = theirs.ms / median(ours.map(({ ms }) => ms));
  head(['pair', 'reprove, s', 'CPU, s', 'diffoscope, s', 'CPU, s', 'times as fast', 'peak RSS']);
  const peak = Math.max(...ours.map(({ peakBytes }) => peakBytes));
  print([
    '1,000 files differ',
    ...times(ours),
    ...times([theirs]),
    `${ratio.toFixed(0)} (at least 20)`,
    mega(peak),
  ]);
}

async function limits(): Promise<void> {
  const base = await made('small', { scripts: 2, binaries: [], texts: [] });
  head(['archive', 'beside', 'format', 'exit code', 's', 'peak RSS', 'report']);
  for (const [name, recipe] of Object.entries(LIMITS)) {
    const large = await made('large', recipe);
    for (const format of FORMAT_NAMES) {
      for (const [what, first] of [
        ['itself', large],
        ['a small one', base],
      ] as const) {
        const { ms, peakBytes, exitCode, stdout } = await compared(first, large, format);
        print([
          name,
          what,
          format,
          String(exitCode),
          seconds(ms),
          mega(peakBytes),
          `${stdout.length} characters`,
        ]);
      }
    }
  }
}

/** How many findings of a document show what differs. */
function diffsIn(json: string): number {
  const { findings } = JSON.parse(json) as {
    findings: readonly { evidence: { diff?: readonly string[] } }[];
  };
  return findings.filter(({ evidence }) => (evidence.diff?.length ?? 0) > 1).length;
}

function made(name: string, recipe: Recipe): Promise<Written> {
  return writePackage(join(scratch, `${name}.tgz`), recipe, SEED);
}

function compared(base: Written, other: Written, format: string): Promise<Measured> {
  const options = ['--format', format, '--registry', registry.url, '--cache-dir', join(scratch, 'cache')];
  return measured([process.execPath, values.cli, 'compare', base.file, other.file, ...options]);
}

/** What everybody does who wants to know whether two archives hold the same. */
function unpacked(base: Written, other: Written): Promise<Measured> {
  const script = 'for file; do gunzip -c "$file" | sha256sum; done';
  return measured(['sh', '-c', script, 'sh', base.file, other.file]);
}

/** 1 is "they differ", for both programs; 3 is a file that reprove refuses. */
function measured(argv: readonly string[]): Promise<Measured> {
  return measure(argv, { report, exitCodes: [0, 1, 3] });
}

function times(all: readonly Measured[]): readonly string[] {
  const ms = all.map((one) => one.ms);
  const spread = `${seconds(median(ms))} (${seconds(Math.min(...ms))}-${seconds(Math.max(...ms))})`;
  return [spread, seconds(median(all.map(({ cpuMs }) => cpuMs)))];
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(2);
}

function mega(bytes: number): string {
  return `${Math.round(bytes / MB)} MB`;
}

function head(cells: readonly string[]): void {
  print(cells);
  print(cells.map(() => '---'));
}

function print(cells: readonly string[]): void {
  process.stdout.write(`| ${cells.join(' | ')} |\n`);
}
