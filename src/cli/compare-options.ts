import type { Command } from 'commander';
import type { Severity } from '../model/verdict.ts';
import { addFailOnOption, addFormatOptions, addRegistryOptions, type RegistryOptions } from './options.ts';
import type { FormatName } from '../report/format-names.ts';

export interface CompareOptions extends RegistryOptions {
  readonly format: FormatName;
  readonly failOn: Severity;
}

/** Declares `reprove compare`; what it does is loaded when it is called. */
export function addCompareCommand(program: Command): void {
  const command = program
    .command('compare')
    .description('show what differs between two artifacts, and what added code can do; rebuilds nothing')
    .argument('<A>', 'name@version, a purl, or a local .tgz: the one that is known')
    .argument('<B>', 'the same: the one to look at');
  addFailOnOption(addFormatOptions(command), 'exit 0 for differences milder than this');
  addRegistryOptions(command)
    .addHelpText('after', EXIT_CODES)
    .action(async (base: string, subject: string, options: CompareOptions) => {
      const { runCompare } = await import('./compare.ts');
      process.exitCode = await runCompare({ base, subject }, options);
    });
}

const EXIT_CODES = `
Exit codes: 0 the same files, 1 different, 2 wrong usage, 3 one of them is not to be had or no package, 4 the tool or its
environment failed.`;
