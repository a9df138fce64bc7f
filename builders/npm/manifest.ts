import { z } from 'zod';
import type { ManifestReader } from '../../src/source/manifest.ts';
import { Repository, Text, Texts } from './manifest-fields.ts';

/** Whether a field names dependencies to bundle: a list, `true` for all of them, or (in old ones) a table. */
const Bundle = z
  .unknown()
  .default(null)
  .transform((value) => value === true || (typeof value === 'object' && Object.keys(value ?? {}).length > 0));

/** What planning reads of a package.json in a repository. Old ones hold anything anywhere: that counts as absent. */
const Manifest = z.object({
  name: Text,
  version: Text,
  scripts: Texts,
  dependencies: Texts,
  devDependencies: Texts,
  optionalDependencies: Texts,
  peerDependencies: Texts,
  engines: Texts,
  private: z
    .unknown()
    .default(false)
    .transform((value) => value === true),
  packageManager: Text,
  gitHead: Text,
  bundleDependencies: Bundle,
  bundledDependencies: Bundle,
  workspaces: z
    .union([
      z.array(z.string()),
      z.object({ packages: z.array(z.string()) }).transform((one) => one.packages),
    ])
    .catch([])
    .default([]),
  repository: Repository,
  publishConfig: z.object({ directory: Text }).catch({ directory: null }).default({ directory: null }),
  /** Whether it configures the tool of that name. */
  cleanPublish: Bundle,
});

export type Manifest = z.infer<typeof Manifest>;

/** Reads a package.json; null when it is no JSON object. A byte order mark is allowed, as npm allows it. */
export function parseManifest(text: string): Manifest | null {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    const parsed = Manifest.safeParse(
      typeof value === 'object' && value !== null && 'clean-publish' in value
        ? { ...value, cleanPublish: value['clean-publish'] }
        : value,
    );
    return parsed.success ? parsed.data : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** How npm packages are found inside a repository. */
export const packageJsonReader: ManifestReader = {
  fileName: 'package.json',
  read(text) {
    const manifest = parseManifest(text);
    if (manifest === null) return null;
    const { name, version, private: isPrivate } = manifest;
    return { name, version, isPrivate };
  },
  nameLine: (name) => line('name', name),
  versionLine: (version) => line('version', version),
};

function line(key: string, value: string): string {
  return `"${key}"[[:space:]]*:[[:space:]]*"${value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}"`;
}
