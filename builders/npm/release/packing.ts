import type { Evidence } from '../../../src/model/source.ts';
import { managerCall } from './calls.ts';
import { insideRepository } from './paths.ts';
import type { Reader } from './publishing.ts';
import type { PublishSite } from './reading.ts';
import type { Command, PackageManager, Packer } from './recipe.ts';
import { type Statement, statementsOf } from './statements.ts';
import {
  cleanPublishConfig,
  lernaConfig,
  npConfig,
  nxConfig,
  publishDirectory,
  semanticReleaseConfig,
  type ToolConfig,
} from './tool-config.ts';

/** What the publishing command packs, and what it runs first. */
export interface Packing {
  readonly packer: Packer | null;
  readonly directory: string | null;
  readonly isElsewhere: boolean;
  readonly scripts: boolean;
  /** Whether the tool writes the version into the manifest of the folder that it packs. */
  readonly setsVersion: boolean;
  /** The publishing command without the words that only a run would fill in. */
  readonly command: Command | null;
  /** What the tool and the package's own `prepublishOnly` run before. */
  readonly statements: readonly Statement[];
  readonly evidence: readonly Evidence[];
}

interface Context {
  readonly reader: Reader;
  readonly manager: PackageManager | null;
}

/** Who packs, what is packed, and what runs before that without being written in the job. */
export async function packing(site: PublishSite, context: Context): Promise<Packing> {
  const packed = await packingHere(site, context);
  if (site.publishing.publication.tool !== 'clean-publish') return packed;
  // It packs a copy that it has cleaned, in a folder of its own.
  const { own, files } = context.reader;
  const { directory, packer } = await cleanPublishConfig(own.directory, files);
  return {
    ...packed,
    directory: directory === null ? null : insideRepository(own.directory, directory),
    packer: packer === 'pnpm' || packer === 'yarn' ? packer : 'npm',
    evidence: [{ kind: 'release-config', detail: 'clean-publish packs a copy with a shorter manifest' }],
  };
}

async function packingHere(site: PublishSite, context: Context): Promise<Packing> {
  const { publication } = site.publishing;
  const { own, files } = context.reader;
  const config = await configOf(site, context);
  const packer = packerOf(site, context);
  const stated = statedDirectory(site, context);
  const inConfig =
    config?.directory ??
    (packer === 'npm' && !isWorkspaceTool(publication.tool)
      ? null
      : await publishDirectory(own.directory, files));
  const base = stated ?? (publication.recursive ? own.directory : null);
  const directory = base === null || inConfig === null ? base : (insideRepository(base, inConfig) ?? base);
  const lifecycle = publication.scripts && base === own.directory ? await publishScripts(context.reader) : [];
  const place = { directory: own.directory, env: {} };
  const configured = (config?.commands ?? []).flatMap((command) =>
    statementsOf(command, { ...place, directory: '.' }),
  );
  const source = config?.from ?? (inConfig === null ? null : 'publishConfig.directory');
  const evidence = source === null ? [] : [{ kind: 'release-config', detail: `${source} is followed` }];
  const statements = [...configured, ...lifecycle];
  return {
    packer,
    directory,
    isElsewhere: site.publishing.statement.directory === null,
    scripts: publication.scripts,
    setsVersion: publication.tool.endsWith('semantic-release'),
    command: literalCommand(site.publishing.statement),
    statements,
    evidence,
  };
}

function isWorkspaceTool(tool: string): boolean {
  return ['changeset', '@changesets/cli', 'lerna', '@lerna-lite/cli'].includes(tool);
}

function packerOf({ publishing, progress }: PublishSite, { manager }: Context): Packer | null {
  const { packer, target, targetExpands } = publishing.publication;
  const isArchive = target?.endsWith('.tgz') === true || (targetExpands && progress.packed !== null);
  // An archive of an earlier step is published as it is.
  if (isArchive && progress.packed !== null)
    return managerCall(progress.packed.words)?.manager ?? packer_(packer, manager);
  return packer_(packer, manager);
}

/** Tools that publish through the repository's own package manager take npm where that one is yarn (changesets, np). */
function packer_(packer: Packer | 'repository' | null, manager: PackageManager | null): Packer | null {
  if (packer !== 'repository') return packer;
  return manager?.name === 'pnpm' || manager?.name === 'bun' ? manager.name : 'npm';
}

/** The folder that the command itself names or stands in. */
function statedDirectory({ publishing, progress }: PublishSite, { reader }: Context): string | null {
  const { publication, statement } = publishing;
  if (publication.filters.length > 0)
    return publication.filters.some((one) => one.includes('$'))
      ? reader.own.directory
      : filtered(publication.filters, reader);
  if (publication.recursive || statement.directory === null) return null;
  const isArchive = publication.target?.endsWith('.tgz') === true || publication.targetExpands;
  if (isArchive) return progress.packed === null ? null : packedDirectory(progress.packed);
  const call = managerCall(statement.words);
  const from = insideRepository(statement.directory, call?.directory ?? '.');
  return from === null ? null : insideRepository(from, publication.target ?? '.');
}

function packedDirectory(packed: Statement): string | null {
  const call = managerCall(packed.words);
  if (packed.directory === null) return null;
  const from = insideRepository(packed.directory, call?.directory ?? '.');
  const target = call?.operands[0];
  if (from === null || target?.literal === false) return null;
  return insideRepository(from, target?.text ?? '.');
}

function filtered(filters: readonly string[], { own }: Reader): string | null {
  const isOwn = (filter: string) =>
    filter === own.name || insideRepository('.', filter) === own.directory || filter.includes('*');
  return filters.some(isOwn) ? own.directory : null;
}

async function configOf({ publishing }: PublishSite, { reader }: Context): Promise<ToolConfig | null> {
  const { files, own } = reader;
  const { tool } = publishing.publication;
  if (tool.endsWith('semantic-release')) return semanticReleaseConfig(own.directory, files);
  if (tool === 'np') return npConfig(own.directory, files);
  if (tool === 'lerna' || tool === '@lerna-lite/cli') return lernaConfig(files);
  return tool === 'nx' ? nxConfig(files) : null;
}

/** npm, pnpm and yarn run `prepublishOnly` when they publish, and not when they pack; old npm `prepublish`. */
async function publishScripts({ files, own }: Reader): Promise<readonly Statement[]> {
  const scripts = (await files.manifest(own.directory))?.scripts ?? {};
  const name = ['prepublishOnly', 'prepublish'].find((one) => Object.hasOwn(scripts, one));
  const text = name === undefined ? '' : (scripts[name] ?? '');
  return statementsOf(text, { directory: own.directory, env: {} });
}

/** Without the words that expand, and without the options that wait for them. */
function literalCommand({ words, directory, env, command }: Statement): Command | null {
  const kept = words.filter(({ text, literal }, index) => {
    const next = words[index + 1];
    const waits = /^--[\w-]+$/.test(text) && next?.literal === false && !next.text.startsWith('-');
    return literal && !waits;
  });
  const [first, ...others] = kept.map((word) => word.text);
  return (
    command ?? (first === undefined ? null : { argv: [first, ...others], directory: directory ?? '.', env })
  );
}
