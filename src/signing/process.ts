/**
 * The signing process: the only one that has the private key, or calls the command that has. It starts when there is something to
 * sign, reads nothing but the key or the token and what it signs, and ends. Of libraries it loads what it needs and no more: the
 * schemas that read its answer take longer to load than a key to open.
 */
import { text } from 'node:stream/consumers';
import { errorAnswer } from '../error-answer.ts';
import { messageOf } from '../errors.ts';
import { readPrivateKey } from '../keys/key-file.ts';
import { keyId, publicPart } from '../keys/kinds.ts';
import { passphraseFrom } from '../keys/passphrase.ts';
import { type Signable, signWithKey } from '../sigstore/sign-bundle.ts';
import type { SigningServices } from '../sigstore/sign-keyless.ts';
import type { SignedByCommand } from './by-command.ts';
import type { SignAnswer, SignRequest, SignWith } from './protocol.ts';

async function answer(): Promise<SignAnswer> {
  // Whoever started this process has made it from a value of this type.
  const request = JSON.parse(await text(process.stdin)) as SignRequest;
  const { payloadType } = request;
  const signables = request.payloads.map((payload) => ({
    payload: Buffer.from(payload, 'base64'),
    payloadType,
  }));
  if (request.with.kind === 'keyless') return keyless(request.with, signables);
  return request.with.kind === 'key' ? byKey(request.with, signables) : byCommand(request.with, signables);
}

async function byKey(
  { file, passphraseFile }: Extract<SignWith, { kind: 'key' }>,
  signables: readonly Signable[],
): Promise<SignAnswer> {
  const passphrase = await passphraseFrom({ file: passphraseFile, twice: false });
  const key = await readPrivateKey(file, passphrase);
  const id = keyId(key);
  const bundles = signables.map((signable) => signWithKey(signable, { key, id }));
  return signedByKey({ publicKey: publicPart(key), id, bundles });
}

async function byCommand(
  command: Extract<SignWith, { kind: 'command' }>,
  signables: readonly Signable[],
): Promise<SignAnswer> {
  const { signByCommand } = await import('./by-command.ts');
  return signedByKey(await signByCommand(signables, command));
}

function signedByKey({ publicKey, id, bundles }: SignedByCommand): SignAnswer {
  return {
    ok: true,
    signer: { kind: 'key', id },
    publicKey: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    bundles: bundles.map((bundle) => ({ ...bundle })),
  };
}

async function keyless(services: SigningServices, signables: readonly Signable[]): Promise<SignAnswer> {
  const { signKeyless } = await import('../sigstore/sign-keyless.ts');
  const { identity, bundles } = await signKeyless(signables, services);
  const signer = { kind: 'certificate', identity } as const;
  return { ok: true, signer, publicKey: null, bundles: bundles.map((bundle) => ({ ...bundle })) };
}

function failed(error: unknown): SignAnswer {
  const what = 'The signing process failed in a way that should not be possible.';
  return errorAnswer(error, { what, why: messageOf(error) });
}

process.stdout.write(JSON.stringify(await answer().catch(failed)));
