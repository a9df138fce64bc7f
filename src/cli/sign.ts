import { randomUUID } from 'node:crypto';
import { attestResult } from '../attest-result.ts';
import type { Occasion } from '../attest/statement.ts';
import { BUILDERS } from '../attest/type-uris.ts';
import { ReproveError } from '../errors.ts';
import { checkPrivateKeyFile } from '../keys/key-file.ts';
import { checkPassphraseSource } from '../keys/passphrase.ts';
import type { ResultDocument } from '../report/document.ts';
import type { SignWith } from '../signing/protocol.ts';
import type { KeyOptions, VerifyOptions } from './verify-options.ts';

export interface SignedResult {
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
): Promise<(document: ResultDocument) => Promise<SignedResult>> {
  const { out } = options;
  const signWith = await signWithOf(options);
  if (signWith === null) return (document) => Promise.resolve({ document, failure: null });
  const startedOn = new Date().toISOString();
  return async (document) => {
    const occasion = occasionOf(signWith, startedOn);
    const parameters = { source: options.source ?? null, isPlanGiven: options.plan !== undefined };
    try {
      const signed = await attestResult(document, { with: signWith, out, occasion, parameters });
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
  const { key: file, keyless, fulcioUrl, rekorUrl } = options;
  if (keyless) return { kind: 'keyless', fulcioUrl, rekorUrl };
  if (file === undefined) return null;
  const passphraseFile = options.passphraseFile ?? null;
  await checkPrivateKeyFile(file);
  await checkPassphraseSource(passphraseFile);
  return { kind: 'key', file, passphraseFile };
}

/** The occasion of a result that is signed now. */
export function occasionOf(signWith: SignWith, startedOn: string): Occasion {
  return {
    builder: BUILDERS[signWith.kind === 'key' ? 'command-line' : 'workflow'],
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
