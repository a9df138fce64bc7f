/**
 * The signing process: the only one that opens the private key. It starts when there is something to sign, reads nothing but the
 * key, the passphrase and what it signs, and ends.
 */
import { text } from 'node:stream/consumers';
import { messageOf, ReproveError } from '../errors.ts';
import { readPrivateKey } from '../keys/key-file.ts';
import { keyId } from '../keys/kinds.ts';
import { passphraseFrom } from '../keys/passphrase.ts';
import { signWithKey } from '../sigstore/sign-bundle.ts';
import { type SignAnswer, SignRequest } from './protocol.ts';

async function answer(): Promise<SignAnswer> {
  const request = SignRequest.parse(JSON.parse(await text(process.stdin)));
  const passphrase = await passphraseFrom({ file: request.passphraseFile, twice: false });
  const key = await readPrivateKey(request.key, passphrase);
  const id = keyId(key);
  const { payloadType } = request;
  const bundles = request.payloads.map((payload) => ({
    ...signWithKey({ payload: Buffer.from(payload, 'base64'), payloadType }, { key, id }),
  }));
  return { ok: true, keyId: id, bundles: bundles };
}

function failed(error: unknown): SignAnswer {
  if (error instanceof ReproveError) return { ok: false, code: error.code, text: { ...error.text } };
  const what = 'The signing process failed in a way that should not be possible.';
  return {
    ok: false,
    code: 'internal',
    text: { what, why: messageOf(error), next: 'Please report it, with the command and this text.' },
  };
}

process.stdout.write(JSON.stringify(await answer().catch(failed)));
