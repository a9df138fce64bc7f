import { createPublicKey, X509Certificate } from 'node:crypto';
import type { Bundle } from '@sigstore/bundle';
import type { TrustedRoot } from '@sigstore/protobuf-specs';
import type { KeyFinderFunc, Signer } from '@sigstore/verify';
import { messageOf } from '../errors.ts';
import { loadTrustedRoot, renewedRoot, type TrustOptions } from './trusted-root.ts';

/** What a certificate says of whoever signed, as the certificate authority has checked it. */
export interface CertifiedSigner {
  /** The identity provider that vouched for the signer. */
  readonly issuer: string | null;
  /** The subject alternative name: of a workflow its address, of a person an e-mail address. */
  readonly subject: string | null;
  /** Text by the last number of Fulcio's object identifiers, `1.3.6.1.4.1.57264.1.<number>`. */
  readonly claims: ReadonlyMap<number, string>;
}

export type BundleCheck =
  /** `signer` is null when a key and no certificate has signed. */
  | { readonly kind: 'verified'; readonly signer: CertifiedSigner | null }
  | { readonly kind: 'invalid'; readonly why: string }
  /** It may be right: it was signed under an authority that is not known here. */
  | { readonly kind: 'unchecked'; readonly why: string };

/** A public key that bundles may name instead of holding a certificate. */
export interface TrustedKey {
  readonly id: string;
  /** DER, SubjectPublicKeyInfo. */
  readonly spki: Buffer;
  /** Milliseconds since the epoch. */
  readonly validFor: { readonly start: number; readonly end: number };
}

export interface BundleVerifier {
  /**
   * Checks signature, certificate and log entries of a Sigstore bundle, given as parsed JSON. It says who signed; whether
   * that one may sign is for the caller to judge.
   *
   * @throws ReproveError `usage` when the user's trusted root cannot be used
   */
  verify(bundle: unknown, keys?: readonly TrustedKey[]): Promise<BundleCheck>;
}

/** Loaded when the first bundle comes: the libraries take a tenth of a second. */
export function bundleVerifier(options: TrustOptions): BundleVerifier {
  let root: Promise<TrustedRoot> | null = null;
  let renewed: ReturnType<typeof renewedRoot> | null = null;
  return {
    async verify(json, keys = []) {
      root ??= loadTrustedRoot(options);
      const trusted = await root;
      const bundle = await parseBundle(json);
      if ('why' in bundle) return { kind: 'invalid', why: bundle.why };
      const first = await checkWith(trusted, bundle, keys);
      if (first.kind === 'verified' || options.file !== null) return first;
      if (!first.ofUnknownTime && knowsAuthorities(trusted, bundle)) return first;
      renewed ??= renewedRoot(options);
      const newer = await renewed;
      if (!('why' in newer)) return checkWith(newer, bundle, keys);
      const why = `it was signed under an authority that this version of reprove does not know, and the list of today could not be fetched (${newer.why})`;
      return { kind: 'unchecked', why };
    },
  };
}

async function parseBundle(json: unknown): Promise<Bundle | { readonly why: string }> {
  const { bundleFromJSON } = await import('@sigstore/bundle');
  try {
    return bundleFromJSON(json);
  } catch (error) {
    return { why: `it cannot be read (${messageOf(error)})` };
  }
}

type Checked =
  | Extract<BundleCheck, { kind: 'verified' }>
  /** `ofUnknownTime`: no timestamp authority that is trusted says when it was signed. */
  | { readonly kind: 'invalid'; readonly why: string; readonly ofUnknownTime: boolean };

async function checkWith(root: TrustedRoot, bundle: Bundle, keys: readonly TrustedKey[]): Promise<Checked> {
  const { toSignedEntity, toTrustMaterial, VerificationError, Verifier } = await import('@sigstore/verify');
  const find: KeyFinderFunc = (hint) => {
    const key = keys.find(({ id }) => id === hint);
    if (key === undefined) throw new Error(`the registry has no key ${JSON.stringify(hint)}`);
    const { start, end } = key.validFor;
    return {
      publicKey: createPublicKey({ key: key.spki, format: 'der', type: 'spki' }),
      validFor: (date) => start <= date.getTime() && date.getTime() < end,
    };
  };
  try {
    const verifier = new Verifier(toTrustMaterial(root, find));
    const { identity } = verifier.verify(toSignedEntity(bundle));
    return { kind: 'verified', signer: identity === undefined ? null : certified(identity) };
  } catch (error) {
    // Every byte of a bundle comes from outside: whatever a parser trips over is wrong with the bundle.
    const ofUnknownTime = error instanceof VerificationError && error.code === 'TIMESTAMP_ERROR';
    return { kind: 'invalid', why: messageOf(error), ofUnknownTime };
  }
}

/** Whether the logs and the certificate authority that a bundle names are among those of a trusted root. */
function knowsAuthorities(root: TrustedRoot, { verificationMaterial }: Bundle): boolean {
  const hex = (id: { readonly keyId: Uint8Array } | undefined) =>
    Buffer.from(id?.keyId ?? []).toString('hex');
  const logs = root.tlogs.flatMap(({ logId, checkpointKeyId }) => [hex(logId), hex(checkpointKeyId)]);
  const knowsLogs = verificationMaterial.tlogEntries.every(({ logId }) => logs.includes(hex(logId)));
  const leaf = leafOf(verificationMaterial.content);
  return knowsLogs && (leaf === null || issuersOf(root).includes(leaf));
}

/** The name of whoever issued the certificate; null when there is none that can be read. */
function leafOf(content: Bundle['verificationMaterial']['content']): string | null {
  if (content.$case === 'publicKey') return null;
  const raw =
    content.$case === 'certificate'
      ? content.certificate.rawBytes
      : content.x509CertificateChain.certificates[0]?.rawBytes;
  try {
    return raw === undefined ? null : new X509Certificate(raw).issuer;
  } catch {
    // A certificate that cannot be read is wrong under every root.
    return null;
  }
}

function issuersOf({ certificateAuthorities }: TrustedRoot): readonly string[] {
  return certificateAuthorities.flatMap(({ certChain }) =>
    (certChain?.certificates ?? []).map(({ rawBytes }) => new X509Certificate(rawBytes).subject),
  );
}

/** 1.3.6.1.4.1.57264.1: Fulcio's own arc (sigstore/fulcio, docs/oid-info.md). */
const FULCIO_ARC = '1.3.6.1.4.1.57264.1.';
/** Up to this number the value is the text itself; from there on it is a DER UTF8String. */
const LAST_RAW = 7;

function certified(identity: NonNullable<Signer['identity']>): CertifiedSigner {
  const claims = new Map<number, string>();
  for (const { oid, value } of identity.oids ?? []) {
    const name = oid?.id.join('.') ?? '';
    if (!name.startsWith(FULCIO_ARC)) continue;
    const number = Number(name.slice(FULCIO_ARC.length));
    const text = number <= LAST_RAW ? value.toString('utf8') : derText(value);
    if (text !== null) claims.set(number, text);
  }
  const { subjectAlternativeName, extensions } = identity;
  return { issuer: extensions?.issuer ?? null, subject: subjectAlternativeName ?? null, claims };
}

const UTF8_STRING = 0x0c;

/** The text of a DER UTF8String (X.690, 8.1.3 and 8.23); null for anything else. */
function derText(bytes: Buffer): string | null {
  const [tag, first = 0] = bytes;
  const extra = first < 0x80 ? 0 : first - 0x80;
  if (tag !== UTF8_STRING || extra > 2) return null;
  const length = extra === 0 ? first : bytes.readUIntBE(2, extra);
  const start = 2 + extra;
  return bytes.length === start + length ? bytes.toString('utf8', start) : null;
}
