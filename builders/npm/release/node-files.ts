import { z } from 'zod';
import { Text } from '../manifest-fields.ts';
import { type CommitFiles, readJson } from './commit-files.ts';
import { insideRepository } from './paths.ts';

/** What an action that sets Node up is told, in the words of an `.nvmrc`; null when it is told none. */
export async function nodeOf(
  inputs: ReadonlyMap<string, string>,
  files: CommitFiles,
): Promise<string | null> {
  const stated = inputs.get('node-version') ?? inputs.get('node_version') ?? '';
  if (stated.trim() !== '') return word(stated);
  const file = insideRepository(
    '.',
    inputs.get('node-version-file') ?? inputs.get('node_version_file') ?? '.',
  );
  return file === null || file === '.' ? null : nodeInFile(file, files);
}

/** The Node that a version file names: `.nvmrc`, `.node-version`, `.tool-versions`, or a manifest. */
export async function nodeInFile(file: string, files: CommitFiles): Promise<string | null> {
  const text = await files.read(file);
  if (text === null) return null;
  if (file.endsWith('package.json')) return nodeInManifest(text);
  // Of lines such as `nodejs 20.11.0` or `node = "20"` the version, of a bare version the whole.
  const tool = /^[ \t]*node(?:js)?[ \t]*(?:=[ \t]*|[ \t])["']?([^\s"']{1,64})/m.exec(text)?.[1];
  return word(tool ?? text);
}

function word(text: string): string | null {
  const first = text.trim().split(/[\n#]/, 1)[0]?.trim() ?? '';
  return first === '' || first.length > 64 ? null : first;
}

const Runtime = z.object({ name: Text, version: Text });
const Runtimes = z
  .object({ runtime: z.union([Runtime.transform((one) => [one]), z.array(Runtime)]) })
  .transform((one) => one.runtime)
  .catch([])
  .default([]);
const Node = z
  .object({ node: Text })
  .transform((one) => one.node)
  .catch(null)
  .default(null);

/** actions/setup-node reads these three, in this order. */
const NodeFields = z.object({ volta: Node, devEngines: Runtimes, engines: Node });

function nodeInManifest(text: string): string | null {
  const parsed = NodeFields.safeParse(readJson(text));
  if (!parsed.success) return null;
  const { volta, devEngines, engines } = parsed.data;
  const runtime = devEngines.find((one) => one.name === 'node')?.version ?? null;
  const version = volta ?? runtime ?? engines;
  return version === null || version.length > 64 ? null : version;
}
