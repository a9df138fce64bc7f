import type { KeyObject } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import type { CheckDocument } from './attest/check-document.ts';
import {
  type Claim,
  CLAIM_NAMES,
  type Expected,
  fails,
  freshnessClaim,
  holds,
  subjectClaim,
  unchecked,
  understand,
  type Understood,
  witnessClaim,
} from './attest/check-statement.ts';
import { EVIDENCE } from './attest/evidence.ts';
import { PAYLOAD_TYPE, STATEMENT_TYPE } from './attest/type-uris.ts';
import { messageOf, ReproveError } from './errors.ts';
import { keyId } from './keys/kinds.ts';
import type { ProvenanceSigner } from './model/source.ts';
import { judgeStatement, type StatedPolicy } from './policy/apply.ts';
import { jsonOf, LARGEST_BUNDLE, type ReadBundle, readBundle } from './sigstore/read-bundle.ts';
import { seenBy } from './sigstore/seen-by.ts';
import type { TrustOptions } from './sigstore/trusted-root.ts';
import { bundleVerifier } from './sigstore/verify-bundle.ts';
import { whyNotSigned } from './sigstore/verify-own-key.ts';
import { VERSION } from './version.ts';

/** Who must have signed. */
export type ExpectedSigner =
  | { readonly kind: 'key'; readonly key: KeyObject }
  /** Both are compared letter by letter. */
  | { readonly kind: 'certificate'; readonly identity: string; readonly issuer: string };

export interface CheckRequest {
  /** What to call the bundle. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly signer: ExpectedSigner;
  readonly trust: TrustOptions;
  /** Null: it is only said what the statement is about. */
  readonly expected: Expected | null;
  /** Milliseconds; null for any. */
  readonly maxAgeMs: number | null;
  readonly now: Date;
  /** Null: the verdict is said and not judged. */
  readonly policy: StatedPolicy | null;
  /** True: a log or a timestamp authority must have seen the signature. */
  readonly mustBeWitnessed: boolean;
}

type Found = Pick<CheckDocument, 'signer' | 'statement'> & {
  readonly claims: readonly Claim[];
  /** What was signed; null as long as nothing may be believed of it. */
  readonly understood: Understood | null;
};

/** An attestation that was checked, and what it holds; null unless it was accepted. */
export interface OpenedAttestation {
  readonly check: CheckDocument;
  readonly understood: Understood | null;
}

/**
 * Checks an attestation: form, signature and signer, then what was signed. It ends at the first claim that does not hold,
 * but for those about a statement that is understood, which are all looked at.
 *
 * @throws ReproveError `usage` when the trusted root cannot be used
 */
export async function checkAttestation(request: CheckRequest): Promise<CheckDocument> {
  return (await openAttestation(request)).check;
}

/** `checkAttestation`, for whoever goes on with what was signed. */
export async function openAttestation(request: CheckRequest): Promise<OpenedAttestation> {
  const found = await check(request);
  const reached = new Set(found.claims.map(({ name }) => name));
  const rest = CLAIM_NAMES.filter((name) => !reached.has(name)).map((name) =>
    unchecked(name, 'A claim before this one does not hold.'),
  );
  const accepted = found.claims.every(({ state }) => state !== 'fails');
  const checked: CheckDocument = {
    schemaVersion: 1,
    tool: { name: 'reprove', version: VERSION },
    bundle: request.name,
    accepted,
    claims: [...found.claims, ...rest],
    signer: found.signer,
    statement: found.statement,
  };
  return { check: checked, understood: accepted ? found.understood : null };
}

async function check(request: CheckRequest): Promise<Found> {
  const bundle = readBundle(request.bytes);
  if ('why' in bundle) return stopped([fails('bundle', `It is no Sigstore bundle: ${bundle.why}`)]);
  if (!isStatement(bundle)) {
    const type = JSON.stringify(bundle.payloadType.slice(0, 200));
    return stopped([fails('bundle', `It holds ${type} and no in-toto statement.`)]);
  }
  const form = bundle.isBareEnvelope ? 'It is one envelope' : 'It is a Sigstore bundle with one envelope';
  const before = [holds('bundle', `${form} and one signature.`)];
  const { claims, signer, workflow } = await signatureClaims(bundle, request);
  if (signer === null) return stopped([...before, ...claims]);
  const seen = bundle.isWitnessed ? await seenBy(bundle.json) : [];
  const witness = witnessClaim(seen, request.mustBeWitnessed);
  const read = await readStatement(bundle.payload, workflow);
  const through = [...before, ...claims, witness, read.claim];
  if (read.understood === null) return { ...stopped(through), signer };
  const last = [
    subjectClaim(read.understood, request.expected),
    freshnessClaim(read.understood.facts, { ...request, seen }),
    policyClaim(read.understood, request),
  ];
  const { understood } = read;
  return { claims: [...through, ...last], signer, statement: statementOf(understood), understood };
}

/** Bare envelopes of before the media type was settled name the statement's type in its place. */
function isStatement({ payloadType, isBareEnvelope }: ReadBundle): boolean {
  return payloadType === PAYLOAD_TYPE || (isBareEnvelope && payloadType === STATEMENT_TYPE);
}

function stopped(claims: readonly Claim[]): Found {
  return { claims, signer: null, statement: null, understood: null };
}

interface Signature {
  readonly claims: readonly Claim[];
  /** Null unless the signature holds and is of whom it should be. */
  readonly signer: CheckDocument['signer'];
  /** The workflow that signed, as its certificate says; null for any other signer. */
  readonly workflow: ProvenanceSigner | null;
}

function unsigned(...claims: readonly Claim[]): Signature {
  return { claims, signer: null, workflow: null };
}

function signatureClaims(bundle: ReadBundle, request: CheckRequest): Promise<Signature> {
  const { signer, trust } = request;
  return signer.kind === 'key' ? byKey(bundle, signer.key, trust) : byCertificate(bundle, signer, trust);
}

async function byKey(bundle: ReadBundle, key: KeyObject, trust: TrustOptions): Promise<Signature> {
  if (bundle.signedBy !== 'key') {
    const detail =
      'It was signed with a certificate and not with a key: say whose, with --identity and --issuer.';
    return unsigned(fails('signer', detail));
  }
  const id = keyId(key);
  const why = await whyNotSigned(bundle, key, trust);
  if (why === null) {
    const claims = [holds('signer', `It is the key ${id}.`), holds('signature', 'It is right.')];
    return { claims, signer: { kind: 'key', id }, workflow: null };
  }
  // The name of a key is a hint and proves nothing (DSSE 1.0.2); it tells the likelier mistake. Others name keys in other ways.
  if (KEY_ID.test(bundle.hint) && bundle.hint !== id)
    return unsigned(fails('signer', `It names the key ${bundle.hint}; yours is ${id}.`));
  return unsigned(holds('signer', `It names the key ${bundle.hint}.`), fails('signature', `${why}.`));
}

/** What reads certificates of workflows; nobody needs it to check a key. */
const workflows = () => import('./source/signer.ts');

/** Names of keys as `keyId` makes them. */
const KEY_ID = /^[A-Za-z0-9+/]{43}=$/;

async function byCertificate(
  bundle: ReadBundle,
  { identity, issuer }: { readonly identity: string; readonly issuer: string },
  trust: TrustOptions,
): Promise<Signature> {
  if (bundle.signedBy !== 'certificate') {
    const detail = `It was signed with a key (${bundle.hint}) and not with a certificate: name the public key with --key.`;
    return unsigned(fails('signer', detail));
  }
  const checked = await bundleVerifier(trust).verify(bundle.json);
  if (checked.kind !== 'verified' || checked.signer === null) {
    const why = checked.kind === 'verified' ? 'no certificate has signed it' : checked.why;
    return unsigned(fails('signature', `${why}.`));
  }
  const found = { identity: checked.signer.subject ?? '', issuer: checked.signer.issuer ?? '' };
  if (found.identity !== identity || found.issuer !== issuer) {
    const detail = `It was signed by ${found.identity}, as ${found.issuer} says; asked for was ${identity}, as ${issuer} says.`;
    return unsigned(fails('signer', detail));
  }
  const claims = [
    holds('signer', `It is ${identity}, as ${issuer} says.`),
    holds('signature', 'It is right.'),
  ];
  const { workflowSigner } = await workflows();
  return {
    claims,
    signer: { kind: 'certificate', ...found },
    workflow: workflowSigner(checked.signer),
  };
}

async function readStatement(
  payload: Buffer,
  workflow: ProvenanceSigner | null,
): Promise<ReturnType<typeof understand>> {
  const json = jsonOf(payload);
  if ('why' in json) return { claim: fails('statement', json.why), understood: null };
  const read = understand(json.value);
  if (workflow === null) return read;
  const { disagreementOf } = await workflows();
  const disagreement = disagreementOf(workflow, read.understood?.facts.source ?? null);
  return disagreement === null ? read : { claim: fails('statement', disagreement), understood: null };
}

function statementOf({ statement, facts }: Understood): NonNullable<CheckDocument['statement']> {
  const { kind, maker, time, verdict, level, result, about, opinion, rebuilt, source } = facts;
  return {
    predicateType: statement.predicateType,
    kind,
    says: EVIDENCE[kind].says,
    doesNotSay: EVIDENCE[kind].silent,
    subject: statement.subject.map(({ name, digest }) => ({ name: name ?? null, digest })),
    about,
    maker,
    time,
    verdict,
    level,
    result,
    opinion,
    rebuilt: rebuilt && { ...rebuilt },
    source,
  };
}

function policyClaim({ statement, facts }: Understood, { policy, now }: CheckRequest): Claim {
  if (policy === null) return unchecked('policy', 'No policy was named.');
  const { verification } = facts;
  if (verification === null) return fails('policy', 'A policy judges verdicts, and this states none.');
  const purl = statement.subject[0]?.name ?? '';
  const { passed, rules } = judgeStatement(verification, policy, { purl, now });
  const notable = rules
    .filter(({ state }) => state !== 'holds')
    .map(({ rule, detail }) => `${rule}: ${detail}`);
  const detail = notable.length === 0 ? 'Every rule holds.' : notable.join(' ');
  return passed ? holds('policy', detail) : fails('policy', detail);
}

/**
 * The bytes of a bundle's file; of one that is too large only as many as it takes to see that.
 *
 * @throws ReproveError `usage` when it cannot be read
 */
export async function readBundleFile(file: string): Promise<Uint8Array> {
  try {
    return await buffer(createReadStream(file, { end: LARGEST_BUNDLE }));
  } catch (error) {
    throw new ReproveError('usage', {
      what: `The bundle ${file} cannot be read.`,
      why: `${messageOf(error)}.`,
      next: 'Name a file that is there and that you may read.',
    });
  }
}
