import { type Command, Option } from 'commander';
import { ENGINE_NAMES } from '../sandbox/engine.ts';
import { defaultCacheDir } from '../cache-dir.ts';
import { resolved } from './options.ts';

export interface DemoOptions {
  readonly engine: (typeof ENGINE_NAMES)[number] | 'auto';
  readonly cacheDir: string;
}

/** Declares `reprove demo`; what it does is loaded when it is called. */
export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('publish four packages to a registry on this machine, two of them attacked, and verify them')
    .addOption(
      new Option('--engine <name>', 'where to rebuild').choices([...ENGINE_NAMES, 'auto']).default('auto'),
    )
    .option('--cache-dir <folder>', 'toolchains and downloads are kept here', resolved, defaultCacheDir())
    .action(async (options: DemoOptions) => {
      const { runDemo } = await import('./demo.ts');
      process.exitCode = await runDemo(options);
    });
}
