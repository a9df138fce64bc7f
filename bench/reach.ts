/**
 * How much of a list of package versions can be verified, and how strongly. See docs/reach.md.
 *
 *     node bench/reach.ts <list.tsv> [--out reach.jsonl] [--workers 2] [--engine auto] [--mirror <template>]
 *       [--registry <url>] [--timeout 1800] [--cache-dir <folder>] [--only <text>] [--cli src/cli/main.ts]
 *
 * The list has a line each: name, version, and `owner/name` of its repository, divided by tabs. Every package version is
 * verified by a process of its own, as a user would; where the repository that the package states cannot be reached, once
 * more with the listed one as `--source`. Its line in `--out` is written when it ends, and what has a line there already
 * is not done again. Prints tables at the end. Fails only when a run crashes, never for a verdict or a time.
 */
import { existsSync } from 'node:fs';
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
const listed = (await readFile(list, 'utf8')).split('\n').flatMap((line) => {
  const [name = '', version = '', repository = ''] = line.split('\t').map((cell) => cell.trim());
  return name === '' ? [] : [{ spec: `${name}@${version}`, repository }];
});
const done = await outcomesIn(values.out);
const queue = listed.filter(({ spec }) => spec.includes(values.only) && !done.has(spec));
const flags = [
  '--engine',
  values.engine,
  '--timeout',
  values.timeout,
  ...(values.mirror === '' ? [] : ['--git-mirror', values.mirror]),
  ...(values.registry === '' ? [] : ['--registry', values.registry]),
  ...(values['cache-dir'] === '' ? [] : ['--cache-dir', values['cache-dir']]),
];

await Promise.all(Array.from({ length: Number(values.workers) }, work));

const outcomes = listed.flatMap(({ spec }) => done.get(spec) ?? []);
process.stdout.write(`${tables(outcomes)}\n`);
if (outcomes.some(({ document }) => document === null)) process.exitCode = 1;

async function work(): Promise<void> {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { spec, repository } = next;
    const outcome = await outcomeOfListed(spec, repository);
    done.set(spec, outcome);
    await appendFile(values.out, `${JSON.stringify(outcome)}\n`);
    const { document, durationMs } = outcome;
    const said =
      document === null ? 'CRASHED' : `${document.verdict}, ${document.level ?? document.severity}`;
    process.stderr.write(`${spec}: ${said} in ${(durationMs / 1000).toFixed(1)} s\n`);
  }
}

async function outcomeOfListed(spec: string, repository: string): Promise<Outcome> {
  const outcome = await outcomeOf({ cli: values.cli, spec, flags });
  const isLost = ['repository-unreachable', 'no-repository'].includes(outcome.document?.reason?.code ?? '');
  if (!isLost || repository === '') return outcome;
  const source = ['--source', `https://github.com/${repository}`];
  return outcomeOf({ cli: values.cli, spec, flags: [...flags, ...source] });
}

async function outcomesIn(file: string): Promise<Map<string, Outcome>> {
  const text = existsSync(file) ? await readFile(file, 'utf8') : '';
  const lines = text.split('\n').filter((line) => line !== '');
  const known = lines.map((line) => Outcome.parse(JSON.parse(line)));
  return new Map(known.map((outcome) => [outcome.spec, outcome]));
}
