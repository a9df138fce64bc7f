import { z } from 'zod';
import { Text } from '../manifest-fields.ts';
import { type CommitFiles, readJson } from './commit-files.ts';
import { insideRepository } from './paths.ts';
import { readYaml } from './yaml.ts';

/** What the configuration of a publishing tool says about a package. */
export interface ToolConfig {
  /** The folder that it packs, from the package's own. */
  readonly directory: string | null;
  /** Commands that it runs before it packs. */
  readonly commands: readonly string[];
  /** File and field that say it. */
  readonly from: string;
}

const Contents = z
  .object({ contents: Text, npmClient: Text })
  .transform((one) => one.contents)
  .catch(null)
  .default(null);

const ManifestTools = z.object({
  np: Contents,
  publishConfig: z
    .object({ directory: Text })
    .transform((one) => one.directory)
    .catch(null)
    .default(null),
  release: z.unknown().optional(),
  'clean-publish': z.unknown().optional(),
});

/** `publishConfig.directory`, which pnpm, lerna and changesets follow and npm does not. */
export async function publishDirectory(directory: string, files: CommitFiles): Promise<string | null> {
  return (await manifestTools(directory, files))?.publishConfig ?? null;
}

async function manifestTools(
  directory: string,
  files: CommitFiles,
): Promise<z.infer<typeof ManifestTools> | null> {
  const file = insideRepository(directory, 'package.json');
  const parsed = ManifestTools.safeParse(readJson((file === null ? null : await files.read(file)) ?? 'null'));
  return parsed.success ? parsed.data : null;
}

/** np: `contents`, in the manifest or in a file of its own. */
export async function npConfig(directory: string, files: CommitFiles): Promise<ToolConfig | null> {
  const own = (await manifestTools(directory, files))?.np ?? null;
  if (own !== null) return { directory: own, commands: [], from: 'package.json: np.contents' };
  const text = await readIn(directory, '.np-config.json', files);
  const contents = text === null ? null : Contents.parse(readJson(text) ?? {});
  return contents === null ? null : { directory: contents, commands: [], from: '.np-config.json: contents' };
}

const Lerna = z.object({
  command: z
    .object({ publish: Contents })
    .transform((one) => one.publish)
    .catch(null)
    .default(null),
});

/** lerna: `command.publish.contents`. */
export async function lernaConfig(files: CommitFiles): Promise<ToolConfig | null> {
  const text = await files.read('lerna.json');
  const parsed = Lerna.safeParse(readJson(text ?? 'null'));
  const contents = parsed.success ? parsed.data.command : null;
  return contents === null
    ? null
    : { directory: contents, commands: [], from: 'lerna.json: command.publish.contents' };
}

const Nx = z.object({
  release: z.object({
    version: z
      .object({ preVersionCommand: Text })
      .transform((one) => one.preVersionCommand)
      .catch(null)
      .default(null),
    preVersionCommand: Text,
  }),
});

/** nx release: the command that it runs before it versions, which is where workspaces are built. */
export async function nxConfig(files: CommitFiles): Promise<ToolConfig | null> {
  const parsed = Nx.safeParse(readJson((await files.read('nx.json')) ?? 'null'));
  if (!parsed.success) return null;
  const { version, preVersionCommand } = parsed.data.release;
  const command = preVersionCommand ?? version;
  return command === null
    ? null
    : { directory: null, commands: [command], from: 'nx.json: preVersionCommand' };
}

const Tasks = z
  .record(
    z.string(),
    z.object({ dependsOn: z.array(z.string()).catch([]).default([]) }).catch({ dependsOn: [] }),
  )
  .catch({})
  .default({});

/** turbo: the tasks of a workspace that come before some tasks; `tasks` was `pipeline` until its version 2. */
export async function turboTasksBefore(
  names: readonly string[],
  files: CommitFiles,
): Promise<readonly string[]> {
  const parsed = z
    .object({ tasks: Tasks, pipeline: Tasks })
    .safeParse(readJson((await files.read('turbo.json')) ?? 'null'));
  if (!parsed.success) return [];
  const tasks = new Map(Object.entries({ ...parsed.data.pipeline, ...parsed.data.tasks }));
  const before = names
    .flatMap((name) => tasks.get(name)?.dependsOn ?? [])
    .map((name) => name.replace(/^\^/, ''));
  return [...new Set(before)].filter((name) => /^[\w:-]{1,64}$/.test(name)).slice(0, 20);
}

const CleanPublish = z.object({ packageManager: Text, tempDir: Text });

/** clean-publish: the folder that it copies the package to, and who packs there. */
export async function cleanPublishConfig(
  directory: string,
  files: CommitFiles,
): Promise<{ readonly directory: string | null; readonly packer: string | null }> {
  const own = (await manifestTools(directory, files))?.['clean-publish'];
  const text = await readIn(directory, '.clean-publish', files);
  const parsed = CleanPublish.safeParse(own ?? readJson(text ?? 'null'));
  return { directory: parsed.data?.tempDir ?? null, packer: parsed.data?.packageManager ?? null };
}

/** A plugin with its options; one without them is only a name. */
const Plugin = z.union([
  z.string().transform((name) => ({ name, options: {} as unknown })),
  z.tuple([z.string()], z.unknown()).transform(([name, options]) => ({ name, options })),
]);
const SemanticRelease = z.object({
  plugins: z
    .array(z.unknown())
    .catch([])
    .default([])
    .transform((plugins) =>
      plugins.slice(0, 30).flatMap((one) => {
        const plugin = Plugin.safeParse(one);
        return plugin.success ? [plugin.data] : [];
      }),
    ),
});
const PluginOptions = z
  .object({ pkgRoot: Text, prepareCmd: Text, verifyReleaseCmd: Text })
  .catch({ pkgRoot: null, prepareCmd: null, verifyReleaseCmd: null });

const RELEASE_FILES = ['.releaserc', '.releaserc.json', '.releaserc.yaml', '.releaserc.yml'] as const;
const RELEASE_PROGRAMS = [
  '.releaserc.js',
  '.releaserc.cjs',
  '.releaserc.mjs',
  'release.config.js',
  'release.config.cjs',
  'release.config.mjs',
] as const;

/** semantic-release: `pkgRoot` of its npm plugin, and what its exec plugin runs to prepare. */
export async function semanticReleaseConfig(
  directory: string,
  files: CommitFiles,
): Promise<ToolConfig | null> {
  for (const place of directory === '.' ? ['.'] : [directory, '.']) {
    const inManifest = (await manifestTools(place, files))?.release;
    if (inManifest != null) return ofPlugins(inManifest, 'package.json: release');
    for (const name of RELEASE_FILES) {
      const text = await readIn(place, name, files);
      if (text !== null) return ofPlugins(readJson(text) ?? readYaml(text), name);
    }
    for (const name of RELEASE_PROGRAMS) {
      const text = await readIn(place, name, files);
      const root = /\bpkgRoot["']?\s{0,8}:\s{0,8}["']([^"'\n]{1,200})["']/.exec(text ?? '')?.[1];
      if (root !== undefined) return { directory: root, commands: [], from: `${name}: pkgRoot` };
    }
  }
  return null;
}

function ofPlugins(value: unknown, from: string): ToolConfig | null {
  const parsed = SemanticRelease.safeParse(value);
  if (!parsed.success) return null;
  const options = parsed.data.plugins.map((plugin) => PluginOptions.parse(plugin.options ?? {}));
  const directory = options.map((one) => one.pkgRoot).find((root) => root !== null) ?? null;
  const commands = options.flatMap((one) =>
    [one.verifyReleaseCmd, one.prepareCmd].filter((command) => command !== null),
  );
  return directory === null && commands.length === 0 ? null : { directory, commands, from };
}

async function readIn(directory: string, name: string, files: CommitFiles): Promise<string | null> {
  const file = insideRepository(directory, name);
  return file === null ? null : files.read(file);
}
