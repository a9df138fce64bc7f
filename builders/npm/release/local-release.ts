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

/** The publishing commands that are only scripts of a manifest: the package's own, then the root's. */
export async function localSites(reader: Reader): Promise<readonly PublishSite[]> {
  const { files, own } = reader;
  const sites: PublishSite[] = [];
  for (const directory of own.directory === '.' ? ['.'] : [own.directory, '.']) {
    const scripts = (await files.manifest(directory))?.scripts ?? {};
    const others = Object.keys(scripts).filter((name) => !NAMES.includes(name) && isPublishName(name));
    for (const name of [...NAMES, ...others.slice(0, 20)]) {
      if (!Object.hasOwn(scripts, name)) continue;
      const site = await siteOf(statementsOf(scripts[name] ?? '', { directory, env: {} }), reader);
      if (site !== null)
        sites.push({ ...site, label: `${directory === '.' ? '' : `${directory}/`}package.json: ${name}` });
    }
  }
  return sites.length > 0 ? sites : configured(reader);
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
