import { type Manifest, parseManifest } from '../manifest.ts';
import { insideRepository } from './paths.ts';
import { type Action, parseAction } from './workflow.ts';

/** The files of one commit, as far as a release is told by them. */
export interface CommitFiles {
  has(file: string): boolean;
  /** Files directly in a folder. */
  filesIn(directory: string): readonly string[];
  /** Null when there is no such file, or when it is no text that a person wrote. */
  read(file: string): Promise<string | null>;
  manifest(directory: string): Promise<Manifest | null>;
  /** The composite action of a folder. */
  action(folder: string): Promise<Action | null>;
}

/** Characters of one text, and texts of one commit, that are read. */
const LONGEST = 512 * 1024;
const MOST_READS = 200;

/** Opens the files of a commit; every one is read once, and no more of them than a repository of people needs. */
export function commitFiles(commit: {
  readonly tree: readonly { readonly path: string }[];
  readText(file: string): Promise<string | null>;
}): CommitFiles {
  const paths = new Set(commit.tree.map((file) => file.path));
  const texts = new Map<string, Promise<string | null>>();
  const manifests = new Map<string, Promise<Manifest | null>>();
  const actions = new Map<string, Promise<Action | null>>();
  const read = (file: string): Promise<string | null> => {
    const known = texts.get(file);
    if (known !== undefined) return known;
    if (!paths.has(file) || texts.size >= MOST_READS) return Promise.resolve(null);
    const text = commit
      .readText(file)
      .then((content) => (content !== null && content.length <= LONGEST ? content : null));
    texts.set(file, text);
    return text;
  };
  return {
    has: (file) => paths.has(file),
    filesIn: (directory) => {
      const start = directory === '.' ? '' : `${directory}/`;
      return [...paths].filter((path) => path.startsWith(start) && !path.slice(start.length).includes('/'));
    },
    read,
    manifest: (directory) => {
      const file = insideRepository(directory, 'package.json') ?? '';
      const known = manifests.get(file);
      if (known !== undefined) return known;
      const manifest = read(file).then((text) => (text === null ? null : parseManifest(text)));
      manifests.set(file, manifest);
      return manifest;
    },
    action: (folder) => {
      const known = actions.get(folder);
      if (known !== undefined) return known;
      const action = actionIn(folder, read);
      actions.set(folder, action);
      return action;
    },
  };
}

async function actionIn(
  folder: string,
  read: (file: string) => Promise<string | null>,
): Promise<Action | null> {
  for (const name of ['action.yml', 'action.yaml']) {
    const file = insideRepository(folder, name);
    const text = file === null ? null : await read(file);
    const action = text === null ? null : parseAction(text);
    if (action !== null) return action;
  }
  return null;
}

/** Reads a JSON text; null when it is none. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
