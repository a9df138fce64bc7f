import { type Command, Option } from 'commander';
import { KEY_KINDS, type KeyKind } from '../keys/kinds.ts';
import { resolved } from './options.ts';

export interface KeygenOptions {
  readonly out: string;
  readonly passphraseFile?: string;
  readonly type: KeyKind;
}

/** Declares `reprove keygen`; what it does is loaded when it is called. */
export function addKeygenCommand(program: Command): void {
  program
    .command('keygen')
    .description('make a key pair to sign results with: <prefix>.key, encrypted, and <prefix>.pub')
    .requiredOption(
      '--out <prefix>',
      'where to put the two files; what is there is never overwritten',
      resolved,
    )
    .option(
      '--passphrase-file <file>',
      "the key's passphrase is its first line (default: env REPROVE_PASSPHRASE, else it is asked for)",
      resolved,
    )
    .addOption(new Option('--type <kind>', 'kind of key').choices(KEY_KINDS).default('p256'))
    .action(async (options: KeygenOptions) => {
      const { runKeygen } = await import('./keygen.ts');
      process.exitCode = await runKeygen(options);
    });
}
