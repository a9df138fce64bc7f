import { type Command, Option } from 'commander';
import type { Severity } from '../model/verdict.ts';
import type { FormatName } from '../report/format-names.ts';
import { addKeyOptions, type KeyOptions } from './key-options.ts';
import {
  addEngineOption,
  addFailOnOption,
  addFindOptions,
  addFormatOptions,
  type FindOptions,
  resolved,
  type RunOptions,
} from './options.ts';

export interface VerifyOptions extends RunOptions, FindOptions, KeyOptions {
  readonly plan?: string;
  readonly format: FormatName;
  readonly failOn: Severity;
  readonly out: string;
  readonly policy?: string;
}

/** Declares `reprove verify`; what it does is loaded when it is called. */
export function addVerifyCommand(program: Command): void {
  const command = program
    .command('verify')
    .description('rebuild a package version and compare it with what the registry serves')
    .argument('<package version>', 'name, name@version, name@tag, name@range, a purl, or a local .tgz')
    .addOption(
      new Option(
        '--plan <file>',
        'rebuild as this file says: the --json of "reprove plan", as it is or edited, or of an earlier result',
      )
        .argParser(resolved)
        .conflicts('source'),
    );
  addFailOnOption(addFormatOptions(command), 'exit 0 for a divergence milder than this');
  command.option('--policy <file>', 'what to accept (see docs/policy.md); decides the exit code', resolved);
  addKeyOptions(command).option('--out <folder>', 'where signed results are written', resolved, '.');
  addEngineOption(addFindOptions(command))
    .addHelpText('after', EXIT_CODES)
    .action(async (spec: string, options: VerifyOptions) => {
      const { runVerify } = await import('./verify.ts');
      process.exitCode = await runVerify(spec, options);
    });
}

const EXIT_CODES = `
Exit codes: 0 reproduced, 1 diverged, 2 wrong usage, 3 unverifiable, 4 the tool or its environment failed.`;
