import { type Command, Option } from 'commander';
import type { Severity } from '../model/verdict.ts';
import { addSelectionOptions, type SelectionOptions } from './batch-options.ts';
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
  resolved,
  type RunOptions,
  seconds,
  url,
} from './options.ts';

export interface WatchOptions extends RunOptions, KeyOptions, SelectionOptions, NotifyOptions {
  readonly policy?: string;
  readonly workers?: number;
  readonly out?: string;
  readonly store: string;
  readonly series?: string;
  readonly once: boolean;
  readonly verifyListed: boolean;
  /** Milliseconds. */
  readonly interval: number;
  /** Milliseconds. */
  readonly settle: number;
  /** An address; false: none; true: the one that is known for the registry, if any. */
  readonly feed: string | boolean;
  /** Seconds. */
  readonly retryAfter: number;
  readonly failOn: Severity;
  readonly json: boolean;
}

/** Declares `reprove watch`; what it does is loaded when it is called. */
export function addWatchCommand(program: Command): void {
  const command = program
    .command('watch')
    .description('verify new versions of what files list, minutes after they are published')
    .argument('<input...>', 'lockfiles, SBOMs, lists of packages, or folders with such files in them');
  addStoreOption(command);
  addSelectionOptions(command).option('--series <name>', 'name of this watch (default: the inputs as named)');
  addWatchingOptions(command);
  addFailOnOption(command, 'raise no alarm for divergences milder than this')
    .option(
      '--policy <file>',
      'what to accept (see docs/policy.md); what it accepts raises no alarm',
      resolved,
    )
    .addOption(new Option('--json', 'print each result document on a line of its own').default(false));
  addNotifyOptions(addKeyOptions(command)).option(
    '--out <folder>',
    'write signed results there as well',
    resolved,
  );
  addEngineOption(addSearchOptions(addRegistryOptions(command), 'for each package version'))
    .addHelpText('after', EXIT_CODES)
    .action(async (inputs: readonly string[], options: WatchOptions) => {
      const { runWatchCommand } = await import('./watch.ts');
      process.exitCode = await runWatchCommand(inputs, options);
    });
}

function addWatchingOptions(command: Command): void {
  command
    .addOption(new Option('--once', 'ask once, verify what is new, and end').default(false))
    .addOption(
      new Option('--interval <time>', 'ask the registry this often')
        .argParser(duration)
        .default(milliseconds('2m'), '2m'),
    )
    .option('--feed <url>', "the registry's _changes (default: npm's own for npm's own registry)", url)
    .option('--no-feed', 'ask for each package')
    .addOption(
      new Option(
        '--settle <time>',
        'as long as a version is younger, its tag and archive may still be on their way',
      )
        .argParser(duration)
        .default(milliseconds('30m'), '30m'),
    )
    .addOption(
      new Option('--verify-listed', 'verify what the files list as well, not only what is new').default(
        false,
      ),
    )
    .option('--workers <number>', 'versions at a time (default: what the machine has room for)', count)
    .option('--retry-after <seconds>', 'before another try; twice as long each further time', seconds, 15);
}

const EXIT_CODES = `
Exit codes: with --once 1 when there was an alarm, else 4 when the registry or the environment failed for something, else 3 when a
version is unverifiable or to be looked at again, or a file cannot be read, else 0; without it 130 for Ctrl-C and 143 for SIGTERM;
2 wrong usage.`;
