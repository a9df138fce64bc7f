import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ReproveError } from '../errors.ts';
import { PASSPHRASE_VARIABLE } from '../keys/passphrase.ts';
import { type Command, run } from '../process.ts';
import { SignAnswer, type SignRequest, type SignWith } from './protocol.ts';

const PROCESS = fileURLToPath(new URL(`./process${path.extname(import.meta.url)}`, import.meta.url));

export interface Signed {
  readonly signer: Extract<SignAnswer, { ok: true }>['signer'];
  /** PEM; null when a certificate has it. */
  readonly publicKey: string | null;
  /** Sigstore bundles as JSON, in the order of the payloads. */
  readonly bundles: readonly unknown[];
}

export interface SignApartRequest {
  readonly with: SignWith;
  /** A media type. */
  readonly payloadType: string;
  readonly payloads: readonly Buffer[];
}

/**
 * Signs in a process of its own, so that the key is never in the memory of one that has read archives and repositories of others.
 *
 * @throws ReproveError what the signing process met: a wrong passphrase, an unusable key
 */
export async function signApart(request: SignApartRequest): Promise<Signed> {
  const payloads = request.payloads.map((payload) => payload.toString('base64'));
  const asked: SignRequest = { with: request.with, payloadType: request.payloadType, payloads };
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

/**
 * A key takes its passphrase from there; CI systems, commands and proxies are configured by much more of it. To open a key takes 16
 * MiB, filled once: in large pages that is half the time (glibc manual, "Memory Allocation Tunables"; nobody else reads the variable).
 */
export function environmentFor({ kind }: Pick<SignWith, 'kind'>): Pick<Command, 'env' | 'inheritEnv'> {
  const passphrase = process.env[PASSPHRASE_VARIABLE];
  if (kind !== 'key') return { inheritEnv: true };
  return {
    env: {
      GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1',
      ...(passphrase !== undefined && { [PASSPHRASE_VARIABLE]: passphrase }),
    },
  };
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
