/**
 * How much of a list of package versions can be verified, and how strongly. See docs/reach.md.
 *
 *     node bench/reach.ts <list.tsv> [--out reach.jsonl] [--workers 2] [--engine auto] [--mirror <template>]
 *       [--registry <url>] [--timeout 1800] [--cache-dir <folder>] [--only <text>] [--cli src/cli/main.ts]
 *
 * The list has a line each: name, version, and whatever else, divided by tabs. Every package version is verified by a
 * process of its own, as a user would; its line in `--out` is written when it ends, and what has a line there already is
 * not done again. Prints tables at the end. Fails only when a run crashes, never for a verdict or a time.
 */
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Outcome, outcomeOf } from './reach/outcome.ts';
import { tables } from './reach/tables.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string', default: 'reach.jsonl' },
    workers: { type: 'string', default: '2' },
    engine: { type: 'string', default: 'auto' },
    mirror: { type: 'string', default: process.env['REPROVE_GIT_MIRROR'] ?? '' },
    registry: { type: 'string', default: '' },
    timeout: { type: 'string', default: '1800' },
    'cache-dir': { type: 'string', default: '' },
    only: { type: 'string', default: '' },
    cli: { type: 'string', default: join(import.meta.dirname, '../src/cli/main.ts') },
  },
});

const [list] = positionals;
if (list === undefined) throw new Error('Name the list: node bench/reach.ts <list.tsv>');
const specs = (await readFile(list, 'utf8'))
  .split('\n')
  .map((line) => line.split('\t'))
  .flatMap(([name = '', version = '']) => (name.trim() === '' ? [] : [`${name.trim()}@${version.trim()}`]));
const done = await outcomesIn(values.out);
const queue = specs.filter((spec) => spec.includes(values.only) && !done.has(spec));

await Promise.all(Array.from({ length: Number(values.workers) }, work));

const outcomes = specs.flatMap((spec) => done.get(spec) ?? []);
process.stdout.write(`${tables(outcomes)}\n`);
if (outcomes.some(({ document }) => document === null)) process.exitCode = 1;

async function work(): Promise<void> {
  for (let spec = queue.shift(); spec !== undefined; spec = queue.shift()) {
    const outcome = await outcomeOf({
      cli: values.cli,
      spec,
      flags: [
        ...['--engine', values.engine, '--timeout', values.timeout],
        ...(values.mirror === '' ? [] : ['--git-mirror', values.mirror]),
        ...(values.registry === '' ? [] : ['--registry', values.registry]),
        ...(values['cache-dir'] === '' ? [] : ['--cache-dir', values['cache-dir']]),
      ],
    });
    done.set(spec, outcome);
    await appendFile(values.out, `${JSON.stringify(outcome)}\n`);
    const { document, durationMs } = outcome;
    const said = document === null ? 'CRASHED' : [document.verdict, document.level ?? document.severity];
    process.stderr.write(`${spec}: ${String(said)} in ${(durationMs / 1000).toFixed(1)} s\n`);
  }
}

async function outcomesIn(file: string): Promise<Map<string, Outcome>> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const lines = text.split('\n').filter((line) => line !== '');
  const outcomes = lines.map((line) => Outcome.parse(JSON.parse(line)));
  return new Map(outcomes.map((outcome) => [outcome.spec, outcome]));
}
