import type { Listed, ListedLeftOut, ListedWarning } from '../../../src/inputs/format.ts';
import { digestOfHex } from '../../../src/published/integrity.ts';
import type { LeftOutReason } from '../../../src/model/inputs.ts';
import { isName, isVersion } from './names.ts';

/** What a lockfile says of one package, whatever its format. */
export interface Stated {
  readonly key: string;
  /** The name of the package itself. */
  readonly name: string;
  readonly version: string | null;
  /** Under which name it is installed. */
  readonly installedAs: string;
  /** An address, `file:`, `git+ssh:` ..., or the reference that stands in its place; null when there is none. */
  readonly resolved: string | null;
  readonly integrity: string | null;
  readonly direct: boolean | null;
  readonly dev: boolean | null;
  readonly optional: boolean | null;
  readonly peer: boolean | null;
}

/** What was read so far, in the order of the file. */
export class Sorted {
  readonly entries: Listed[] = [];
  readonly leftOut: ListedLeftOut[] = [];
  readonly warnings: ListedWarning[] = [];

  /** Sorts out what a registry serves; `reason` when the format says already that none does. */
  add(stated: Stated, reason: LeftOutReason | null = null): void {
    const origin = reason === null ? originOf(stated.resolved) : { kind: 'left-out' as const, reason };
    if (origin.kind === 'left-out') {
      this.leave(stated, origin.reason);
      return;
    }
    const { name, version } = this.#installed(stated, origin.url);
    if (!isName(name)) {
      this.leave(stated, 'no-package-name');
      return;
    }
    if (version === null || !isVersion(version)) {
      this.leave(stated, 'no-exact-version');
      return;
    }
    const { key, installedAs, integrity, direct, dev, optional, peer } = stated;
    this.entries.push({
      key,
      name,
      version,
      alias: installedAs === name ? null : installedAs,
      integrity: withFragment(integrity, origin.url),
      resolved: origin.url === null ? null : bare(origin.url),
      registry: origin.url === null ? null : origin.url.host,
      direct,
      dev,
      optional,
      peer,
    });
  }

  leave({ key, name, version, resolved, integrity, direct, dev }: Stated, reason: LeftOutReason): void {
    this.leftOut.push({ key, reason, name, version, from: shown(resolved), integrity, direct, dev });
  }

  /** A package manager installs what the address serves, whatever the lockfile calls it. */
  #installed(stated: Stated, url: URL | null): Pick<Stated, 'name' | 'version'> {
    const served = url === null ? null : servedBy(url);
    if (served === null) return stated;
    const version = stated.version?.split('+', 1)[0];
    if (served.name === stated.name && served.file === `${bareName(stated.name)}-${version ?? ''}`)
      return stated;
    const file = served.file;
    const start = `${bareName(served.name)}-`;
    const installed = {
      name: served.name,
      version: file.startsWith(start) ? file.slice(start.length) : stated.version,
    };
    if (installed.name === stated.name && installed.version === stated.version) return stated;
    const said = `${stated.name}@${stated.version ?? 'no version'}`;
    this.warnings.push({
      kind: 'address-of-another-package',
      message: `It says ${said} and gives the address of ${installed.name}@${installed.version ?? file}.`,
      key: stated.key,
    });
    return installed;
  }
}

type Origin =
  | { readonly kind: 'registry'; readonly url: URL | null }
  | { readonly kind: 'left-out'; readonly reason: LeftOutReason };

const PROTOCOLS: readonly (readonly [RegExp, LeftOutReason])[] = [
  [/^file:/i, 'local-file'],
  [/^(?:link|portal):/i, 'link'],
  [/^workspace:/i, 'workspace'],
  [/^patch:/i, 'patched'],
  [/^(?:git[+:@]|ssh:|(?:github|gitlab|bitbucket|gist):)/i, 'git'],
  [/^https?:.*\.git(?:#|$)/i, 'git'],
];

/** Where something comes from, by the address that stands for it. Null is the configured registry. */
function originOf(resolved: string | null): Origin {
  if (resolved === null || resolved === '') return { kind: 'registry', url: null };
  if (/^https?:/i.test(resolved) && URL.canParse(resolved)) {
    const url = new URL(resolved);
    if (isOfRegistry(url)) return { kind: 'registry', url };
  }
  const reason = PROTOCOLS.find(([start]) => start.test(resolved))?.[1];
  return { kind: 'left-out', reason: reason ?? 'remote-archive' };
}

/** Addresses under which registries serve archives: npm's own way, which nearly all have, GitHub Packages' and JSR's. */
function isOfRegistry(url: URL): boolean {
  return (
    servedBy(url) !== null ||
    (url.host === 'npm.pkg.github.com' && url.pathname.startsWith('/download/')) ||
    (url.host === 'npm.jsr.io' && url.pathname.startsWith('/~/'))
  );
}

/** What an address of npm's form names: `.../<name>/-/<file>.tgz`. */
function servedBy(url: URL): { readonly name: string; readonly file: string } | null {
  const path = decoded(url.pathname);
  const [, name, file] = /\/((?:@[^/]+\/)?[^/]+)\/-\/(?:@[^/]+\/)?([^/]+)\.tgz$/.exec(path) ?? [];
  return name === undefined || file === undefined ? null : { name, file };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function bareName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

/** yarn (classic) puts the archive's SHA-1 behind its address. */
function withFragment(integrity: string | null, url: URL | null): string | null {
  const digest = url === null || url.hash === '' ? null : digestOfHex('sha1', url.hash.slice(1));
  if (digest === null) return integrity;
  return integrity === null ? digest : `${integrity} ${digest}`;
}

/** User names, passwords and tokens stay where they are. */
function bare(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

function shown(resolved: string | null): string | null {
  if (resolved === null || !/^[a-z+]+:\/\//i.test(resolved)) return resolved;
  return resolved.replace(/^([a-z+]+:\/\/)[^/@]*@/i, '$1').replace(/\?[^#]*/, '');
}
