import { z } from 'zod';
import { issuesText } from '../schema-issues.ts';
import { repeatedName } from '../strict-json.ts';
import { isBase64 } from './base64.ts';
import { whyNoCertificate } from './strict-certificate.ts';
import { whyNoTimestamp } from './strict-timestamp.ts';

/** Bytes. Bundles of the largest rebuilds have some two million. */
export const LARGEST_BUNDLE: number = 16 * 1024 * 1024;

const MEDIA_TYPES = [
  'application/vnd.dev.sigstore.bundle.v0.3+json',
  'application/vnd.dev.sigstore.bundle+json;version=0.3',
  'application/vnd.dev.sigstore.bundle+json;version=0.2',
  'application/vnd.dev.sigstore.bundle+json;version=0.1',
] as const;

const Base64 = z.string().refine(isBase64, { error: 'must be base64' });
/** A field that need not be there: protobuf's JSON leaves out what is zero or empty, or has null in its place. */
const unset = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (value === null ? undefined : value), schema);
/** int64 of protobuf's JSON. */
const Integer = unset(
  z
    .string()
    .regex(/^(?:0|[1-9]\d{0,18})$/, 'must be a whole number, as a string')
    .default('0'),
);
/** Base64 of bytes of a kind that `whyNot` knows. */
const base64Of = (whyNot: (bytes: Buffer) => string | null) =>
  Base64.superRefine((text, context) => {
    const why = whyNot(Buffer.from(text, 'base64'));
    if (why !== null) context.addIssue(why);
  });
const Raw = z.strictObject({ rawBytes: base64Of(whyNoCertificate) });

/** A signature below a checkpoint: who, and the bytes (transparency-dev/formats, note). */
const SIGNATURE_LINE = /^\u2014 \S+ (\S+)$/u;

/** A checkpoint as a log signs it. @sigstore/verify reads any base64 in its signatures. */
const Checkpoint = z.string().refine(
  (envelope) => {
    const [, signatures = '', ...more] = envelope.split('\n\n');
    const lines = signatures.split('\n');
    const isEnded = lines.pop() === '' && lines.length > 0 && more.length === 0;
    return isEnded && lines.every((line) => isBase64(SIGNATURE_LINE.exec(line)?.[1] ?? ''));
  },
  { error: 'must be a signed checkpoint' },
);

/** The proof of a log, whose own statement of its size and root must be the signed one: nothing else compares them. */
const InclusionProof = z
  .strictObject({
    logIndex: Integer,
    rootHash: Base64,
    treeSize: Integer,
    hashes: unset(z.array(Base64).default([])),
    checkpoint: z.strictObject({ envelope: Checkpoint }),
  })
  .refine(
    ({ rootHash, treeSize, checkpoint }) => {
      // transparency-dev/formats, log: origin, size and root hash, one a line.
      const [, size, root] = checkpoint.envelope.split('\n');
      return size === treeSize && root === rootHash;
    },
    { error: 'must be of the size and the root hash that its checkpoint has' },
  );

const LogEntry = z.strictObject({
  logIndex: Integer,
  logId: z.strictObject({ keyId: Base64 }),
  kindVersion: z.strictObject({ kind: z.string(), version: z.string() }),
  integratedTime: Integer,
  inclusionPromise: unset(z.strictObject({ signedEntryTimestamp: Base64 }).optional()),
  inclusionProof: unset(InclusionProof.optional()),
  canonicalizedBody: Base64,
});

const Timestamps = z.strictObject({
  rfc3161Timestamps: unset(
    z.array(z.strictObject({ signedTimestamp: base64Of(whyNoTimestamp) })).default([]),
  ),
});

const Material = z
  .strictObject({
    publicKey: unset(z.strictObject({ hint: z.string() }).optional()),
    certificate: unset(Raw.optional()),
    x509CertificateChain: unset(z.strictObject({ certificates: z.array(Raw).min(1) }).optional()),
    tlogEntries: unset(z.array(LogEntry).default([])),
    timestampVerificationData: unset(Timestamps.optional()),
  })
  .refine(
    ({ publicKey, certificate, x509CertificateChain }) =>
      [publicKey, certificate, x509CertificateChain].filter((one) => one !== undefined).length === 1,
    { error: 'must be exactly one of publicKey, certificate and x509CertificateChain' },
  );

const Envelope = z.strictObject({
  payload: Base64,
  payloadType: z.string(),
  signatures: z
    .array(z.strictObject({ sig: Base64, keyid: unset(z.string().default('')) }))
    // sigstore_bundle.proto: "DSSE envelopes in a bundle MUST have exactly one signature".
    .length(1, 'must be exactly one signature'),
});

/**
 * A Sigstore bundle (protobuf-specs, sigstore_bundle.proto) with an envelope, read strictly: @sigstore/bundle overlooks fields that
 * it does not know, and with them every mistake in the name of one.
 */
const Bundle = z
  .strictObject({
    mediaType: z.enum(MEDIA_TYPES),
    verificationMaterial: Material,
    dsseEnvelope: Envelope,
  })
  .refine(({ verificationMaterial: { publicKey }, dsseEnvelope }) => {
    // The key's name stands at two places, and a certificate has none.
    return (dsseEnvelope.signatures[0]?.keyid ?? '') === (publicKey?.hint ?? '');
  }, 'the keyid of the signature must be the hint of the public key');

/** A bundle whose form is right; nothing of it has been verified. */
export interface ReadBundle {
  /** As parsed JSON; of an envelope without a bundle around it, in the one that it would have. */
  readonly json: unknown;
  readonly isBareEnvelope: boolean;
  readonly payload: Buffer;
  readonly payloadType: string;
  /** What it was signed with. */
  readonly signedBy: 'key' | 'certificate';
  /** The name of the key; empty where there is none. */
  readonly hint: string;
  /** Whether a log or a timestamp authority has seen it. */
  readonly isWitnessed: boolean;
}

/** Reads the bytes of a bundle; or says in words what is wrong with their form. */
export function readBundle(bytes: Uint8Array): ReadBundle | { readonly why: string } {
  if (bytes.length > LARGEST_BUNDLE) return { why: `It is larger than ${LARGEST_BUNDLE} bytes.` };
  const read = jsonOf(bytes);
  if ('why' in read) return read;
  const isBareEnvelope = isEnvelope(read.value);
  const json = isBareEnvelope ? bundleAround(read.value) : read.value;
  const { data, error } = Bundle.safeParse(json);
  if (error !== undefined) return { why: issuesText(error.issues) };
  const { dsseEnvelope, verificationMaterial } = data;
  const { publicKey, tlogEntries, timestampVerificationData } = verificationMaterial;
  return {
    json,
    isBareEnvelope,
    payload: Buffer.from(dsseEnvelope.payload, 'base64'),
    payloadType: dsseEnvelope.payloadType,
    signedBy: publicKey === undefined ? 'certificate' : 'key',
    hint: publicKey?.hint ?? '',
    isWitnessed: tlogEntries.length > 0 || (timestampVerificationData?.rfc3161Timestamps.length ?? 0) > 0,
  };
}

interface BareEnvelope {
  readonly payload: unknown;
  readonly signatures: unknown;
}

/** Whether it is an envelope that no bundle is around, as makers write it who sign with one key only (DSSE 1.0.2, envelope.md). */
function isEnvelope(json: unknown): json is BareEnvelope {
  return typeof json === 'object' && json !== null && 'payload' in json && 'signatures' in json;
}

function bundleAround(envelope: BareEnvelope): unknown {
  const { data } = z.array(z.object({ keyid: z.string() })).safeParse(envelope.signatures);
  const hint = data?.[0]?.keyid ?? '';
  return { mediaType: MEDIA_TYPES[0], verificationMaterial: { publicKey: { hint } }, dsseEnvelope: envelope };
}

/** Parses bytes as JSON in UTF-8, and nothing but that; every name in an object once. */
export function jsonOf(bytes: Uint8Array): { readonly value: unknown } | { readonly why: string } {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const value: unknown = JSON.parse(text);
    const twice = repeatedName(text)?.name ?? null;
    if (twice === null) return { value };
    return { why: `An object in it has the name ${JSON.stringify(twice.slice(0, 200))} twice.` };
  } catch {
    // The engine's message would show what the file holds, and it may be one that was named by mistake.
    return { why: 'It is not JSON.' };
  }
}
