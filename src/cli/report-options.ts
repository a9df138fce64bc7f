import type { Command } from 'commander';
import type { FormatName } from '../report/format-names.ts';
import { addFormatOptions, addStoreOption } from './options.ts';

export interface ReportOptions {
  readonly store: string;
  readonly series?: string;
  readonly batch?: string;
  readonly format: FormatName;
}

/** Declares `reprove report`; what it does is loaded when it is called. */
export function addReportCommand(program: Command): void {
  const command = program
    .command('report')
    .description('show how the last batch came out, and what changed since the one before')
    .option('--series <name>', 'the last batch of this name (default: the last of all)')
    .option('--batch <id>', 'the batch with this id');
  addStoreOption(command);
  addFormatOptions(command)
    .addHelpText('after', '\nExit codes: 0 it was shown, 2 wrong usage, 4 the store failed.')
    .action(async (options: ReportOptions) => {
      const { runReport } = await import('./report.ts');
      process.exitCode = await runReport(options);
    });
}
