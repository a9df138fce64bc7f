import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ReproveError } from '../errors.ts';
import { PASSPHRASE_VARIABLE } from '../keys/passphrase.ts';
import { type Command, run } from '../process.ts';
import { SignAnswer, type SignRequest, type SignWith } from './protocol.ts';

const PROCESS = fileURLToPath(new URL(`./process${path.extname(import.meta.url)}`, import.meta.url));

export interface Signed {
  readonly signer: Extract<SignAnswer, { ok: true }>['signer'];
  /** Sigstore bundles as JSON, in the order of the payloads. */
  readonly bundles: readonly unknown[];
}

/**
 * Signs in a process of its own, so that the key is never in the memory of one that has read archives and repositories of others.
 *
 * @throws ReproveError what the signing process met: a wrong passphrase, an unusable key
 */
export async function signApart(request: {
  readonly with: SignWith;
  readonly payloadType: string;
  readonly payloads: readonly Buffer[];
}): Promise<Signed> {
  const payloads = request.payloads.map((payload) => payload.toString('base64'));
  const asked: SignRequest = { ...request, payloads };
  const result = await run({
    file: process.execPath,
    args: [PROCESS],
    ...environmentFor(request.with),
    input: JSON.stringify(asked),
  });
  const answer = result.exitCode === 0 ? answerOf(result.stdout) : null;
  if (answer === null) throw broken(result.startError ?? new TextDecoder().decode(result.stderr).trim());
  if (!answer.ok) throw new ReproveError(answer.code, answer.text);
  return answer;
}

/** A key takes its passphrase from there; CI systems tell much more in it, and so do proxies on the way to the services. */
function environmentFor({ kind }: SignWith): Pick<Command, 'env' | 'inheritEnv'> {
  const passphrase = process.env[PASSPHRASE_VARIABLE];
  if (kind === 'keyless') return { inheritEnv: true };
  return { env: passphrase === undefined ? {} : { [PASSPHRASE_VARIABLE]: passphrase } };
}

function answerOf(stdout: Uint8Array): SignAnswer {
  return SignAnswer.parse(JSON.parse(new TextDecoder().decode(stdout)));
}

function broken(said: string): ReproveError {
  return new ReproveError('internal', {
    what: 'The signing process ended without an answer.',
    why: said === '' ? 'It said nothing.' : said.slice(-2000),
    next: 'Please report it, with the command and this text.',
  });
}
