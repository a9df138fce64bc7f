#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { VERSION } from '../version.ts';
import { addAffectedCommand } from './affected-options.ts';
import { addBatchCommand } from './batch-options.ts';
import { addCheckAttestationCommand } from './check-attestation-options.ts';
import { addCompareCommand } from './compare-options.ts';
import { addDemoCommand } from './demo-options.ts';
import { failWith } from './failure.ts';
import { addKeygenCommand } from './keygen-options.ts';
import { leave } from './leave.ts';
import { mindOutput } from './output.ts';
import { addPlanCommand } from './plan-options.ts';
import { addReplayCommand } from './replay-options.ts';
import { addReportCommand } from './report-options.ts';
import { addVerifyCommand } from './verify-options.ts';
import { addWatchCommand } from './watch-options.ts';
import { addWorkerCommand } from './worker-options.ts';

const program = new Command('reprove')
  .description(
    'Rebuilds a published package from its source and proves, byte for byte, whether they are the same.',
  )
  .version(VERSION)
  .exitOverride()
  .showHelpAfterError('Run "reprove --help" for what there is.');
addVerifyCommand(program);
addPlanCommand(program);
addCompareCommand(program);
addKeygenCommand(program);
addCheckAttestationCommand(program);
addAffectedCommand(program);
addReplayCommand(program);
addBatchCommand(program);
addWorkerCommand(program);
addReportCommand(program);
addWatchCommand(program);
addDemoCommand(program);

mindOutput(process);
try {
  await program.parseAsync();
} catch (error) {
  // Commander has printed its message; help and version are no errors, anything else is wrong usage.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else failWith(error);
}
process.stdout.write('', () => leave());
