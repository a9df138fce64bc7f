import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Severity } from '../model/verdict.ts';
import type { Selection } from '../model/inputs.ts';
import { duration, milliseconds } from './duration.ts';
import { addKeyOptions, type KeyOptions } from './key-options.ts';
import { addNotifyOptions, type NotifyOptions } from './notify-options.ts';
import {
  addEngineOption,
  addFailOnOption,
  addRegistryOptions,
  addSearchOptions,
  addStoreOption,
  count,
  repeated,
  resolved,
  type RunOptions,
  seconds,
} from './options.ts';

/** Options of every command that takes what files list. */
export interface SelectionOptions {
  readonly topLevel: boolean;
  readonly omit: Selection['omit'];
  readonly scope: readonly string[];
  readonly host: readonly string[];
}

export interface BatchOptions extends RunOptions, KeyOptions, NotifyOptions, SelectionOptions {
  readonly store: string;
  readonly series?: string;
  /** Milliseconds. */
  readonly maxAge: number;
  readonly workers?: number;
  /** Workers do it. */
  readonly queue: boolean;
  /** Seconds. */
  readonly totalTimeout?: number;
  /** Seconds. */
  readonly retryAfter: number;
  readonly failOn: Severity;
  readonly policy?: string;
  readonly out?: string;
  readonly json: boolean;
}

/** Declares `reprove batch`; what it does is loaded when it is called. */
export function addBatchCommand(program: Command): void {
  const command = program
    .command('batch')
    .description('verify everything that lockfiles, SBOMs or lists name, and keep the results')
    .argument(
      '<input...>',
      'lockfiles, SBOMs, lists of package versions, or folders with such files in them',
    );
  addStoreOption(command);
  addSelectionOptions(command).option(
    '--series <name>',
    'compare with earlier batches of this name (default: the inputs as named)',
  );
  addRunningOptions(command);
  addFailOnOption(command, 'exit 0 for divergences milder than this')
    .option('--policy <file>', 'what to accept (see docs/policy.md); decides the exit code', resolved)
    .addOption(new Option('--json', 'print each result document on a line of its own').default(false));
  addKeyOptions(command).option('--out <folder>', 'write signed results there as well', resolved);
  addNotifyOptions(command);
  addEngineOption(addSearchOptions(addRegistryOptions(command), 'for each package version'))
    .addHelpText('after', EXIT_CODES)
    .action(async (inputs: readonly string[], options: BatchOptions) => {
      const { runBatchCommand } = await import('./batch.ts');
      process.exitCode = await runBatchCommand(inputs, options);
    });
}

/** Adds what to take of what files list. */
export function addSelectionOptions(command: Command): Command {
  return command
    .addOption(new Option('--top-level', 'only what the projects themselves ask for').default(false))
    .addOption(
      new Option('--omit <kind>', 'leave out what only this needs; repeatable')
        .argParser(collectKinds)
        .default([], 'nothing'),
    )
    .option('--scope <scope>', 'only packages of this scope, for example @babel; repeatable', repeated, [])
    .option(
      '--host <host>',
      "take what a file has from this host for what the registry has; repeatable (npm's own and that of the registry always are)",
      repeated,
      [],
    );
}

function addRunningOptions(command: Command): void {
  command
    .addOption(
      new Option('--max-age <time>', 'do nothing again that is younger, for example 12h or 30d')
        .argParser(age)
        .default(milliseconds('7d'), '7d'),
    )
    .option(
      '--workers <number>',
      'package versions at a time (default: what the machine has room for)',
      count,
    )
    .addOption(
      new Option(
        '--queue',
        'verify nothing here: leave it to each "reprove worker" of a PostgreSQL store, and follow',
      ).default(false),
    )
    .option('--total-timeout <seconds>', 'for the whole batch; the rest is left for the next run', seconds)
    .option('--retry-after <seconds>', 'before another try; twice as long each further time', seconds, 15);
}

const KINDS = ['dev', 'optional', 'peer'] as const satisfies Selection['omit'];

function collectKinds(value: string, all: Selection['omit']): Selection['omit'] {
  const kind = KINDS.find((one) => one === value);
  if (kind === undefined) throw new InvalidArgumentError(`It must be one of ${KINDS.join(', ')}.`);
  return [...all, kind];
}

/** `0`: whatever there is, it is done again. */
function age(text: string): number {
  return text === '0' ? 0 : duration(text);
}

const EXIT_CODES = `
Exit codes: 1 when a package version diverged (or its policy failed), else 4 when one has no verdict because the tool or its
environment failed, else 3 when one is unverifiable, was not reached in time or stands in a file that cannot be read, else 0;
2 wrong usage. Run the same command again to go on with a batch that was stopped or killed.`;
