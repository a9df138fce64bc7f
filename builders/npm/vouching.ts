import { absence } from '../../src/model/absences.ts';
import type { BundleVerifier } from '../../src/sigstore/verify-bundle.ts';
import {
  type AskedAttestations,
  askAttestations,
  type CheckedProvenance,
  checkProvenance,
} from './provenance.ts';
import { NOTHING_VOUCHED, registrySignature, type Vouched } from './registry-signature.ts';
import type { RegistryClient } from './registry/client.ts';
import type { PackageDocument, VersionDocument } from './registry/document.ts';

/** What is asked of a registry about the signatures of a version, while its artifact comes. */
export interface Asked {
  readonly signature: Promise<Vouched>;
  readonly attestations: Promise<AskedAttestations>;
}

/** Asks at once, so that nobody waits for it later. A failure is met by whoever takes the answer. */
export function askSignatures(facts: {
  readonly client: RegistryClient;
  readonly document: PackageDocument;
  readonly version: VersionDocument;
}): Asked {
  const signature = registrySignature(facts);
  const attestations = askAttestations(facts.client, facts.version);
  for (const one of [signature, attestations]) one.catch(() => undefined);
  return { signature, attestations };
}

/**
 * Who vouches for an artifact: the registry with its signature, and the workflow that built it.
 *
 * @param asked null for a file that is not the registry's: nothing that the registry signed is about it
 */
export async function vouchedFor(
  asked: Asked | null,
  facts: {
    readonly client: RegistryClient;
    readonly verifier: BundleVerifier;
    readonly name: string;
    readonly purl: string;
    /** Of the artifact, lowercase hex. */
    readonly sha512: string;
  },
): Promise<CheckedProvenance> {
  if (asked === null) {
    const why = 'The file is not one that the registry serves, and so not one that it has signed.';
    const absent = [absence('registry-signature', why), absence('provenance', why)];
    return { ...NOTHING_VOUCHED, absent, stated: null, signer: null };
  }
  const signature = await asked.signature;
  const provenance = await checkProvenance({ ...facts, asked: await asked.attestations });
  return {
    ...provenance,
    signals: [...signature.signals, ...provenance.signals],
    checked: [...signature.checked, ...provenance.checked],
    absent: [...signature.absent, ...provenance.absent],
  };
}
