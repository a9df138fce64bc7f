import { randomUUID } from 'node:crypto';
import { attestResult, type SignRequest } from '../attest-result.ts';
import type { Occasion } from '../attest/statement.ts';
import { BUILDERS } from '../attest/type-uris.ts';
import { ReproveError } from '../errors.ts';
import { checkPrivateKeyFile, readPublicKey } from '../keys/key-file.ts';
import { checkPassphraseSource } from '../keys/passphrase.ts';
import type { ResultDocument } from '../report/document.ts';
import type { SignWith } from '../signing/protocol.ts';
import type { KeyOptions } from './key-options.ts';
import type { RegistryOptions } from './options.ts';
import type { VerifyOptions } from './verify-options.ts';

const PUBLIC_LOG = 'https://rekor.sigstore.dev';

/** A result after it was to be signed. */
export interface SigningOutcome {
  readonly document: ResultDocument;
  /** Why it could not be signed; null when it was, or when nobody asked for it. */
  readonly failure: ReproveError | null;
}

/**
 * Gives what signs the result as the options say. What can be known of the key without opening it is checked now; it is opened
 * when there is a result, and in a process of its own.
 *
 * @throws ReproveError `usage` when the key or its passphrase cannot be used
 */
export async function openSigning(
  options: VerifyOptions,
): Promise<(document: ResultDocument) => Promise<SigningOutcome>> {
  const { out } = options;
  const signWith = await signWithOf(options);
  if (signWith === null) return (document) => Promise.resolve({ document, failure: null });
  const startedOn = new Date().toISOString();
  return async (document) => {
    const occasion = occasionOf(signWith, startedOn);
    const parameters = { source: options.source ?? null, isPlanGiven: options.plan !== undefined };
    try {
      const signed = await attestResult(document, {
        ...signingOf(options, signWith),
        out,
        occasion,
        parameters,
      });
      sayWhere(signed, out);
      return { document: signed, failure: null };
    } catch (error) {
      if (error instanceof ReproveError) return { document, failure: error };
      throw error;
    }
  };
}

/**
 * What the options say to sign with; null: nothing.
 *
 * @throws ReproveError `usage` when the key or its passphrase cannot be used
 */
export async function signWithOf(options: KeyOptions): Promise<SignWith | null> {
  const { key: file, keyless, fulcioUrl, rekorUrl = PUBLIC_LOG, tsaUrl = null } = options;
  if (keyless) return { kind: 'keyless', fulcioUrl, rekorUrl, tsaUrl };
  if (options.keyCommand !== undefined || options.publicKey !== undefined) return commandOf(options);
  if (file === undefined) {
    if (options.rekorUrl === undefined && tsaUrl === null) return null;
    throw new ReproveError('usage', {
      what: 'It is not said with what to sign.',
      why: 'A log and a timestamp authority witness a signature, and there would be none.',
      next: 'Give --key, --key-command or --keyless as well, or leave out --rekor-url and --tsa-url.',
    });
  }
  const passphraseFile = options.passphraseFile ?? null;
  await checkPrivateKeyFile(file);
  await checkPassphraseSource(passphraseFile);
  return { kind: 'key', file, passphraseFile };
}

/** How to sign and who witnesses it, as the options say. */
export function signingOf(
  options: KeyOptions & RegistryOptions,
  signWith: SignWith,
): Pick<SignRequest, 'with' | 'witnesses' | 'trust'> {
  const { rekorUrl = null, tsaUrl = null, trustedRoot = null, cacheDir } = options;
  return { with: signWith, witnesses: { rekorUrl, tsaUrl }, trust: { file: trustedRoot, cacheDir } };
}

/** What can be known of the command without running it: whether the public key can be used. */
async function commandOf({ keyCommand, publicKey }: KeyOptions): Promise<SignWith> {
  if (keyCommand === undefined || publicKey === undefined) {
    throw new ReproveError('usage', {
      what: 'The command that signs and its public key belong together.',
      why: keyCommand === undefined ? 'There is no --key-command.' : 'There is no --public-key.',
      next: 'Give both: no signature is taken that is not one of that key.',
    });
  }
  await readPublicKey(publicKey);
  return { kind: 'command', argv: keyCommand, publicKeyFile: publicKey };
}

/** The occasion of a result that is signed now. */
export function occasionOf(signWith: SignWith, startedOn: string): Occasion {
  return {
    builder: BUILDERS[signWith.kind === 'keyless' ? 'workflow' : 'command-line'],
    startedOn,
    finishedOn: new Date().toISOString(),
    invocationId: `urn:uuid:${randomUUID()}`,
  };
}

function sayWhere({ attestation, subject }: ResultDocument, out: string): void {
  const text =
    attestation === null
      ? `nothing was signed: there is no file of ${subject.name} that a statement could be about`
      : `signed: ${attestation.files.map(({ name }) => name).join(', ')} in ${out}`;
  process.stderr.write(`reprove: ${text}\n`);
}
