import { hash, randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf, ReproveError } from '../../../src/errors.ts';
import type { Tool } from '../../../src/model/plan.ts';
import type { Mount } from '../../../src/sandbox/engine.ts';
import type { RegistryClient } from '../registry/client.ts';
import { registryOf } from '../registry/config.ts';
import { versionOf, type VersionDocument } from '../registry/document.ts';
import { hexOf } from '../registry/integrity.ts';
import { unpack } from './unpack.ts';
import { type Part, partOf, SHIMS, TOOL_ROLES, type ToolRole } from './parts.ts';
import { freshEnough } from './versions.ts';

export interface ToolchainOptions {
  /** Exact versions by role; Node and npm are always among them. */
  readonly versions: Readonly<Partial<Record<ToolRole, string>>>;
  readonly client: RegistryClient;
  readonly cacheDirectory: string;
  /** Architecture of the sandbox as Node names it; default: this machine's. */
  readonly architecture?: string;
}

/** Tools ready to be mounted into a sandbox. */
export interface Toolchain {
  readonly tools: readonly Tool[];
  /** `/opt/<role>` for each, and `/opt/shims`, which is for the PATH. */
  readonly mounts: readonly Mount[];
}

const Marker = z.object({
  name: z.string(),
  version: z.string(),
  integrity: z.string().regex(/^sha512-[A-Za-z0-9+/]{86}==$/),
});

/**
 * Tools in exact versions, from the configured registry, checked and unpacked once. Afterwards no network is needed.
 * Throws ReproveError `toolchain-unavailable` when the registry does not have them, and the registry's errors.
 */
export async function toolchain(options: ToolchainOptions): Promise<Toolchain> {
  const { versions, client, cacheDirectory, architecture = process.arch } = options;
  const root = join(cacheDirectory, 'tools');
  const parts = TOOL_ROLES.flatMap((role) => {
    const version = versions[role];
    return version === undefined ? [] : [partOf(role, version, architecture)];
  });
  const [shims, ...provided] = await allDone([
    makeShims(root),
    ...parts.map((part) => provide(part, client, root)),
  ] as const);
  return {
    tools: provided.map(({ tool }) => tool),
    mounts: [
      ...provided.map(({ directory }, index) => ({
        source: directory,
        target: `/opt/${parts[index]?.role ?? ''}`,
      })),
      { source: shims, target: '/opt/shims' },
    ],
  };
}

/** Like Promise.all, but nothing is still being written when it fails. */
async function allDone<T extends readonly Promise<unknown>[]>(
  tasks: readonly [...T],
): Promise<{ [Index in keyof T]: Awaited<T[Index]> }> {
  await Promise.allSettled(tasks);
  return Promise.all(tasks);
}

interface Provided {
  readonly tool: Tool;
  readonly directory: string;
}

async function provide(part: Part, client: RegistryClient, root: string): Promise<Provided> {
  // What one registry gave for a version is no proof of what another would give.
  const registry = hash('sha256', registryOf(client.options, part.name)).slice(0, 8);
  const marker = join(root, `${fileName(part)}.${registry}.json`);
  const known = await readMarker(marker, part);
  const there = known === null ? null : directoryOf(root, known);
  if (known !== null && there !== null && (await hasEntry(part, there)))
    return { tool: known, directory: there };
  const version = await findVersion(part, client);
  const bytes = await fetchArtifact(version, client);
  const tool: Tool = { name: part.name, version: part.version, integrity: bytes.integrity };
  const directory = directoryOf(root, tool);
  try {
    await unpack({ bytes: bytes.bytes, directory, needed: part.needed });
  } catch (thrown) {
    throw unavailable(part, `It could not be unpacked: ${messageOf(thrown)}.`);
  }
  if (!(await hasEntry(part, directory))) {
    await rm(directory, { recursive: true, force: true });
    throw unavailable(part, `It has no ${part.entries.join(' or ')}.`);
  }
  await writeWhole(marker, JSON.stringify(tool));
  return { tool, directory };
}

async function hasEntry(part: Part, directory: string): Promise<boolean> {
  const found = await Promise.all(part.entries.map((entry) => isFile(join(directory, entry))));
  return found.includes(true);
}

async function findVersion(part: Part, client: RegistryClient): Promise<VersionDocument> {
  const cached = await client.packument(part.name, freshEnough());
  const document = cached?.versions.has(part.version) === true ? cached : await client.packument(part.name);
  if (document === null) throw unavailable(part, 'The registry does not know the package.');
  const version = versionOf(document, part.version);
  if (version === null) throw unavailable(part, 'The registry knows the package, but not this version.');
  return version;
}

async function fetchArtifact(
  version: VersionDocument,
  client: RegistryClient,
): Promise<{ readonly bytes: Uint8Array; readonly integrity: string }> {
  const result = await client.artifact(version);
  switch (result.kind) {
    case 'ok':
      return result;
    case 'missing':
      throw unavailable(version, 'The registry lists it but does not have its file.');
    case 'unchecked':
      throw unavailable(version, 'The registry gives no digest for it, so that it cannot be checked.');
    case 'integrity-mismatch':
      throw unavailable(version, `Its file should be ${result.expected} but is ${result.actual}.`);
  }
}

async function makeShims(root: string): Promise<string> {
  const directory = join(root, `shims-${hash('sha256', JSON.stringify(SHIMS)).slice(0, 16)}`);
  if (await isFile(join(directory, 'corepack'))) return directory;
  const temporary = join(root, `.shims-${randomBytes(8).toString('hex')}`);
  await mkdir(temporary, { recursive: true });
  await chmod(temporary, 0o755);
  for (const [name, text] of Object.entries(SHIMS)) {
    await writeFile(join(temporary, name), text);
    await chmod(join(temporary, name), 0o755);
  }
  await rename(temporary, directory).catch(async (thrown: unknown) => {
    await rm(temporary, { recursive: true, force: true });
    if (!(await isFile(join(directory, 'corepack')))) throw thrown;
  });
  return directory;
}

async function readMarker(path: string, part: Part): Promise<Tool | null> {
  try {
    const marker = Marker.parse(JSON.parse(await readFile(path, 'utf8')));
    return marker.name === part.name && marker.version === part.version ? marker : null;
  } catch {
    return null;
  }
}

async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(8).toString('hex')}`;
  await writeFile(temporary, text);
  await rename(temporary, path);
}

function directoryOf(root: string, tool: Tool): string {
  return join(root, `${fileName(tool)}-${hexOf(tool.integrity).slice(0, 16)}`);
}

/** Versions come from outside: nothing in them may be a path. */
function fileName({ name, version }: { readonly name: string; readonly version: string }): string {
  return `${name}-${version}`.replaceAll(/[^\w.+-]/g, '_');
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (info) => info.isFile(),
    () => false,
  );
}

function unavailable(
  { name, version }: { readonly name: string; readonly version: string },
  why: string,
): ReproveError {
  return new ReproveError('toolchain-unavailable', {
    what: `The tool ${name}@${version} is not available.`,
    why,
    next: `Use a registry that serves ${name}, or a plan with another version (--plan).`,
  });
}
