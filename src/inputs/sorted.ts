import { digestOfHex } from '../published/integrity.ts';
import type { LeftOutReason } from '../model/inputs.ts';
import type { Address, Listed, ListedLeftOut, ListedWarning, PackageRules } from './format.ts';

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

interface Installed {
  readonly name: string;
  readonly version: string;
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
    const { address, other } = origin;
    if (other !== null) this.#warn(stated, other);
    const { name, version } = other ?? stated;
    if (!this.#rules.isName(name)) this.leave(stated, 'no-package-name');
    else if (version === null || !this.#rules.isVersion(version)) this.leave(stated, 'no-exact-version');
    else this.#enter(stated, { name, version }, address);
  }

  leave({ key, name, version, resolved, integrity, direct, dev }: Stated, reason: LeftOutReason): void {
    this.leftOut.push({ key, reason, name, version, from: shown(resolved), integrity, direct, dev });
  }

  #enter(stated: Stated, { name, version }: Installed, address: Address | null): void {
    const { key, installedAs, integrity, direct, dev, optional, peer } = stated;
    this.entries.push({
      key,
      ecosystem: this.#rules.name,
      name,
      version,
      alias: installedAs === name ? null : installedAs,
      integrity: withFragment(integrity, address),
      resolved: address?.href ?? null,
      registry: address?.host ?? null,
      direct,
      dev,
      optional,
      peer,
    });
  }

  #warn(stated: Stated, other: Installed): void {
    const said = stated.version === null ? stated.name : `${stated.name}@${stated.version}`;
    this.warnings.push({
      kind: 'address-of-another-package',
      message: `It says ${said} and gives the address of ${other.name}@${other.version}, which is what is installed.`,
      key: stated.key,
    });
  }
}

/** Some package managers put the archive's SHA-1 behind its address. */
function withFragment(integrity: string | null, address: Address | null): string | null {
  const fragment = address?.fragment ?? '';
  const digest = fragment === '' ? null : digestOfHex('sha1', fragment);
  if (digest === null) return integrity;
  return integrity === null ? digest : `${integrity} ${digest}`;
}

function shown(resolved: string | null): string | null {
  if (resolved === null || !/^[a-z+]+:\/\//i.test(resolved)) return resolved;
  return resolved.replace(/^([a-z+]+:\/\/)[^/@]*@/i, '$1').replace(/\?[^#]*/, '');
}
