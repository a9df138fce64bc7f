import type { Address, Origin, PackageRules } from '../../../src/inputs/format.ts';
import type { LeftOutReason } from '../../../src/model/inputs.ts';
import { isName, isVersion } from './names.ts';

/** What lockfiles and SBOMs may say of npm's packages. */
export const NPM_RULES: PackageRules = { name: 'npm', isName, isVersion, originOf };

type Said = Parameters<PackageRules['originOf']>[0];

const PROTOCOLS: readonly (readonly [RegExp, LeftOutReason])[] = [
  [/^file:/i, 'local-file'],
  [/^(?:link|portal):/i, 'link'],
  [/^workspace:/i, 'workspace'],
  [/^patch:/i, 'patched'],
  [/^(?:git[+:@]|ssh:|(?:github|gitlab|bitbucket|gist):)/i, 'git'],
  [/^https?:.*\.git(?:#|$)/i, 'git'],
];

function originOf(stated: Said): Origin {
  const { resolved } = stated;
  if (resolved === null || resolved === '') return { kind: 'registry', address: null, other: null };
  const expected = expectedAddress(stated, resolved);
  if (expected !== null) return { kind: 'registry', address: expected, other: null };
  if (/^https?:/i.test(resolved) && URL.canParse(resolved)) {
    const url = new URL(resolved);
    // User names, passwords and tokens stay where they are.
    const address = { href: `${url.origin}${url.pathname}`, host: url.host, fragment: url.hash.slice(1) };
    const served = servedBy(url);
    if (served !== null) return { kind: 'registry', address, other: otherThan(stated, served) };
    if (isOfOtherRegistry(url)) return { kind: 'registry', address, other: null };
  }
  const reason = PROTOCOLS.find(([start]) => start.test(resolved))?.[1];
  return { kind: 'left-out', reason: reason ?? 'remote-archive' };
}

/** Nearly every address is the one that npm's registries have for a package: it need not be taken apart. */
function expectedAddress({ name, version }: Said, resolved: string): Address | null {
  const [href = '', fragment = ''] = resolved.split('#', 2);
  if (!href.endsWith(`/${name}/-/${bareName(name)}-${version ?? ''}.tgz`)) return null;
  const [, host] = /^https:\/\/([a-z0-9.-]+)\/[a-z0-9@/._~-]*$/i.exec(href) ?? [];
  // A scope in front would make it another package.
  const before = href.slice(0, -`/${name}/-/${bareName(name)}-${version ?? ''}.tgz`.length);
  if (host === undefined || host !== host.toLowerCase() || /\/@[^/]*$|\/\.{1,2}(?:\/|$)/.test(before))
    return null;
  return { href, host, fragment };
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

/** Percent-encoding undone; what is not well encoded stays as it is. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A package manager installs what the address serves, whatever the lockfile calls it. */
function otherThan(stated: Said, served: Served): PackageId | null {
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
