import type { Origin, PackageRules } from '../../../src/inputs/format.ts';
import type { LeftOutReason } from '../../../src/model/inputs.ts';
import { isName, isVersion } from './names.ts';

/** What lockfiles and SBOMs may say of npm's packages. */
export const NPM_RULES: PackageRules = { name: 'npm', isName, isVersion, originOf };

const PROTOCOLS: readonly (readonly [RegExp, LeftOutReason])[] = [
  [/^file:/i, 'local-file'],
  [/^(?:link|portal):/i, 'link'],
  [/^workspace:/i, 'workspace'],
  [/^patch:/i, 'patched'],
  [/^(?:git[+:@]|ssh:|(?:github|gitlab|bitbucket|gist):)/i, 'git'],
  [/^https?:.*\.git(?:#|$)/i, 'git'],
];

function originOf(stated: Parameters<PackageRules['originOf']>[0]): Origin {
  const { resolved } = stated;
  if (resolved === null || resolved === '') return { kind: 'registry', url: null, other: null };
  if (/^https?:/i.test(resolved) && URL.canParse(resolved)) {
    const url = new URL(resolved);
    const served = servedBy(url);
    if (served !== null) return { kind: 'registry', url, other: otherThan(stated, served) };
    if (isOfOtherRegistry(url)) return { kind: 'registry', url, other: null };
  }
  const reason = PROTOCOLS.find(([start]) => start.test(resolved))?.[1];
  return { kind: 'left-out', reason: reason ?? 'remote-archive' };
}

/** Registries with addresses of their own form: GitHub Packages and JSR. */
function isOfOtherRegistry(url: URL): boolean {
  return (
    (url.host === 'npm.pkg.github.com' && url.pathname.startsWith('/download/')) ||
    (url.host === 'npm.jsr.io' && url.pathname.startsWith('/~/'))
  );
}

interface Served {
  readonly name: string;
  /** Of the archive, without its ending. */
  readonly file: string;
}

/** What an address of npm's form names: `.../<name>/-/<file>.tgz`. */
function servedBy(url: URL): Served | null {
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

/** A package manager installs what the address serves, whatever the lockfile calls it. */
function otherThan(stated: Parameters<PackageRules['originOf']>[0], served: Served): PackageId | null {
  // What stands behind a plus sign is no part of the address (https://semver.org, build metadata).
  const version = stated.version?.split('+', 1)[0] ?? null;
  if (served.name === stated.name && served.file === `${bareName(stated.name)}-${version ?? ''}`) return null;
  const start = `${bareName(served.name)}-`;
  const servedVersion = served.file.startsWith(start) ? served.file.slice(start.length) : version;
  if (servedVersion === null || (served.name === stated.name && servedVersion === version)) return null;
  return { name: served.name, version: servedVersion };
}

interface PackageId {
  readonly name: string;
  readonly version: string;
}

function bareName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
