import { type Command, Option } from 'commander';
import { repeated } from './options.ts';

/** The formats of what was found. */
const AFFECTED_FORMATS = ['text', 'json', 'sarif'] as const;

export interface AffectedOptions {
  readonly list: readonly string[];
  readonly format: (typeof AFFECTED_FORMATS)[number];
}

/** Declares `reprove affected`; what it does is loaded when it is called. */
export function addAffectedCommand(program: Command): void {
  program
    .command('affected')
    .description(
      'find which lockfiles and SBOMs hold a version that is known to be bad, where, and by which way',
    )
    .argument(
      '<files or folders...>',
      'lockfiles, SBOMs, lists of package versions, or folders with lockfiles',
    )
    .addOption(
      new Option(
        '--list <file or folder>',
        'bad versions: name@version or purls, one a line, or advisories in the OSV format; repeatable',
      )
        .argParser(repeated)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--format <name>', 'how to print what was found').choices(AFFECTED_FORMATS).default('text'),
    )
    .addOption(new Option('--json', 'the same as --format json').implies({ format: 'json' }))
    .addHelpText('after', EXIT_CODES)
    .action(async (paths: readonly string[], options: AffectedOptions) => {
      const { runAffected } = await import('./affected.ts');
      process.exitCode = await runAffected(paths, options);
    });
}

const EXIT_CODES = `
Exit codes: 0 nothing is affected, 1 something is, 2 wrong usage or a list that cannot be read, 3 nothing is as far as the
files can be read, 4 the tool or its environment failed.`;
