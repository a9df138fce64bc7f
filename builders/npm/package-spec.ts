import { realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import npa from 'npm-package-arg';
import { PackageURL } from 'packageurl-js';
import semver from 'semver';
import { ReproveError, messageOf } from '../../src/errors.ts';

/** What a person asked for. `wanted` is an exact version, a range or a tag. */
export type PackageSpec =
  | {
      readonly kind: 'registry';
      readonly name: string;
      readonly want: 'version' | 'range' | 'tag';
      /** For `tag` the tag's name; the empty string is the configured default tag. */
      readonly wanted: string;
    }
  /** An archive on disk, by absolute path. */
  | { readonly kind: 'file'; readonly path: string };

const MAX_LENGTH = 1024;

/**
 * Reads what a person types, as npm does: `name`, `name@tag`, `name@range`, `name@1.2.3`, a purl, or the path of an
 * archive (`./x.tgz`), relative to `cwd`.
 * Throws ReproveError `usage` for everything else: git, remote URLs, aliases, directories, names that npm forbids.
 */
export function parsePackageSpec(argument: string, { cwd }: { readonly cwd: string }): PackageSpec {
  if (argument === '') throw unusable(argument, 'It is empty.');
  if (argument.length > MAX_LENGTH) throw unusable(argument, 'It is too long.');
  if (/[\u0000-\u001f\u007f]/.test(argument)) throw unusable(argument, 'It holds control characters.');
  // Otherwise a forgotten option value or a hostile list could be taken for a flag further on.
  if (argument.startsWith('-')) throw unusable(argument, 'Names cannot begin with a hyphen.');
  if (/^pkg:/i.test(argument)) return fromPurl(argument);
  return fromNpm(argument, cwd);
}

/** The package-url of an npm package version, for example `pkg:npm/%40scope/name@1.2.3`. */
export function purlOf(name: string, version: string | null): string {
  const [scope, bare] = name.startsWith('@') ? (name.split('/', 2) as [string, string]) : [undefined, name];
  return new PackageURL('npm', scope, bare, version, undefined, undefined).toString();
}

function fromPurl(argument: string): PackageSpec {
  const purl = parsePurl(argument);
  if (purl.type !== 'npm')
    throw unusable(argument, `The package type ${JSON.stringify(purl.type)} is not supported.`);
  if (purl.subpath != null) throw unusable(argument, 'A purl with a subpath does not name a whole package.');
  const name = purl.namespace == null ? (purl.name ?? '') : `${purl.namespace}/${purl.name ?? ''}`;
  // A purl's version is exact (purl specification, "version"): ranges and tags have no place in it.
  if (purl.version == null) return registrySpec(argument, name, '');
  const spec = registrySpec(argument, name, purl.version);
  if (spec.want !== 'version') throw unusable(argument, 'The version of a purl must be exact.');
  return spec;
}

function parsePurl(argument: string): PackageURL {
  try {
    return PackageURL.fromString(argument);
  } catch (thrown) {
    throw unusable(argument, messageOf(thrown));
  }
}

function fromNpm(argument: string, cwd: string): PackageSpec {
  const parsed = parseNpm(argument, cwd);
  switch (parsed.type) {
    case 'version':
    case 'range':
    case 'tag': {
      const bare = parsed.name === null || !argument.slice(1).includes('@');
      return registrySpec(argument, parsed.name ?? '', bare ? '' : parsed.rawSpec);
    }
    case 'file':
      return archive(argument, cwd);
    case 'directory':
      throw unusable(argument, 'It is a folder, not a published package.');
    case 'alias':
      throw unusable(argument, 'Aliases are not package versions: name the package itself.');
    case 'git':
      throw unusable(argument, 'It names a git repository, not a published package.');
    case 'remote':
      throw unusable(
        argument,
        'It is a URL: name the package version that it belongs to, or download it first.',
      );
  }
}

function parseNpm(argument: string, cwd: string): npa.Result {
  try {
    return npa(argument, cwd);
  } catch (thrown) {
    throw unusable(argument, messageOf(thrown));
  }
}

function registrySpec(argument: string, name: string, wanted: string): PackageSpec & { kind: 'registry' } {
  try {
    const parsed = npa.resolve(name, wanted);
    // `validForNewPackages` would refuse old mixed-case names that exist; npa has refused what never could.
    if (parsed.name === null || parsed.name !== name) throw unusable(argument, 'It is not a package name.');
    if (!/^(?:@[^/@\s]+\/)?[^/@\s]+$/.test(name)) throw unusable(argument, 'It is not a package name.');
    if (wanted === '' || parsed.type === 'tag')
      return { kind: 'registry', name, want: 'tag', wanted: wanted.trim() };
    if (parsed.type !== 'version' && parsed.type !== 'range')
      throw unusable(argument, 'It does not name a published version.');
    return {
      kind: 'registry',
      name,
      want: parsed.type,
      wanted: semver.clean(wanted, { loose: true }) ?? parsed.fetchSpec ?? wanted,
    };
  } catch (thrown) {
    if (thrown instanceof ReproveError) throw thrown;
    throw unusable(argument, messageOf(thrown));
  }
}

function archive(argument: string, cwd: string): PackageSpec {
  const given = argument.replace(/^file:(?:\/\/(?=\/))?/i, '').replace(/^~(?=\/)/, homedir());
  const path = resolve(cwd, given);
  try {
    if (!statSync(path).isFile()) throw unusable(argument, 'It is not a regular file.');
    return { kind: 'file', path: realpathSync(path) };
  } catch (thrown) {
    if (thrown instanceof ReproveError) throw thrown;
    throw unusable(argument, `No such file can be read: ${messageOf(thrown)}.`);
  }
}

function unusable(argument: string, why: string): ReproveError {
  const shown = JSON.stringify(argument.length > 80 ? `${argument.slice(0, 80)}...` : argument);
  return new ReproveError('usage', {
    what: `${shown} does not name a package version.`,
    why,
    next: 'Use name@version, name@tag, name@range, a purl such as pkg:npm/name@1.0.0, or the path of a .tgz file.',
  });
}
