import type { Difference } from '../../src/model/comparison.ts';
import { INSIDE_TARGET } from './inside.ts';
import { join } from './install-root.ts';
import { manifestEntry } from './judgement.ts';
import { toolStep } from './managers/manager.ts';
import { type JsonObject, ownField, readPackedManifest } from './packed-manifest.ts';
import { fromMadeFolder } from './packers.ts';
import type { Reading, Revision } from './revision.ts';
import { IMPORT_FIELDS } from './roles.ts';
import { insertBeforePacking } from './step-places.ts';

/** What installs, runtimes and bundlers follow besides imports: a manifest without one of these is another package. */
const FUNCTIONAL =
  /^(?:name|version|type|bin|types|typings|sideEffects|engines|os|cpu|libc|man|directories|gypfile|(?:peer|optional|bundled?)?[dD]ependencies(?:Meta)?|overrides)$/;

function isFunctional(field: string): boolean {
  return IMPORT_FIELDS.includes(field) || FUNCTIONAL.test(field);
}

/**
 * Release tools publish from the folder that a build fills, as a package of its own: every published file that is missing has been
 * rebuilt, to the byte, below that folder. The manifest is made anew from that of the commit.
 */
export async function rerooted({ request, plan, went }: Reading): Promise<Revision | null> {
  const pack = plan.steps.at(-1);
  if (went.kind !== 'differed' || pack?.phase !== 'pack') return null;
  const added = went.differences.filter(({ kind }) => kind === 'added');
  const folder = folderOf(added, went.differences);
  const { directory } = request.source;
  const text = await request.readText(join(directory, 'package.json'));
  const packed = manifestEntry(request.published.artifact.archive.entries);
  const published = readPackedManifest(packed?.content.subarray() ?? null).value;
  const manifest = readPackedManifest(text === null ? null : Buffer.from(text)).value;
  if (folder === null || !leadsInto(folder, manifest)) return null;
  // What somebody wrote is a package where it stands, and nowhere else: a fixture may be anything.
  if (request.source.tree.some(({ path }) => path.startsWith(join(directory, `${folder}/`)))) return null;
  const dropped = Object.keys(manifest).filter((key) => !Object.hasOwn(published, key));
  if (dropped.some((key) => isFunctional(key) || !/^[\w@./-]{1,100}$/.test(key))) return null;
  const step = toolStep({
    name: `make ${folder} a package`,
    phase: 'build',
    argv: ['node', `${INSIDE_TARGET}/reroot.cjs`, folder, dropped.join(',')],
    directory,
  });
  const paths = added.map(({ path }) => path);
  const packing = fromMadeFolder(pack, { ...request, paths });
  const steps = insertBeforePacking([...plan.steps.slice(0, -1), packing], [step]);
  return {
    why: `what is missing was built in ${folder}: packed from there, as a package of its own`,
    change: { steps },
  };
}

/** The one folder below which every added file was rebuilt and is not published; null where there is none. */
function folderOf(added: readonly Difference[], differences: readonly Difference[]): string | null {
  const missing = differences.filter(({ kind }) => kind === 'missing');
  const folders = added.map(({ path, published }) => {
    const there = missing.find(
      (one) => one.path.endsWith(`/${path}`) && one.rebuilt?.sha256 === published?.sha256,
    );
    return there?.path.slice(0, -path.length - 1) ?? null;
  });
  const [first = null] = folders;
  return first !== null && /^\w[\w./-]{0,200}$/.test(first) && folders.every((one) => one === first)
    ? first
    : null;
}

/** Whether the manifest of the commit has an entry point in the folder: what is imported is the same then as before. */
function leadsInto(folder: string, manifest: JsonObject): boolean {
  const targets = [...IMPORT_FIELDS, 'bin', 'types'].map((field) =>
    JSON.stringify(ownField(manifest, field) ?? null),
  );
  return targets.some((text) => text.includes(`"${folder}/`) || text.includes(`"./${folder}/`));
}
