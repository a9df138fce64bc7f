import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type SignedResult, signResult } from '../attest-result.ts';
import type { Judging } from '../batch/conclude.ts';
import type { Terms } from '../batch/terms.ts';
import { ReproveError } from '../errors.ts';
import { PASSPHRASE_VARIABLE } from '../keys/passphrase.ts';
import { type StatedPolicy, withPolicy } from '../policy/apply.ts';
import type { ResultDocument } from '../report/document.ts';
import type { SignWith } from '../signing/protocol.ts';
import { VERSION } from '../version.ts';
import type { KeyOptions } from './key-options.ts';
import type { RegistryOptions } from './options.ts';
import { readPolicy } from './policy.ts';
import { occasionOf, signingOf, signWithOf } from './sign.ts';

interface JudgingOptions extends RegistryOptions, KeyOptions {
  readonly policy?: string;
}

/** How a command that verifies many package versions judges and signs them, and the terms that this makes. */
export interface UnattendedJudging extends Judging {
  readonly terms: Terms;
}

/**
 * Reads the policy, and what can be known of the key without opening it.
 *
 * @throws ReproveError `usage` when one cannot be used, or somebody would have to type the passphrase
 */
export async function openJudging(options: JudgingOptions): Promise<UnattendedJudging> {
  const policy = await readPolicy(options.policy);
  const signWith = await signWithOf(options);
  requireUnattended(signWith);
  return {
    terms: {
      tool: VERSION,
      registry: options.registry ?? null,
      policy: policy?.sha256 ?? null,
      signer: await signerOf(signWith),
    },
    judge: (document) => judgedBy(policy, document),
    sign: (document) => signedAs(document, options, signWith),
  };
}

/** A batch signs for hours: nobody sits there to type a passphrase for each result. */
function requireUnattended(signWith: SignWith | null): void {
  if (signWith?.kind !== 'key' || signWith.passphraseFile !== null) return;
  if (process.env[PASSPHRASE_VARIABLE] !== undefined) return;
  throw new ReproveError('usage', {
    what: 'There is no passphrase for the key.',
    why: 'The key is opened for every result, and it would be asked for each time.',
    next: `Give it as the first line of a file with --passphrase-file, or in ${PASSPHRASE_VARIABLE}.`,
  });
}

/** What tells one signer from another without opening the key. */
async function signerOf(signWith: SignWith | null): Promise<string | null> {
  if (signWith === null) return null;
  if (signWith.kind !== 'key') return JSON.stringify(signWith);
  return createHash('sha256')
    .update(await readFile(signWith.file))
    .digest('hex');
}

function judgedBy(policy: StatedPolicy | null, document: ResultDocument): ResultDocument {
  return policy === null ? document : withPolicy(document, policy, new Date());
}

async function signedAs(
  document: ResultDocument,
  options: JudgingOptions,
  signWith: SignWith | null,
): Promise<SignedResult> {
  if (signWith === null) return { document, bundles: [] };
  const startedOn = new Date(Date.now() - document.timings.totalMs).toISOString();
  return signResult(document, {
    ...signingOf(options, signWith),
    occasion: occasionOf(signWith, startedOn),
    parameters: { source: null, isPlanGiven: false },
  });
}
