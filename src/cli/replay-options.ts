import type { Command } from 'commander';
import {
  addEngineOption,
  addRegistryOptions,
  addSearchOptions,
  addSignerOptions,
  type RunOptions,
  type SignerOptions,
} from './options.ts';

export interface ReplayOptions extends RunOptions, SignerOptions {
  readonly json: boolean;
}

/** Declares `reprove replay`; what it does is loaded when it is called. */
export function addReplayCommand(program: Command): void {
  const command = program
    .command('replay')
    .description('do a signed rebuild again, from its attestation alone, and say whether the same comes out')
    .argument('<bundle>', 'a rebuild provenance, as "reprove verify --key" writes it')
    .argument('[artifact]', 'the published file, if it is not in the registry');
  addSignerOptions(command).option('--json', 'print one document instead of text', false);
  addEngineOption(addSearchOptions(addRegistryOptions(command), 'for the whole run'))
    .addHelpText('after', EXIT_CODES)
    .action(async (bundle: string, artifact: string | undefined, options: ReplayOptions) => {
      const { runReplay } = await import('./replay.ts');
      process.exitCode = await runReplay({ bundle, artifact: artifact ?? null }, options);
    });
}

const EXIT_CODES = `
Exit codes: 0 the same came out (whatever the verdict), 1 something else did, or the attestation is refused, 2 wrong usage,
3 nothing came out, 4 the tool or its environment failed.`;
