/**
 * How long `reprove affected` takes over many lockfiles. See docs/affected.md.
 *
 *     node bench/affected.ts [--files 1000] [--entries 1000] [--runs 3] [--only package-lock.json,...,mixed] [--cli src/cli/main.ts]
 *                            [--scratch <folder>]
 *
 * Writes lockfiles of made-up packages, one of them bad in every hundredth file, and prints a table. Fails only when a run
 * fails or does not find them all, never for a time.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LOCKFILES, type LockfileName, lockfileText } from './affected/lockfiles.ts';
import type { AffectedDocument } from '../src/affected/document.ts';
import { measure, median, type Measured } from './compare/measure.ts';

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '1000' },
    entries: { type: 'string', default: '1000' },
    runs: { type: 'string', default: '3' },
    only: { type: 'string', default: [...Object.keys(LOCKFILES), 'mixed'].join(',') },
    cli: { type: 'string', default: join(import.meta.dirname, '../src/cli/main.ts') },
    scratch: { type: 'string', default: tmpdir() },
  },
});

const BAD = 'bad-package@6.6.6';
const EVERY = 100;
const MB = 1_000_000;
const names = Object.keys(LOCKFILES) as LockfileName[];

const files = Number(values.files);
const entries = Number(values.entries);
const scratch = await mkdtemp(join(values.scratch, 'reprove-bench-'));
try {
  const list = join(scratch, 'bad.txt');
  await writeFile(list, `${BAD}\n`);
  process.stdout.write(
    '| lockfiles | files | entries | MB | seconds | of CPU | MB of memory |\n|---|---|---|---|---|---|---|\n',
  );
  for (const kind of values.only.split(',')) {
    const folder = join(scratch, kind);
    const size = await writeLockfiles(folder, kind);
    const runs: Measured[] = [];
    for (let run = 0; run < Number(values.runs); run += 1) runs.push(await measured(folder, list));
    const seconds = (median(runs.map((one) => one.ms)) / 1000).toFixed(1);
    const cpu = (median(runs.map((one) => one.cpuMs)) / 1000).toFixed(1);
    const memory = (median(runs.map((one) => one.peakBytes)) / MB).toFixed(0);
    process.stdout.write(
      `| ${kind} | ${files} | ${files * entries} | ${(size / MB).toFixed(0)} | ${seconds} | ${cpu} | ${memory} |\n`,
    );
    await rm(folder, { recursive: true });
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
process.stdout.write(`\nLoad of the machine at the end: ${loadavg()[0]?.toFixed(1) ?? '?'}\n`);

/** Each in a folder of its own, as in a checkout of many projects; bytes written. */
async function writeLockfiles(folder: string, kind: string): Promise<number> {
  let size = 0;
  for (let index = 0; index < files; index += 1) {
    const name = kind === 'mixed' ? (names[index % names.length] as LockfileName) : (kind as LockfileName);
    const text = lockfileText(name, { entries, seed: index, bad: index % EVERY === 0 ? BAD : null });
    const project = join(folder, `project-${index}`);
    await mkdir(project, { recursive: true });
    await writeFile(join(project, LOCKFILES[name].fileName), text);
    size += text.length;
  }
  return size;
}

/** Every bad one must be found, at a place. */
async function measured(folder: string, list: string): Promise<Measured> {
  const argv = [process.execPath, values.cli, 'affected', folder, '--list', list, '--json'];
  const run = await measure(argv, { report: join(scratch, 'measured'), exitCodes: [1] });
  const { looked, refused } = JSON.parse(run.stdout) as AffectedDocument;
  const wanted = Math.ceil(files / EVERY);
  if (looked.affectedFiles !== wanted || looked.files !== files || refused.length > 0)
    throw new Error(
      `${looked.affectedFiles} of ${wanted} affected files were found, ${refused.length} were refused`,
    );
  return run;
}
