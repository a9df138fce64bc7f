import { type AgreementDocument, agreementOf, joined } from './attest/agreement.ts';
import type { CheckDocument } from './attest/check-document.ts';
import { CLAIM_NAMES } from './attest/check-statement.ts';
import {
  type CheckRequest,
  type ExpectedSigner,
  openAttestation,
  type OpenedAttestation,
} from './check-attestation.ts';
import { VERSION } from './version.ts';

/** One who may have signed, and others. */
export type Signers = readonly [ExpectedSigner, ...ExpectedSigner[]];

/** The check by the first signer whose signature it is; else by the one whose it most nearly is. */
export async function checkByAny(
  request: Omit<CheckRequest, 'signer'>,
  signers: Signers,
): Promise<CheckDocument> {
  return (await openByAny(request, signers)).check;
}

/** `checkByAny`, for whoever goes on with what was signed. */
export async function openByAny(
  request: Omit<CheckRequest, 'signer'>,
  [first, ...others]: Signers,
): Promise<OpenedAttestation> {
  let best = await openAttestation({ ...request, signer: first });
  for (const signer of others) {
    if (best.check.signer !== null) break;
    const opened = await openAttestation({ ...request, signer });
    if (opened.check.signer !== null || reached(opened.check) > reached(best.check)) best = opened;
  }
  return best;
}

/** How far a check got before a claim did not hold. */
function reached({ claims }: CheckDocument): number {
  const failed = claims.find(({ state }) => state === 'fails');
  return failed === undefined ? CLAIM_NAMES.length : CLAIM_NAMES.indexOf(failed.name);
}

/**
 * Checks several attestations, each by itself and then what they come to together.
 *
 * @param options.wanted how many different signers must have rebuilt the file
 * @throws ReproveError `usage` when the trusted root cannot be used
 */
export async function checkTogether(
  bundles: readonly Pick<CheckRequest, 'name' | 'bytes'>[],
  options: {
    readonly request: Omit<CheckRequest, 'name' | 'bytes' | 'signer'>;
    readonly signers: Signers;
    readonly wanted: number;
  },
): Promise<AgreementDocument> {
  const { request, signers, wanted } = options;
  const alone: CheckDocument[] = [];
  for (const bundle of bundles) alone.push(await checkByAny({ ...request, ...bundle }, signers));
  const checks = [...joined(alone)];
  const agreement = agreementOf(checks, wanted);
  const accepted = checks.every((check) => check.accepted) && agreement.problems.length === 0;
  return { schemaVersion: 1, tool: { name: 'reprove', version: VERSION }, accepted, checks, agreement };
}
