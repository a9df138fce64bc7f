import { hash } from 'node:crypto';
import type { ContentCache } from '../../../src/content-cache.ts';
import { parseAttestations, type Attestations } from './attestations.ts';
import { registryOf, type NpmOptions } from './config.ts';
import { invalid, parseDocument, type PackageDocument, type VersionDocument } from './document.ts';
import { DEFAULT_PATIENCE, download, type Patience } from './http.ts';
import { checkIntegrity, digestsOf, sha512Of } from './integrity.ts';
import { parseKeys, type RegistryKey } from './keys.ts';

/** The artifact of a version, or why there is none that can be used. */
export type ArtifactResult =
  /** The bytes have every digest of `checked`. `integrity` is their sha512, computed here. */
  | {
      readonly kind: 'ok';
      readonly bytes: Uint8Array;
      readonly integrity: string;
      readonly checked: readonly string[];
    }
  /** The registry gives no digest: these bytes are what it served, and nothing more is known. */
  | {
      readonly kind: 'unchecked';
      readonly bytes: Uint8Array;
      readonly integrity: string;
      readonly checked: readonly [];
    }
  | { readonly kind: 'missing'; readonly url: string }
  | { readonly kind: 'integrity-mismatch'; readonly expected: string; readonly actual: string };

export interface RegistryClient {
  readonly options: NpmOptions;
  /**
   * The document of a package; null when the registry has none. With `notBefore`, one from the cache will do if it
   * was fetched at or after that instant; without it the registry is asked.
   */
  packument(name: string, freshness?: { readonly notBefore: Date }): Promise<PackageDocument | null>;
  /** Downloads a version's artifact (or takes it from the cache) and checks it against every digest given. */
  artifact(version: VersionDocument): Promise<ArtifactResult>;
  /** What the registry has attested about a version; null when its document names no attestations. */
  attestations(version: VersionDocument): Promise<Attestations | null>;
  /**
   * The keys with which the registry of a package signs, as it states them; null when it states none. With `notBefore`,
   * keys from the cache will do if they were fetched at or after that instant.
   */
  keys(name: string, freshness?: { readonly notBefore: Date }): Promise<readonly RegistryKey[] | null>;
}

export interface ClientOptions {
  readonly options: NpmOptions;
  readonly cache: ContentCache;
  readonly patience?: Patience;
  readonly limits?: Partial<ClientLimits>;
}

export interface ClientLimits {
  /** Bytes of one package document. */
  readonly documentBytes: number;
  /** Bytes of one artifact. */
  readonly artifactBytes: number;
}

const MEBIBYTE = 1024 * 1024;
const LIMITS: ClientLimits = { documentBytes: 256 * MEBIBYTE, artifactBytes: 512 * MEBIBYTE };
const MAX_NAME = 512;
/** What npm's oldest rules allowed; notably no dot first, so that no URL climbs. */
const PACKAGE_NAME = /^(?:@[\w.~!*'()-]+\/)?[\w~!*'()-][\w.~!*'()-]*$/;

/**
 * A client of npm registries that reads only.
 * Its methods throw ReproveError `registry-unreachable`, `registry-refuses` or `registry-invalid`; "there is none" is a value.
 */
export function registryClient(given: ClientOptions): RegistryClient {
  const { options, cache, patience = DEFAULT_PATIENCE } = given;
  const limits = { ...LIMITS, ...given.limits };

  return {
    options,

    async packument(name, freshness) {
      if (!isPackageName(name)) return null;
      const registry = registryOf(options, name);
      const key = documentKey(registry, name);
      const cached = freshness === undefined ? null : await cache.get(key);
      if (cached !== null && freshness !== undefined && cached.storedAt >= freshness.notBefore)
        return parseDocument(cached.bytes, { name, registry, fetchedAt: cached.storedAt });
      const fetchedAt = new Date();
      const url = documentUrl(registry, name);
      const what = { url, name, accept: 'application/json', maxBytes: limits.documentBytes };
      const reply = await download(what, options, patience);
      if (reply.kind === 'absent') return null;
      const document = parseDocument(reply.bytes, { name, registry, fetchedAt });
      await cache.put(key, reply.bytes);
      return document;
    },

    async artifact(version) {
      const digests = digestsOf(version);
      const [strongest] = digests;
      const key = `artifact ${strongest}`;
      if (strongest !== undefined) {
        const cached = await cache.get(key);
        // Again against every digest: the cache knows only that its bytes are those it stored.
        if (cached !== null && checkIntegrity(cached.bytes, digests).kind === 'match')
          return { kind: 'ok', bytes: cached.bytes, integrity: sha512Of(cached.bytes), checked: digests };
      }
      const url = artifactUrl(version, options);
      const what = { url, name: version.name, accept: '*/*', maxBytes: limits.artifactBytes };
      const reply = await download(what, options, patience);
      if (reply.kind === 'absent') return { kind: 'missing', url };
      const check = checkIntegrity(reply.bytes, digests);
      if (check.kind === 'mismatch')
        return { kind: 'integrity-mismatch', expected: check.expected, actual: check.actual };
      const integrity = sha512Of(reply.bytes);
      if (strongest === undefined) return { kind: 'unchecked', bytes: reply.bytes, integrity, checked: [] };
      await cache.put(key, reply.bytes);
      return { kind: 'ok', bytes: reply.bytes, integrity, checked: digests };
    },

    async attestations(version) {
      const { attestationsUrl } = version.dist;
      if (attestationsUrl === null) return null;
      const subject = `${version.name}@${version.version}`;
      if (!URL.canParse(attestationsUrl)) throw invalid(subject, 'The URL of its attestations is not one.');
      // As npm does: always from the registry that is configured, whatever host the document names.
      const registry = registryOf(options, version.name);
      const url = rebase(new URL(attestationsUrl), registry);
      const what = { url, name: version.name, accept: 'application/json', maxBytes: 16 * MEBIBYTE };
      const reply = await download(what, options, patience);
      if (reply.kind === 'absent') return null;
      const attestations = parseAttestations(parseJson(reply.bytes));
      if (attestations === null) throw invalid(subject, 'Its attestations cannot be read.');
      return attestations;
    },

    keys: (name, freshness) => keysOf(given, name, freshness),
  };
}

async function keysOf(
  { options, cache, patience = DEFAULT_PATIENCE }: ClientOptions,
  name: string,
  freshness: { readonly notBefore: Date } | undefined,
): Promise<readonly RegistryKey[] | null> {
  const registry = registryOf(options, name);
  const key = `keys ${hash('sha256', registry)}`;
  const cached = freshness === undefined ? null : await cache.get(key);
  if (cached !== null && freshness !== undefined && cached.storedAt >= freshness.notBefore)
    return parseKeys(parseJson(cached.bytes));
  const what = { url: `${registry}-/npm/v1/keys`, name, accept: 'application/json', maxBytes: MEBIBYTE };
  const reply = await download(what, options, patience);
  const keys = reply.kind === 'absent' ? null : parseKeys(parseJson(reply.bytes));
  if (reply.kind === 'ok' && keys !== null) await cache.put(key, reply.bytes);
  return keys;
}

/** Where to download an artifact: npm's `replace-registry-host` moves it to the configured registry. */
export function artifactUrl(version: VersionDocument, options: NpmOptions): string {
  const url = new URL(version.dist.tarball);
  const { replaceRegistryHost: replace } = options;
  if (replace === 'never' || (replace !== 'always' && replace !== url.host)) return url.href;
  return rebase(url, registryOf(options, version.name));
}

function rebase(url: URL, registry: string): string {
  const base = new URL(registry);
  const path = url.pathname.startsWith(base.pathname) ? url.pathname : base.pathname + url.pathname.slice(1);
  return new URL(path, base).href;
}

/** Documents of two registries never stand in for each other. */
function documentKey(registry: string, name: string): string {
  return `document ${hash('sha256', registry)} ${name}`;
}

/** Whether a registry can be asked for a package of this name. */
export function isPackageName(name: string): boolean {
  return name.length <= MAX_NAME && PACKAGE_NAME.test(name);
}

/** Where a registry has the document of a package. */
export function documentUrl(registry: string, name: string): string {
  return `${registry}${encodeURIComponent(name).replace(/^%40/, '@')}`;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return null;
  }
}
