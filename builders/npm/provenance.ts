import { z } from 'zod';
import { absence } from '../../src/model/absences.ts';
import { signal } from '../../src/model/signals.ts';
import type { ProvenanceSigner } from '../../src/model/source.ts';
import type { Signal } from '../../src/model/verdict.ts';
import type { BundleVerifier, CertifiedSigner } from '../../src/sigstore/verify-bundle.ts';
import { parseRepositoryUrl } from '../../src/source/repository-url.ts';
import { disagreementOf, workflowSigner } from '../../src/source/signer.ts';
import type { Attestation, Attestations, ProvenanceHint } from './registry/attestations.ts';
import type { RegistryClient } from './registry/client.ts';
import type { VersionDocument } from './registry/document.ts';
import { NOTHING_VOUCHED, type Vouched } from './registry-signature.ts';
import { keysFor, whyNot } from './signing-keys.ts';

/** What a provenance statement says, and whether it may be believed. */
export interface StatedProvenance {
  readonly repository: string | null;
  /** 40 hex. */
  readonly commit: string | null;
  readonly workflow: string | null;
  readonly assurance: 'signature checked' | 'signature not valid' | 'signature not checked';
}

export interface CheckedProvenance extends Vouched {
  readonly stated: StatedProvenance | null;
  /** Null unless a workflow's signature was checked. Whose it should be is known once there is a source. */
  readonly signer: ProvenanceSigner | null;
}

const NO_PROVENANCE: CheckedProvenance = { ...NOTHING_VOUCHED, stated: null, signer: null };

/** The attestations of a version, or in words why they cannot be had; null when the registry names none. */
export type AskedAttestations = Attestations | { readonly why: string } | null;

/** Asks the registry for the attestations that its document names. */
export async function askAttestations(
  client: RegistryClient,
  version: VersionDocument,
): Promise<AskedAttestations> {
  if (version.dist.attestationsUrl === null) return null;
  try {
    return (await client.attestations(version)) ?? { why: 'the registry names attestations and has none' };
  } catch (error) {
    return { why: whyNot(error) };
  }
}

export interface ProvenanceFacts {
  readonly asked: AskedAttestations;
  readonly client: RegistryClient;
  readonly verifier: BundleVerifier;
  readonly name: string;
  readonly purl: string;
  /** Of the artifact, lowercase hex. */
  readonly sha512: string;
}

const PROVENANCE = 'https://slsa.dev/provenance/';
/** What the registry signs itself when it takes a version with provenance (npm/attestation, specs/publish). */
const PUBLICATION = 'https://github.com/npm/attestation/tree/main/specs/publish/';

const Statement = z.object({
  predicateType: z.string(),
  subject: z
    .array(z.object({ name: z.string(), digest: z.object({ sha512: z.string() }) }))
    .min(1)
    .max(100),
});

/**
 * Checks what is attested about an artifact: that the statement is about this file, that its Sigstore bundle holds, and
 * that a workflow of a repository signed it, which agrees with what the statement says.
 */
export async function checkProvenance(facts: ProvenanceFacts): Promise<CheckedProvenance> {
  const { asked } = facts;
  if (asked === null) return { ...NO_PROVENANCE, absent: [absence('provenance')] };
  if ('why' in asked) return unchecked(null, asked.why);
  const publications = await Promise.all(
    ofType(asked, PUBLICATION).map((one) => checkPublication(one, facts)),
  );
  const results = await Promise.all(ofType(asked, PROVENANCE).map((one) => checkOne(one, facts)));
  const all = [...results, ...publications];
  return {
    signals: all.flatMap(({ signals }) => signals),
    checked: all.flatMap(({ checked }) => checked),
    absent: [
      ...(results.length === 0 ? [absence('provenance')] : []),
      ...publications.flatMap(({ absent }) => absent),
    ],
    // One that is not valid outweighs one that is: which of them names the source cannot be known.
    stated: (results.find(({ signer }) => signer === null) ?? results[0])?.stated ?? null,
    signer: results.find(({ signer }) => signer !== null)?.signer ?? null,
  };
}

function ofType(asked: Attestations, type: string): readonly Attestation[] {
  return asked.all.filter(({ statement }) => {
    const typed = z.object({ predicateType: z.string() }).safeParse(statement);
    return typed.success && typed.data.predicateType.startsWith(type);
  });
}

/** Why a statement is not about an artifact; null when it is. */
function offSubject({ statement }: Attestation, { purl, sha512 }: ProvenanceFacts): string | null {
  const parsed = Statement.safeParse(statement);
  if (!parsed.success) return 'it names no subject with a sha512 digest';
  const { subject } = parsed.data;
  const [first] = subject;
  if (subject.some(({ name, digest }) => name === purl && digest.sha512 === sha512)) return null;
  return `it is about ${first?.name ?? ''} with sha512 ${first?.digest.sha512.slice(0, 16) ?? ''}..., not about this file (${sha512.slice(0, 16)}...)`;
}

async function checkOne(attestation: Attestation, facts: ProvenanceFacts): Promise<CheckedProvenance> {
  const { hint } = attestation;
  const off = offSubject(attestation, facts);
  if (off !== null) return invalid(hint, off);
  const check = await facts.verifier.verify(attestation.bundle);
  if (check.kind === 'invalid') return invalid(hint, check.why);
  if (check.kind === 'unchecked') return unchecked(hint, check.why);
  return judgeSigner(check.signer, hint);
}

/** What a continuous integration is called as an issuer of identities, and where its repositories are. */
const CI_SERVICES = [
  { name: 'GitHub Actions', issuer: 'https://token.actions.githubusercontent.com', host: 'github.com' },
  { name: 'GitLab CI/CD', issuer: 'https://gitlab.com', host: 'gitlab.com' },
];

/** Whether a certified signer is a workflow, and one that agrees with the statement. */
function judgeSigner(certified: CertifiedSigner | null, hint: ProvenanceHint | null): CheckedProvenance {
  if (certified === null) return invalid(hint, 'a key has signed it, and not a workflow');
  const { issuer, subject } = certified;
  const signer = workflowSigner(certified);
  if (signer === null) {
    const who = `${subject ?? 'somebody'} (known to ${issuer ?? 'nobody'})`;
    return differs(hint, `It was signed by ${who}, and not by a workflow of a repository.`);
  }
  const disagreement = disagreementOf(signer, hint);
  if (disagreement !== null) return differs(hint, disagreement);
  const host = parseRepositoryUrl(signer.repository)?.host;
  // Organisations with a name of their own there have it behind that of the service.
  const service = CI_SERVICES.find(
    (one) => one.host === host && (issuer === one.issuer || issuer?.startsWith(`${one.issuer}/`)),
  );
  if (service === undefined) {
    const why = `${issuer ?? 'nobody'}, which vouches for the workflow, is not known as the continuous integration of ${host ?? signer.repository}`;
    return { ...unchecked(hint, why), signer };
  }
  const at = signer.commit === null ? '' : ` at commit ${signer.commit.slice(0, 12)}`;
  const detail = `provenance signed by ${signer.workflow} on ${service.name} for ${signer.repository}${at}`;
  const stated = { ...signer, assurance: 'signature checked' } as const;
  return { ...NOTHING_VOUCHED, checked: [{ kind: 'provenance', detail }], stated, signer };
}

/** The registry's own statement that it took this file. */
async function checkPublication(attestation: Attestation, facts: ProvenanceFacts): Promise<Vouched> {
  const { client, name, verifier } = facts;
  const ids = hintsOf(attestation);
  const keys = await keysFor({ client, name, ids, use: 'attestations' });
  const off = offSubject(attestation, facts);
  const check =
    off !== null
      ? ({ kind: 'invalid', why: off } as const)
      : 'why' in keys
        ? ({ kind: 'unchecked', why: keys.why } as const)
        : await verifier.verify(attestation.bundle, keys);
  if (check.kind === 'unchecked') {
    const message = `The registry's statement that it took this file was not checked: ${check.why}.`;
    return { ...NOTHING_VOUCHED, absent: [absence('registry-signature', message)] };
  }
  if (check.kind === 'invalid' || check.signer !== null) {
    const why = check.kind === 'invalid' ? check.why : 'a workflow has signed it, and not the registry';
    const message = `The registry's statement that it took this file is not valid: ${why}.`;
    return { ...NOTHING_VOUCHED, signals: [signal('registry-signature-invalid', message)] };
  }
  const detail = `the registry signed that it took this file, with key ${ids.join(', ')}`;
  return { ...NOTHING_VOUCHED, checked: [{ kind: 'publish-attestation', detail }] };
}

/** The keys that a bundle names. */
function hintsOf({ bundle }: Attestation): readonly string[] {
  const Hint = z.object({ verificationMaterial: z.object({ publicKey: z.object({ hint: z.string() }) }) });
  const parsed = Hint.safeParse(bundle);
  return parsed.success ? [parsed.data.verificationMaterial.publicKey.hint] : [];
}

function invalid(hint: ProvenanceHint | null, why: string): CheckedProvenance {
  const told = signal('provenance-invalid', `The provenance of this version is not valid: ${why}.`);
  return failed({ hint, told, assurance: 'signature not valid' });
}

function differs(hint: ProvenanceHint | null, message: string): CheckedProvenance {
  const told = signal('provenance-identity-differs', message);
  return failed({ hint, told, assurance: 'signature not valid' });
}

function unchecked(hint: ProvenanceHint | null, why: string): CheckedProvenance {
  const told = signal('provenance-unchecked', `The provenance of this version was not checked: ${why}.`);
  return failed({ hint, told, assurance: 'signature not checked' });
}

function failed(facts: {
  readonly hint: ProvenanceHint | null;
  readonly told: Signal;
  readonly assurance: StatedProvenance['assurance'];
}): CheckedProvenance {
  const { hint, told, assurance } = facts;
  const stated = hint === null ? null : { ...hint, assurance };
  return { ...NO_PROVENANCE, signals: [told], stated };
}
