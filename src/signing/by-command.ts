import { type KeyObject, verify } from 'node:crypto';
import { Writable } from 'node:stream';
import { ReproveError } from '../errors.ts';
import { readPublicKey } from '../keys/key-file.ts';
import { keyId } from '../keys/kinds.ts';
import { run } from '../process.ts';
import { isBase64 } from '../sigstore/base64.ts';
import {
  bundleOf,
  hashOf,
  preAuthEncoding,
  type SerializedBundle,
  type Signable,
} from '../sigstore/sign-bundle.ts';

/** A program that signs with a key that it alone can reach: of a token, a module or a service. */
export interface SigningCommand {
  /** The program and its arguments. */
  readonly argv: readonly [string, ...string[]];
  readonly publicKeyFile: string;
}

export interface SignedByCommand {
  readonly publicKey: KeyObject;
  readonly id: string;
  readonly bundles: readonly SerializedBundle[];
}

/** Somebody may have to touch a token. */
const PATIENCE_MS = 120_000;
const LARGEST_SIGNATURE = 4096;

/**
 * Signs with a command: it gets the bytes to sign (the envelope's PAE) on its stdin, and prints the signature. No signature is
 * taken that is not one of the public key over those bytes.
 *
 * @throws ReproveError `usage` for a public key that cannot be used; `signing-failed` for a command that does not sign
 */
export async function signByCommand(
  signables: readonly Signable[],
  command: SigningCommand,
): Promise<SignedByCommand> {
  const publicKey = await readPublicKey(command.publicKeyFile);
  const id = keyId(publicKey);
  const bundles: SerializedBundle[] = [];
  // One after another: a token answers one question at a time.
  for (const signable of signables) {
    const signature = await signatureBy(command, preAuthEncoding(signable), publicKey);
    bundles.push(bundleOf(signable, signature, id));
  }
  return { publicKey, id, bundles };
}

async function signatureBy({ argv }: SigningCommand, bytes: Buffer, key: KeyObject): Promise<Buffer> {
  const [file, ...args] = argv;
  const printed: Buffer[] = [];
  const tooMuch = new AbortController();
  const stdoutTo = new Writable({
    write(chunk: Buffer, _, done) {
      printed.push(chunk);
      if (lengthOf(printed) > LARGEST_SIGNATURE) tooMuch.abort();
      done();
    },
  });
  const { signal } = tooMuch;
  const ended = await run({
    file,
    args,
    input: bytes,
    inheritEnv: true,
    timeoutMs: PATIENCE_MS,
    stdoutTo,
    signal,
  });
  const said = new TextDecoder().decode(ended.stderr).trim().slice(-500);
  const toldBy = said === '' ? '' : `: ${said}`;
  if (signal.aborted) throw unsigned(file, `It printed more than ${LARGEST_SIGNATURE} bytes.`);
  if (ended.startError !== null) throw unsigned(file, `It could not be started: ${ended.startError}`);
  if (ended.timedOut) throw unsigned(file, `It took longer than ${PATIENCE_MS / 1000} seconds${toldBy}.`);
  if (ended.exitCode !== 0) throw unsigned(file, `It ended with ${ended.exitCode ?? ended.signal}${toldBy}.`);
  const signature = signatureIn(Buffer.concat(printed));
  if (signature.length === 0) throw unsigned(file, `It printed nothing${toldBy}.`);
  if (verify(hashOf(key), bytes, key, signature)) return signature;
  throw unsigned(file, `It printed ${signature.length} bytes that are ${whatElse(signature, bytes, key)}.`);
}

function lengthOf(parts: readonly Buffer[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}

/** The signature as it is, or as base64 with at most one end of line. */
function signatureIn(printed: Buffer): Buffer {
  const text = printed.toString('latin1').replace(/\r?\n$/, '');
  return isBase64(text) ? Buffer.from(text, 'base64') : printed;
}

function whatElse(signature: Buffer, bytes: Buffer, key: KeyObject): string {
  const isPair = key.asymmetricKeyType === 'ec' && signature.length === 64;
  if (isPair && verify('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }, signature))
    return 'the right signature as a pair of numbers; it has to be in DER (pkcs11-tool: --signature-format openssl)';
  return 'no signature of the public key over what was on stdin';
}

function unsigned(file: string, why: string): ReproveError {
  return new ReproveError('signing-failed', {
    what: `The command ${file} has not signed.`,
    why,
    next: 'It has to print the signature of its whole stdin, raw or in base64, and nothing else (docs/attestations.md).',
  });
}
