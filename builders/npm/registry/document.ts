import { z } from 'zod';
import { ReproveError } from '../../../src/errors.ts';
import { Repository, type StringMap, Text, Texts } from '../manifest-fields.ts';

/** The registry's document of a package ("packument"), read from outside and checked as far as it is used. */
export interface PackageDocument {
  readonly name: string;
  /** The registry that gave it, with a final slash. */
  readonly registry: string;
  readonly fetchedAt: Date;
  readonly distTags: ReadonlyMap<string, string>;
  /** When the package was created; null where the registry does not say. */
  readonly created: string | null;
  /** Publish time by version, ISO 8601, where the registry says one that is a date. */
  readonly time: ReadonlyMap<string, string>;
  /** The version documents as the registry gives them. */
  readonly versions: ReadonlyMap<string, RawVersion>;
}

export type RawVersion = Readonly<Record<string, unknown>>;

/** One version of a package document. Null and empty mean that the registry does not say. */
export interface VersionDocument {
  readonly name: string;
  readonly version: string;
  readonly dist: {
    readonly tarball: string;
    readonly integrity: string | null;
    readonly shasum: string | null;
    readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
    readonly attestationsUrl: string | null;
  };
  /** When it was published, as the registry says, ISO 8601. */
  readonly publishedAt: string | null;
  readonly gitHead: string | null;
  readonly nodeVersion: string | null;
  readonly npmVersion: string | null;
  readonly repository: { readonly url: string; readonly directory: string | null } | null;
  readonly scripts: StringMap;
  readonly dependencies: StringMap;
  readonly devDependencies: StringMap;
  readonly optionalDependencies: StringMap;
  readonly peerDependencies: StringMap;
  readonly engines: StringMap;
  readonly deprecated: string | null;
  /** Everything that the registry says about this version. */
  readonly raw: RawVersion;
}

const Table = z.record(z.string(), z.unknown());

const Packument = z.object({
  name: z.string(),
  'dist-tags': Table.optional(),
  versions: z.record(z.string(), Table).optional(),
  time: Table.optional(),
});

const Version = z.object({
  name: z.string(),
  version: z.string(),
  dist: z.object({
    tarball: z.url({ protocol: /^https?$/ }),
    // Not lenient: a digest that cannot be read must never become "no digest".
    integrity: z.string().nullish(),
    shasum: z.string().nullish(),
    signatures: z
      .array(z.object({ keyid: z.string(), sig: z.string() }))
      .catch([])
      .default([]),
    attestations: z.object({ url: z.string() }).nullable().catch(null).default(null),
  }),
  gitHead: Text,
  _nodeVersion: Text,
  _npmVersion: Text,
  repository: Repository,
  scripts: Texts,
  dependencies: Texts,
  devDependencies: Texts,
  optionalDependencies: Texts,
  peerDependencies: Texts,
  engines: Texts,
  deprecated: Text,
});

/** Parses the bytes of a package document. Throws ReproveError `registry-invalid`. */
export function parseDocument(
  bytes: Uint8Array,
  asked: { readonly name: string; readonly registry: string; readonly fetchedAt: Date },
): PackageDocument {
  const parsed = Packument.safeParse(parseJson(bytes, asked.name));
  if (!parsed.success) throw invalid(asked.name, z.prettifyError(parsed.error).slice(0, 400));
  const { name, versions, time = {} } = parsed.data;
  if (name !== asked.name) throw invalid(asked.name, `It is about ${JSON.stringify(name.slice(0, 214))}.`);
  if (versions === undefined && time['unpublished'] === undefined)
    throw invalid(asked.name, 'It has no versions.');
  return Object.freeze({
    ...asked,
    distTags: new Map(Object.entries(parsed.data['dist-tags'] ?? {}).filter(isText)),
    created: isDate(time['created']) ? time['created'] : null,
    time: new Map(
      Object.entries(time).filter(
        (pair): pair is [string, string] =>
          pair[0] !== 'created' && pair[0] !== 'modified' && isDate(pair[1]),
      ),
    ),
    versions: new Map(Object.entries(versions ?? {})),
  });
}

/**
 * One version of a document; null when it has no such version.
 * Throws ReproveError `registry-invalid` when what is there does not describe that version.
 */
export function versionOf(document: PackageDocument, version: string): VersionDocument | null {
  const raw = document.versions.get(version);
  if (raw === undefined) return null;
  const parsed = Version.safeParse(raw);
  if (!parsed.success)
    throw invalid(`${document.name}@${version}`, z.prettifyError(parsed.error).slice(0, 400));
  const { dist, _nodeVersion, _npmVersion, ...rest } = parsed.data;
  if (rest.name !== document.name || rest.version !== version)
    throw invalid(
      `${document.name}@${version}`,
      `It is about ${JSON.stringify(`${rest.name}@${rest.version}`)}.`,
    );
  return Object.freeze({
    ...rest,
    dist: {
      tarball: dist.tarball,
      integrity: dist.integrity ?? null,
      shasum: dist.shasum ?? null,
      signatures: dist.signatures,
      attestationsUrl: dist.attestations?.url ?? null,
    },
    publishedAt: document.time.get(version) ?? null,
    nodeVersion: _nodeVersion,
    npmVersion: _npmVersion,
    raw,
  });
}

/** The error for a registry that says something it cannot mean. */
export function invalid(subject: string, why: string): ReproveError {
  return new ReproveError('registry-invalid', {
    what: `The registry's document of ${subject} cannot be used.`,
    why,
    next: 'Check that the registry of your npm configuration (or --registry) is an npm registry.',
  });
}

function parseJson(bytes: Uint8Array, name: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    const start = JSON.stringify(Buffer.from(bytes.subarray(0, 40)).toString('latin1'));
    throw invalid(name, `It is not JSON; it has ${bytes.byteLength} bytes and begins with ${start}.`);
  }
}

function isText(pair: [string, unknown]): pair is [string, string] {
  return typeof pair[1] === 'string';
}

function isDate(value: unknown): value is string {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value));
}
