import path from 'node:path';
import { type Command, Option } from 'commander';
import type { Severity } from '../model/verdict.ts';
import type { FormatName } from '../report/format-names.ts';
import { argvOf } from './argv.ts';
import {
  addEngineOption,
  addFailOnOption,
  addFindOptions,
  addFormatOptions,
  type FindOptions,
  type RunOptions,
  url,
} from './options.ts';

/** With what results are signed, and who witnesses it. */
export interface KeyOptions {
  readonly key?: string;
  readonly passphraseFile?: string;
  readonly keyCommand?: readonly [string, ...string[]];
  readonly publicKey?: string;
  readonly keyless: boolean;
  readonly fulcioUrl: string;
  readonly rekorUrl?: string;
  readonly tsaUrl?: string;
}

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
        .argParser((file) => path.resolve(file))
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

const resolved = (file: string) => path.resolve(file);

/** Adds with what a result is signed. */
export function addKeyOptions(command: Command): Command {
  return command
    .option('--key <private key>', 'sign the result with this key (see "reprove keygen")', resolved)
    .option(
      '--passphrase-file <file>',
      "the key's passphrase is its first line (default: env REPROVE_PASSPHRASE, else it is asked for)",
      resolved,
    )
    .addOption(
      new Option(
        '--key-command <command>',
        'sign with a key that this command alone can reach: it gets the bytes on stdin and prints the signature',
      )
        .argParser(argvOf)
        .conflicts(['key', 'passphraseFile']),
    )
    .option('--public-key <file>', 'the public part of the key of --key-command', resolved)
    .addOption(
      new Option(
        '--keyless',
        'sign as the CI workflow that this runs in, under a certificate and in a public log',
      )
        .default(false)
        .conflicts(['key', 'passphraseFile', 'keyCommand', 'publicKey']),
    )
    .option('--fulcio-url <url>', 'certificate authority for --keyless', url, 'https://fulcio.sigstore.dev')
    .option(
      '--rekor-url <url>',
      'have this transparency log take what is signed (default with --keyless: https://rekor.sigstore.dev)',
      url,
    )
    .option('--tsa-url <url>', 'have this timestamp authority (RFC 3161) say when it was signed', url);
}

const EXIT_CODES = `
Exit codes: 0 reproduced, 1 diverged, 2 wrong usage, 3 unverifiable, 4 the tool or its environment failed.`;
