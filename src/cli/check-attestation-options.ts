import { type Command, InvalidArgumentError } from 'commander';
import { duration } from './duration.ts';
import {
  addRegistryOptions,
  addSignerOptions,
  resolved,
  type RegistryOptions,
  type SignerOptions,
} from './options.ts';

export interface CheckAttestationOptions extends RegistryOptions, SignerOptions {
  readonly artifact?: string;
  /** Milliseconds. */
  readonly maxAge?: number;
  readonly independent?: number;
  readonly witnessed: boolean;
  readonly json: boolean;
}

/** Declares `reprove check-attestation`; what it does is loaded when it is called. */
export function addCheckAttestationCommand(program: Command): void {
  const command = program
    .command('check-attestation')
    .description('check signed results: who signed them, what they say, and whether that is about your file')
    .argument(
      '<bundle...>',
      'Sigstore bundles, or folders of them; the last may be the file or package version',
    )
    .option('--artifact <artifact>', 'the file or package version that they should be about');
  addSignerOptions(command)
    .option('--policy <file>', 'what to accept, and whose signatures (see docs/policy.md)', resolved)
    .option('--max-age <time>', 'refuse what is older, for example 12h or 90d', duration)
    .option('--independent <count>', 'so many different signers must have rebuilt it and agree', count)
    .option('--witnessed', 'a log or a timestamp authority must have seen the signature', false)
    .option('--json', 'print one document instead of text', false);
  addRegistryOptions(command)
    .addHelpText('after', EXIT_CODES)
    .action(async (words: readonly string[], options: CheckAttestationOptions) => {
      const { readOnce } = await import('../read-once.ts');
      // Before the schemas are there.
      readOnce();
      const { runCheckAttestation } = await import('./check-attestation.ts');
      process.exitCode = await runCheckAttestation(words, options);
    });
}

function count(value: string): number {
  if (/^[1-9]\d{0,2}$/.test(value)) return Number(value);
  throw new InvalidArgumentError('It must be a number from 1 to 999.');
}

const EXIT_CODES = `
Exit codes: 0 accepted, 1 refused, or accepted and one says diverged, 2 wrong usage, 3 accepted and one says unverifiable,
4 the tool or its environment failed. With --policy what it accepts is 0, whatever the verdict.`;
