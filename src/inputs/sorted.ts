import { digestOfHex } from '../published/integrity.ts';
import type { LeftOutReason } from '../model/inputs.ts';
import type { Listed, ListedLeftOut, ListedWarning, PackageRules } from './format.ts';

/** What a file says of one package, whatever its format. */
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

/** What was read so far, in the order of the file: what registries serve, and the rest. */
export class Sorted {
  readonly entries: Listed[] = [];
  readonly leftOut: ListedLeftOut[] = [];
  readonly warnings: ListedWarning[] = [];
  readonly #rules: PackageRules;

  constructor(rules: PackageRules) {
    this.#rules = rules;
  }

  /** @param reason when the format says already that no registry serves it */
  add(stated: Stated, reason: LeftOutReason | null = null): void {
    if (reason !== null) {
      this.leave(stated, reason);
      return;
    }
    const origin = this.#rules.originOf(stated);
    if (origin.kind === 'left-out') {
      this.leave(stated, origin.reason);
      return;
    }
    const { url, other } = origin;
    if (other !== null) this.#warn(stated, other);
    const { name, version } = other ?? stated;
    if (!this.#rules.isName(name)) this.leave(stated, 'no-package-name');
    else if (version === null || !this.#rules.isVersion(version)) this.leave(stated, 'no-exact-version');
    else this.#enter({ ...stated, name, version }, url);
  }

  leave({ key, name, version, resolved, integrity, direct, dev }: Stated, reason: LeftOutReason): void {
    this.leftOut.push({ key, reason, name, version, from: shown(resolved), integrity, direct, dev });
  }

  #enter(stated: Stated & { readonly version: string }, url: URL | null): void {
    const { key, name, version, installedAs, integrity, direct, dev, optional, peer } = stated;
    this.entries.push({
      key,
      ecosystem: this.#rules.name,
      name,
      version,
      alias: installedAs === name ? null : installedAs,
      integrity: withFragment(integrity, url),
      // User names, passwords and tokens stay where they are.
      resolved: url === null ? null : `${url.protocol}//${url.host}${url.pathname}`,
      registry: url === null ? null : url.host,
      direct,
      dev,
      optional,
      peer,
    });
  }

  #warn(stated: Stated, other: { readonly name: string; readonly version: string }): void {
    const said = stated.version === null ? stated.name : `${stated.name}@${stated.version}`;
    this.warnings.push({
      kind: 'address-of-another-package',
      message: `It says ${said} and gives the address of ${other.name}@${other.version}, which is what is installed.`,
      key: stated.key,
    });
  }
}

/** Some package managers put the archive's SHA-1 behind its address. */
function withFragment(integrity: string | null, url: URL | null): string | null {
  const digest = url === null || url.hash === '' ? null : digestOfHex('sha1', url.hash.slice(1));
  if (digest === null) return integrity;
  return integrity === null ? digest : `${integrity} ${digest}`;
}

function shown(resolved: string | null): string | null {
  if (resolved === null || !/^[a-z+]+:\/\//i.test(resolved)) return resolved;
  return resolved.replace(/^([a-z+]+:\/\/)[^/@]*@/i, '$1').replace(/\?[^#]*/, '');
}
