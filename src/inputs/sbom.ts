import { PackageURL } from 'packageurl-js';
import type { InputEcosystem, Reading } from './format.ts';
import { shortestWays, wayTo, type Way } from './graph.ts';
import type { JsonText } from './json.ts';
import { digestOfHex } from '../published/integrity.ts';
import { Sorted } from './sorted.ts';

/** One component of a software bill of materials, whatever its format. */
export interface Component {
  /** What relations call it. */
  readonly reference: string;
  readonly name: string;
  readonly version: string | null;
  readonly purl: string | null;
  /** Of its artifact: algorithm as the format writes it, and hexadecimal digits. */
  readonly hashes: readonly (readonly [algorithm: string, hex: string])[];
  /** Where its artifact is; null when the format says nothing. */
  readonly address: string | null;
  readonly dev: boolean | null;
  readonly optional: boolean | null;
  readonly bundled: boolean;
  readonly at: readonly (string | number)[];
}

export interface Bill {
  readonly format: string;
  readonly components: readonly Component[];
  /** What the bill is about: what these need is needed directly. */
  readonly roots: readonly string[];
  /** References of what a component needs. */
  readonly needs: ReadonlyMap<string, readonly string[]>;
}

/** A bill as every other file that lists packages. */
export function readBill(bill: Bill, json: JsonText, ecosystems: readonly InputEcosystem[]): Reading {
  const sorter = new BillSorter(bill, ecosystems);
  for (const [index, component] of bill.components.entries()) sorter.add(component, String(index));
  const { entries, leftOut, warnings } = sorter.result();
  return { format: bill.format, entries, leftOut, warnings, locate: locator(bill, json) };
}

class BillSorter {
  readonly #direct: ReadonlySet<string>;
  readonly #hasRelations: boolean;
  /** Whether it tells artifacts apart from what is none: otherwise a component without any of this says nothing. */
  readonly #tellsArtifacts: boolean;
  readonly #ecosystems: readonly InputEcosystem[];
  readonly #sorted: ReadonlyMap<string, Sorted>;
  readonly #others = new Sorted({
    name: '',
    isName: () => false,
    isVersion: () => false,
    originOf: () => ({ kind: 'left-out', reason: 'no-package-name' }),
  });

  constructor({ roots, needs, components }: Bill, ecosystems: readonly InputEcosystem[]) {
    this.#direct = new Set(roots.flatMap((root) => needs.get(root) ?? []));
    this.#hasRelations = this.#direct.size > 0;
    this.#tellsArtifacts = components.some(({ hashes }) => hashes.length > 0);
    this.#ecosystems = ecosystems;
    this.#sorted = new Map(ecosystems.map((one) => [one.name, new Sorted(one)]));
  }

  add(component: Component, key: string): void {
    const { reference, name, version, dev, optional, hashes, bundled } = component;
    const purl = component.purl === null ? null : parsePurl(component.purl);
    const sorted = purl === null ? undefined : this.#sorted.get(purl.type ?? '');
    const named = purl === null ? name : nameOf(purl);
    const stated = {
      key,
      name: named,
      version: purl?.version ?? version,
      installedAs: named,
      resolved: addressOf(component, purl),
      integrity: integrityOf(component),
      direct: this.#hasRelations ? this.#direct.has(reference) : null,
      dev,
      optional,
      peer: null,
    };
    if (purl === null) this.#others.leave(stated, 'no-package-name');
    else if (sorted === undefined)
      this.#others.leave({ ...stated, resolved: component.purl }, 'other-ecosystem');
    else if (bundled) sorted.leave(stated, 'bundled');
    else if (this.#tellsArtifacts && hashes.length === 0 && stated.resolved === null)
      sorted.leave(stated, 'no-artifact');
    else sorted.add(stated);
  }

  result(): Pick<Reading, 'entries' | 'leftOut' | 'warnings'> {
    const all = [...this.#ecosystems.flatMap(({ name }) => this.#sorted.get(name) ?? []), this.#others];
    return {
      entries: all.flatMap(({ entries }) => entries),
      leftOut: all.flatMap(({ leftOut }) => leftOut),
      warnings: all.flatMap(({ warnings }) => warnings),
    };
  }
}

function parsePurl(text: string): PackageURL | null {
  try {
    return PackageURL.fromString(text);
  } catch {
    return null;
  }
}

/** The name with its namespace, as package managers write both. */
export function nameOf(purl: PackageURL): string {
  return purl.namespace == null ? (purl.name ?? '') : `${purl.namespace}/${purl.name ?? ''}`;
}

/** https://github.com/package-url/purl-spec, known qualifiers. */
function addressOf(component: Component, purl: PackageURL | null): string | null {
  const { vcs_url: repository, download_url: download } = (purl?.qualifiers ?? {}) as Readonly<
    Record<string, string>
  >;
  const address = repository ?? download ?? component.address;
  return address === undefined || address === '' ? null : address;
}

/** Algorithms are `SHA-512` in one format and `SHA512` in the other. A digest that cannot be read must not become none. */
function integrityOf({ hashes }: Component): string | null {
  const digests = hashes.flatMap(([algorithm, hex]) => {
    const name = algorithm.toLowerCase().replace('-', '');
    if (!/^sha(?:1|256|384|512)$/.test(name)) return [];
    return [digestOfHex(name, hex) ?? `${name}-${hex}`];
  });
  return digests.length === 0 ? null : digests.join(' ');
}

function locator({ components, roots, needs }: Bill, json: JsonText): Reading['locate'] {
  let ways: ReadonlyMap<string, Way> | null = null;
  const byReference = new Map(components.map((one) => [one.reference, one]));
  const label = (reference: string) => {
    const one = byReference.get(reference);
    if (one === undefined) return reference;
    const purl = one.purl === null ? null : parsePurl(one.purl);
    const version = purl?.version ?? one.version;
    const name = purl === null ? one.name : nameOf(purl);
    return version === null ? name : `${name}@${version}`;
  };
  return (key) => {
    ways ??= shortestWays({
      projects: roots.map((root) => ({ name: '.', keys: needs.get(root) ?? [] })),
      dependenciesOf: (reference) => needs.get(reference) ?? [],
    });
    const component = components[Number(key)] as Component;
    const { reference, at } = component;
    return {
      line: json.lineOf(at),
      project: ways.get(reference)?.project ?? '.',
      path: wayTo(reference, ways).map(label),
    };
  };
}
