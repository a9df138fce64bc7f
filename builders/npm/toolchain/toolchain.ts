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
import { freshEnough, nodePackage } from './versions.ts';

export interface ToolchainOptions {
  /** Exact versions. */
  readonly node: string;
  readonly npm: string;
  readonly client: RegistryClient;
  readonly cacheDirectory: string;
  /** Architecture of the sandbox as Node names it; default: this machine's. */
  readonly architecture?: string;
}

/** Tools ready to be mounted into a sandbox. */
export interface Toolchain {
  readonly tools: readonly Tool[];
  /** `/opt/node`, `/opt/npm` and `/opt/shims`, the last of which is for the PATH. */
  readonly mounts: readonly Mount[];
}

/** Two lines each, so that no symbolic link or `#!/usr/bin/env` is needed inside. */
const SHIMS = {
  node: '#!/bin/sh\nexec /opt/node/bin/node "$@"\n',
  npm: '#!/bin/sh\nexec /opt/node/bin/node /opt/npm/bin/npm-cli.js "$@"\n',
  npx: '#!/bin/sh\nexec /opt/node/bin/node /opt/npm/bin/npx-cli.js "$@"\n',
} as const;

interface Part {
  readonly name: string;
  readonly version: string;
  /** A file without which the package is not what we take it for. */
  readonly entry: string;
  readonly needed: (path: string) => boolean;
}

const Marker = z.object({
  name: z.string(),
  version: z.string(),
  integrity: z.string().regex(/^sha512-[A-Za-z0-9+/]{86}==$/),
});

/**
 * Node and npm in exact versions, from the configured registry, checked and unpacked once. Afterwards no network is
 * needed. Throws ReproveError `toolchain-unavailable` when the registry does not have them, and the registry's errors.
 */
export async function toolchain(options: ToolchainOptions): Promise<Toolchain> {
  const { client, cacheDirectory } = options;
  const root = join(cacheDirectory, 'toolchains');
  const node: Part = {
    name: nodePackage(options.architecture ?? process.arch),
    version: options.node,
    entry: 'bin/node',
    // Nothing is compiled in the sandbox: its headers and pages are only weight.
    needed: (path) => path === 'bin/node',
  };
  const npm: Part = {
    name: 'npm',
    version: options.npm,
    entry: 'bin/npm-cli.js',
    needed: (path) => !/^(?:docs|man|html|doc|test)\//.test(path),
  };
  const [nodeTool, npmTool, shims] = await allDone([
    provide(node, client, root),
    provide(npm, client, root),
    makeShims(root),
  ]);
  return {
    tools: [nodeTool.tool, npmTool.tool],
    mounts: [
      { source: nodeTool.directory, target: '/opt/node' },
      { source: npmTool.directory, target: '/opt/npm' },
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
  if (known !== null && there !== null && (await isFile(join(there, part.entry))))
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
  if (!(await isFile(join(directory, part.entry)))) {
    await rm(directory, { recursive: true, force: true });
    throw unavailable(part, `It has no ${part.entry}.`);
  }
  await writeWhole(marker, JSON.stringify(tool));
  return { tool, directory };
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
  if (await isFile(join(directory, 'npx'))) return directory;
  const temporary = join(root, `.shims-${randomBytes(8).toString('hex')}`);
  await mkdir(temporary, { recursive: true });
  await chmod(temporary, 0o755);
  for (const [name, text] of Object.entries(SHIMS)) {
    await writeFile(join(temporary, name), text);
    await chmod(join(temporary, name), 0o755);
  }
  await rename(temporary, directory).catch(async (thrown: unknown) => {
    await rm(temporary, { recursive: true, force: true });
    if (!(await isFile(join(directory, 'npx')))) throw thrown;
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
