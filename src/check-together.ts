import { type AgreementDocument, agreementOf, joined } from './attest/agreement.ts';
import type { CheckDocument } from './attest/check-document.ts';
import { CLAIM_NAMES } from './attest/check-statement.ts';
import { checkAttestation, type CheckRequest, type ExpectedSigner } from './check-attestation.ts';
import { VERSION } from './version.ts';

/** One who may have signed, and others. */
export type Signers = readonly [ExpectedSigner, ...ExpectedSigner[]];

/** The check by the first signer whose signature it is; else by the one whose it most nearly is. */
export async function checkByAny(
  request: Omit<CheckRequest, 'signer'>,
  [first, ...others]: Signers,
): Promise<CheckDocument> {
  let best = await checkAttestation({ ...request, signer: first });
  for (const signer of others) {
    if (best.signer !== null) break;
    const document = await checkAttestation({ ...request, signer });
    if (document.signer !== null || reached(document) > reached(best)) best = document;
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
