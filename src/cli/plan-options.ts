import { type Command, Option } from 'commander';
import { addFindOptions, type FindOptions } from './options.ts';

export interface PlanOptions extends FindOptions {
  readonly format: 'text' | 'json' | 'dockerfile';
}

/** Declares `reprove plan`; what it does is loaded when it is called. */
export function addPlanCommand(program: Command): void {
  const command = program
    .command('plan')
    .description('show how a package version would be rebuilt; builds nothing')
    .argument('<package version>', 'name, name@version, name@tag, name@range, a purl, or a local .tgz')
    .addOption(
      new Option('--format <name>', 'how to print: dockerfile is the first plan, to be built without reprove')
        .choices(['text', 'json', 'dockerfile'])
        .default('text'),
    )
    .addOption(
      new Option('--json', 'print the document that "reprove verify --plan" takes, instead of text').implies({
        format: 'json',
      }),
    );
  addFindOptions(command)
    .addHelpText('after', EXIT_CODES)
    .action(async (spec: string, options: PlanOptions) => {
      const { runPlan } = await import('./plan.ts');
      process.exitCode = await runPlan(spec, options);
    });
}

const EXIT_CODES = `
Exit codes: 0 there is a plan, 2 wrong usage, 3 unverifiable without any, 4 the tool or its environment failed.`;
