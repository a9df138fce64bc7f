import { type EntryRole, roleOfName, strongestRole } from '../../src/judge/roles.ts';
import { INSTALL_SCRIPTS, installsImplicitly, isGypFile } from './install-hooks.ts';
import {
  isJsonObject,
  type JsonObject,
  objectField,
  ownField,
  readPackedManifest,
} from './packed-manifest.ts';

/** Fields that name files to load on import, by Node or by bundlers. `types` and `typings` are only read. */
export const IMPORT_FIELDS: readonly string[] = [
  'main',
  'module',
  'browser',
  'exports',
  'imports',
  'react-native',
  'jsnext:main',
  'unpkg',
  'jsdelivr',
];
/** What Node tries after a name without extension (CommonJS loader). */
const SUFFIXES = ['', '.js', '.json', '.node', '.cjs', '.mjs', '/index.js', '/index.json', '/index.node'];

/**
 * What each entry of a package can do, from its manifest and the entries' names.
 *
 * @param manifest bytes of the packed package.json, or null
 * @param paths paths of all entries
 */
export function roles(manifest: Uint8Array | null, paths: readonly string[]): ReadonlyMap<string, EntryRole> {
  const { value } = readPackedManifest(manifest);
  const files = new Set(paths);
  const onInstall = installFiles(value, files, paths);
  const onImport = filesOf(importTargets(value), files);
  const commands = filesOf(commandTargets(value), files);
  const binFolder = folderOf(ownField(objectField(value, 'directories'), 'bin'));
  return new Map(
    paths.map((path) => [
      path,
      strongestRole(
        onInstall.has(path) ? 'runs-on-install' : null,
        onImport.has(path) && runsWhenLoaded(path) ? 'runs-on-import' : null,
        commands.has(path) || (binFolder !== null && path.startsWith(binFolder)) ? 'executable' : null,
        isNestedManifest(path) ? 'code' : null,
        roleOfName(path),
      ),
    ]),
  );
}

/** Files that an install script names, however it names them, and what node-gyp reads. */
function installFiles(
  manifest: JsonObject,
  files: ReadonlySet<string>,
  paths: readonly string[],
): ReadonlySet<string> {
  const scripts = objectField(manifest, 'scripts');
  const words = INSTALL_SCRIPTS.flatMap((name) => {
    const script = ownField(scripts, name);
    return typeof script === 'string' ? script.split(/[\s"'`;&|()<>=,]+/) : [];
  });
  const gyp =
    installsImplicitly(manifest, paths) || words.includes('node-gyp')
      ? paths.filter((path) => /\.gypi?$/i.test(path))
      : [];
  // A .gyp file in the root is one edit of the manifest away from running; that edit may be in the same release.
  const rootGyp = paths.filter(isGypFile);
  return new Set([...filesOf(words, files), ...gyp, ...rootGyp]);
}

/** Node reads JSON and type declarations but does not run them; a file of any other name it runs as JavaScript. */
function runsWhenLoaded(path: string): boolean {
  return !/\.(json|css|map)$|\.d\.[cm]?ts$/i.test(path);
}

/** `type` and `main` of a package.json in a subfolder decide how and which files there are run. */
function isNestedManifest(path: string): boolean {
  return /\/package\.json$/i.test(path);
}

function importTargets(manifest: JsonObject): readonly string[] {
  const named = IMPORT_FIELDS.flatMap((field) => targetsIn(ownField(manifest, field)));
  return ownField(manifest, 'main') === undefined ? [...named, 'index'] : named;
}

/** Every string inside a field, but for conditions that only a type checker follows. */
function targetsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(targetsIn);
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => (/^types(@|$)/.test(key) ? [] : targetsIn(inner)));
}

function commandTargets(manifest: JsonObject): readonly string[] {
  const bin = ownField(manifest, 'bin');
  return typeof bin === 'string'
    ? [bin]
    : Object.values(isJsonObject(bin) ? bin : {}).filter((one) => typeof one === 'string');
}

/** The files that some names mean, as Node's loader finds them. */
function filesOf(names: readonly string[], files: ReadonlySet<string>): ReadonlySet<string> {
  return new Set(
    names.flatMap((name) => SUFFIXES.map((suffix) => tidy(name) + suffix).filter((path) => files.has(path))),
  );
}

function folderOf(name: unknown): string | null {
  if (typeof name !== 'string' || tidy(name) === '') return null;
  return `${tidy(name)}/`;
}

/** A path as entries have it: no `./`, no `..` that stays inside, no slash at either end. */
function tidy(name: string): string {
  const parts: string[] = [];
  for (const part of name.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}
