import { type Command, Option } from 'commander';
import { argvOf } from './argv.ts';
import { resolved, url } from './options.ts';

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
