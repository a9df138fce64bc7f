import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';
import { npmOptions } from '../../builders/npm/registry/config.ts';
import {
  registryClient,
  type ClientOptions,
  type RegistryClient,
} from '../../builders/npm/registry/client.ts';
import { contentCache } from '../../src/content-cache.ts';
import { LoopbackRegistry } from '../../src/demo/loopback-registry.ts';

/** One entry of a tarball to make; a string is the content of a regular file. */
export type TarEntry =
  | string
  | {
      readonly type: '0' | '1' | '2' | '5';
      readonly link?: string;
      readonly mode?: number;
      readonly content?: string;
    };

/** A .tgz of exactly these entries, in this order, under these names (POSIX ustar; no name is changed). */
export function tarball(entries: Readonly<Record<string, TarEntry>>): Uint8Array {
  const blocks = Object.entries(entries).flatMap(([name, entry]) => {
    const {
      type,
      link = '',
      mode = 0o644,
      content = '',
    } = typeof entry === 'string' ? { type: '0', content: entry } : entry;
    const body = Buffer.from(content);
    const header = Buffer.alloc(512);
    header.write(name, 0, 100);
    header.write(`${mode.toString(8).padStart(7, '0')}\0`, 100);
    header.write('0000000\x000000000\0', 108);
    header.write(`${body.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('03560116604\0', 136);
    header.write('        ', 148);
    header.write(type, 156);
    header.write(link, 157, 100);
    header.write('ustar\x0000', 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, body, Buffer.alloc((512 - (body.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

/** The artifact of a package with nothing but this package.json (and files beside it). */
export function packageTarball(manifest: object, files: Readonly<Record<string, TarEntry>> = {}): Uint8Array {
  const named = Object.entries(files).map(([path, entry]) => [`package/${path}`, entry]);
  return tarball({
    'package/package.json': JSON.stringify(manifest),
    ...(Object.fromEntries(named) as object),
  });
}

/** Publishes packages by `name@version`, each with its own manifest fields. */
export function publishAll(
  registry: LoopbackRegistry,
  packages: Readonly<Record<string, Readonly<Record<string, unknown>> & { readonly time?: string }>>,
): void {
  for (const [id, { time, ...fields }] of Object.entries(packages)) {
    const at = id.lastIndexOf('@');
    const manifest = { name: id.slice(0, at), version: id.slice(at + 1), ...fields };
    registry.publish({ manifest, bytes: packageTarball(manifest), ...(time === undefined ? {} : { time }) });
  }
}

/** An empty folder that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'reprove-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A registry on loopback that ends with the test. */
export async function startRegistry(): Promise<LoopbackRegistry> {
  const registry = await LoopbackRegistry.start();
  onTestFinished(() => registry.close());
  return registry;
}

/** A client of a registry with an empty cache and no patience, so that no test waits. */
export async function clientOf(
  registry: Pick<LoopbackRegistry, 'url'>,
  more: Partial<Omit<ClientOptions, 'options'>> & { readonly cacheDirectory?: string } = {},
): Promise<RegistryClient> {
  const { cacheDirectory = await temporaryFolder(), ...rest } = more;
  return registryClient({
    options: await npmOptions({ cwd: cacheDirectory, registry: registry.url, env: { HOME: cacheDirectory } }),
    cache: contentCache(cacheDirectory),
    patience: { timeoutMs: 10_000, retries: 1, pauseMs: 1 },
    ...rest,
  });
}
