import type { Command } from './recipe.ts';
import { isPublishName } from './publications.ts';
import { publishingOf, type Reader } from './publishing.ts';
import { NOTHING, type PublishSite, withStatement } from './reading.ts';
import { type Statement, statementsOf } from './statements.ts';

/** Scripts that a person releases with, most telling name first; then any other of such a name. */
const NAMES = [
  'release',
  'publish',
  'ci:publish',
  'publish:ci',
  'publish-ci',
  'release:publish',
  'postversion',
  'postrelease',
  'deploy',
  'pub',
  'ship',
];

/** What a package manager runs by itself, around its own publishing. */
const LIFECYCLE = /^(?:pre|post)?(?:publish(?:only)?|pack|prepare|install)$/i;

/** The publishing commands that are only scripts of a manifest: the package's own, then the root's. */
export async function localSites(reader: Reader): Promise<readonly PublishSite[]> {
  const { files, own } = reader;
  const sites: PublishSite[] = [];
  for (const directory of own.directory === '.' ? ['.'] : [own.directory, '.']) {
    const scripts = (await files.manifest(directory))?.scripts ?? {};
    // Of the others only those count that say what they do.
    const others = Object.keys(scripts).filter((name) => !NAMES.includes(name) && !LIFECYCLE.test(name));
    for (const name of [...NAMES, ...others.slice(0, 40)]) {
      if (!Object.hasOwn(scripts, name)) continue;
      const texts = [scripts[`pre${name}`], scripts[name]].filter((text) => text !== undefined);
      const statements = texts.flatMap((text) => statementsOf(text, { directory, env: {} }));
      const site = await siteOf(statements, reader);
      if (site !== null && (site.publishing.certain || NAMES.includes(name) || isPublishName(name)))
        sites.push({ ...site, label: `${directory === '.' ? '' : `${directory}/`}package.json: ${name}` });
    }
  }
  const all = [...sites, ...(await fileSites(reader))];
  return all.length > 0 ? all : configured(reader);
}

const SCRIPT_FOLDERS = ['.', 'scripts', 'script', 'tools', 'bin', 'build', 'scripts/release'] as const;

/** Shell files of a telling name, which a person starts. */
async function fileSites(reader: Reader): Promise<readonly PublishSite[]> {
  const paths = SCRIPT_FOLDERS.flatMap((folder) => reader.files.filesIn(folder));
  const telling = paths.filter((path) => /(?:\.sh|\/[^.]+)$/.test(path) && isPublishName(path));
  const sites: PublishSite[] = [];
  for (const file of telling.slice(0, 10)) {
    const text = (await reader.files.read(file)) ?? '';
    const isShell = file.endsWith('.sh') || /^#!.{0,40}\b(?:ba|z|da)?sh\b/.test(text);
    const site = isShell ? await siteOf(statementsOf(text, { directory: '.', env: {} }), reader) : null;
    if (site !== null) sites.push({ ...site, label: file });
  }
  return sites;
}

/** Tools that leave a configuration behind: whoever has one releases with it, as far as no script says otherwise. */
const TRACES: readonly (readonly [file: RegExp, command: Command['argv']])[] = [
  [/^\.changeset\/config\.json$/, ['changeset', 'publish']],
  [/^(?:\.releaserc(?:\.\w+)?|release\.config\.\w+)$/, ['semantic-release']],
  [/^lerna\.json$/, ['lerna', 'publish']],
  [/^\.np-config\.\w+$/, ['np']],
  [/^\.release-it\.\w+$/, ['release-it']],
];

async function configured(reader: Reader): Promise<readonly PublishSite[]> {
  const paths = ['.', '.changeset'].flatMap((folder) => reader.files.filesIn(folder));
  const [file, argv] = TRACES.flatMap(([name, command]) => {
    const path = paths.find((one) => name.test(one));
    return path === undefined ? [] : [[path, command] as const];
  })[0] ?? [null, null];
  if (file === null || argv === null) return [];
  const words = argv.map((text) => ({ text, literal: true }));
  const command = { argv, directory: '.', env: {} };
  const site = await siteOf([{ words, command, directory: '.', env: {}, problem: null }], reader);
  if (site === null) return [];
  return [{ ...site, label: file, publishing: { ...site.publishing, certain: false } }];
}

async function siteOf(statements: readonly Statement[], reader: Reader): Promise<PublishSite | null> {
  for (const [index, statement] of statements.entries()) {
    const publishing = await publishingOf(statement, reader);
    if (publishing === null) continue;
    const before = [...statements.slice(0, index), ...publishing.before];
    return {
      publishing,
      progress: before.reduce(withStatement, NOTHING),
      label: null,
      condition: null,
      job: null,
    };
  }
  return null;
}
