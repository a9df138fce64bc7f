import { z } from 'zod';
import { repeatedName } from '../strict-json.ts';
import { isBase64 } from './base64.ts';
import { whyNoCertificate } from './strict-certificate.ts';

/** Bytes. Bundles of the largest rebuilds have some two million. */
export const LARGEST_BUNDLE: number = 16 * 1024 * 1024;

const MEDIA_TYPES = [
  'application/vnd.dev.sigstore.bundle.v0.3+json',
  'application/vnd.dev.sigstore.bundle+json;version=0.3',
  'application/vnd.dev.sigstore.bundle+json;version=0.2',
  'application/vnd.dev.sigstore.bundle+json;version=0.1',
] as const;

const Base64 = z.string().refine(isBase64, { error: 'must be base64' });
/** int64 of protobuf's JSON, which leaves out what is zero or empty. */
const Integer = z
  .string()
  .regex(/^(?:0|[1-9]\d{0,18})$/, 'must be a whole number, as a string')
  .default('0');
const Raw = z.strictObject({
  rawBytes: Base64.superRefine((text, context) => {
    const why = whyNoCertificate(Buffer.from(text, 'base64'));
    if (why !== null) context.addIssue(why);
  }),
});

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
    hashes: z.array(Base64).default([]),
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
  inclusionPromise: z.strictObject({ signedEntryTimestamp: Base64 }).optional(),
  inclusionProof: InclusionProof.optional(),
  canonicalizedBody: Base64,
});

const Material = z
  .strictObject({
    publicKey: z.strictObject({ hint: z.string() }).optional(),
    certificate: Raw.optional(),
    x509CertificateChain: z.strictObject({ certificates: z.array(Raw).min(1) }).optional(),
    tlogEntries: z.array(LogEntry).default([]),
    timestampVerificationData: z
      .strictObject({ rfc3161Timestamps: z.array(z.strictObject({ signedTimestamp: Base64 })).default([]) })
      .optional(),
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
    .array(z.strictObject({ sig: Base64, keyid: z.string().default('') }))
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
  readonly json: unknown;
  readonly payload: Buffer;
  readonly payloadType: string;
  /** What it was signed with. */
  readonly signedBy: 'key' | 'certificate';
  /** The name of the key; empty where there is none. */
  readonly hint: string;
  /** Whether a log or a timestamp authority has seen it. */
  readonly isWitnessed: boolean;
}

const MOST_ISSUES = 3;

/** Reads the bytes of a bundle; or says in words what is wrong with their form. */
export function readBundle(bytes: Uint8Array): ReadBundle | { readonly why: string } {
  if (bytes.length > LARGEST_BUNDLE) return { why: `It is larger than ${LARGEST_BUNDLE} bytes.` };
  const json = jsonOf(bytes);
  if ('why' in json) return json;
  const { data, error } = Bundle.safeParse(json.value);
  if (error !== undefined) return { why: issuesText(error.issues) };
  const { dsseEnvelope, verificationMaterial } = data;
  const { publicKey, tlogEntries, timestampVerificationData } = verificationMaterial;
  return {
    json: json.value,
    payload: Buffer.from(dsseEnvelope.payload, 'base64'),
    payloadType: dsseEnvelope.payloadType,
    signedBy: publicKey === undefined ? 'certificate' : 'key',
    hint: publicKey?.hint ?? '',
    isWitnessed: tlogEntries.length > 0 || (timestampVerificationData?.rfc3161Timestamps.length ?? 0) > 0,
  };
}

/** Parses bytes as JSON in UTF-8, and nothing but that; every name in an object once. */
export function jsonOf(bytes: Uint8Array): { readonly value: unknown } | { readonly why: string } {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const value: unknown = JSON.parse(text);
    const twice = repeatedName(text);
    if (twice === null) return { value };
    return { why: `An object in it has the name ${JSON.stringify(twice.slice(0, 200))} twice.` };
  } catch {
    // The engine's message would show what the file holds, and it may be one that was named by mistake.
    return { why: 'It is not JSON.' };
  }
}

/** What a schema found wrong, in one sentence. */
export function issuesText(issues: readonly z.core.$ZodIssue[]): string {
  const texts = issues.slice(0, MOST_ISSUES).map(({ path, message }) => {
    const place = path.map(String).join('.').slice(0, 200);
    return `${place === '' ? '' : `${place}: `}${message.slice(0, 300)}`;
  });
  const more = issues.length > MOST_ISSUES ? `; and ${issues.length - MOST_ISSUES} more` : '';
  return `${texts.join('; ')}${more}.`;
}
