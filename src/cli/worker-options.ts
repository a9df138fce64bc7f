import { type Command, InvalidArgumentError, Option } from 'commander';
import { addKeyOptions, type KeyOptions } from './key-options.ts';
import {
  addEngineOption,
  addMirrorOption,
  addRegistryOptions,
  addStoreOption,
  count,
  resolved,
  type RunOptions,
  seconds,
} from './options.ts';

export interface WorkerOptions extends Omit<RunOptions, 'timeout'>, KeyOptions {
  readonly store: string;
  readonly policy?: string;
  readonly slots?: number;
  /** Seconds. */
  readonly grace: number;
  readonly untilDone: boolean;
  readonly mostLosses: number;
  /** A minute; 0: as often as it likes. */
  readonly hostRate: number;
  /** A minute; 0: as often as it likes. */
  readonly repositoryRate: number;
  readonly json: boolean;
}

/** Declares `reprove worker`; what it does is loaded when it is called. */
export function addWorkerCommand(program: Command): void {
  const command = program
    .command('worker')
    .description('take what "reprove batch --queue" put into a PostgreSQL store, and verify it');
  addStoreOption(command)
    .option('--slots <number>', 'package versions at a time (default: what the machine has room for)', count)
    .option('--grace <seconds>', 'when told to end, let what is in flight go on for so long', seconds, 600)
    .addOption(new Option('--until-done', 'end when nothing is left to do').default(false))
    .option(
      '--most-losses <number>',
      'give a package version up when so many processes were killed with it',
      count,
      5,
    )
    .option('--host-rate <number>', RATE('host'), rate, 300)
    .option('--repository-rate <number>', RATE('repository'), rate, 20)
    .option('--policy <file>', 'what to accept (see docs/policy.md); that of the batches', resolved)
    .addOption(
      new Option('--json', 'print what becomes of each package version on a line of its own').default(false),
    );
  addKeyOptions(command);
  addEngineOption(addMirrorOption(addRegistryOptions(command)))
    .addHelpText('after', EXIT_CODES)
    .action(async (options: WorkerOptions) => {
      const { runWorkerCommand } = await import('./worker.ts');
      process.exitCode = await runWorkerCommand(options);
    });
}

const RATE = (what: string) =>
  `how often a minute all workers together ask a ${what}; the same for all; 0: no bound`;

function rate(value: string): number {
  const number = Number(value);
  if (value === '' || !Number.isFinite(number) || number < 0)
    throw new InvalidArgumentError('It must be a number, 0 or more.');
  return number;
}

const EXIT_CODES = `
It takes the batches that ask for its version of reprove, its --registry and its --policy, and leaves all others.
SIGTERM or Ctrl-C: it takes nothing new and ends when what is in flight is done, or after --grace; a second one stops that at once.
Exit codes: 0 when it ended as it was told; 4 when the store, the engine or the key failed it; 2 wrong usage.`;
