import { opendir, stat } from 'node:fs/promises';
import path from 'node:path';

/** A folder with more entries than this is no mirror that is kept by name. */
const MOST_ENTRIES = 100_000;

/**
 * Remotes with every local path put into the letters that the disk has. Git hosts do not tell `Owner/Name` from
 * `owner/name`, folders do. Only what a template leaves open is looked for: its fixed part is taken as written.
 *
 * @param templates what the remotes were made from (see `remotesFor`)
 */
export async function inLettersOfDisk(
  remotes: readonly string[],
  templates: readonly string[],
): Promise<readonly string[]> {
  const roots = templates.filter((template) => path.isAbsolute(template)).map(fixedFolder);
  const found = await Promise.all(remotes.map((remote) => onDisk(remote, roots)));
  return [...new Set(found)];
}

/** The folder of a template above its first placeholder, with a slash at the end. */
function fixedFolder(template: string): string {
  const fixed = template.split('{', 1)[0] ?? '';
  return fixed.slice(0, fixed.lastIndexOf('/') + 1);
}

async function onDisk(remote: string, roots: readonly string[]): Promise<string> {
  const root = roots.filter((one) => remote.startsWith(one)).toSorted((a, b) => b.length - a.length)[0];
  if (root === undefined || (await isThere(remote))) return remote;
  let place = root;
  for (const component of remote.slice(root.length).split('/')) {
    const name = await nameIn(place, component);
    if (name === null) return remote;
    place = path.join(place, name);
  }
  return place;
}

/** The entry with this name, else the first that differs from it in the case of its letters only. */
async function nameIn(folder: string, component: string): Promise<string | null> {
  if (await isThere(path.join(folder, component))) return component;
  const wanted = component.toLowerCase();
  const alike: string[] = [];
  let seen = 0;
  try {
    for await (const { name } of await opendir(folder)) {
      seen += 1;
      if (seen > MOST_ENTRIES) return null;
      if (name.toLowerCase() === wanted) alike.push(name);
    }
  } catch {
    // No folder, or none that may be listed: as good as empty.
    return null;
  }
  return alike.toSorted()[0] ?? null;
}

function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
