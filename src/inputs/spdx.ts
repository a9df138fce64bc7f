import { z } from 'zod';
import { type InputEcosystem, type InputFormat, Unreadable } from './format.ts';
import { shortestWays } from './graph.ts';
import type { JsonText } from './json.ts';
import { type Bill, type Component, readBill } from './sbom.ts';

/** https://spdx.github.io/spdx-spec/v2.3/, what is used of it. */
const Package = z.object({
  SPDXID: z.string(),
  name: z.string(),
  versionInfo: z.string().optional(),
  downloadLocation: z.string().optional(),
  checksums: z.array(z.object({ algorithm: z.string(), checksumValue: z.string() })).default([]),
  externalRefs: z.array(z.object({ referenceType: z.string(), referenceLocator: z.string() })).default([]),
});
type PackageOfDocument = z.output<typeof Package>;

const Relation = z.object({
  spdxElementId: z.string(),
  relatedSpdxElement: z.string(),
  relationshipType: z.string(),
});
type Relation = z.output<typeof Relation>;

const SpdxDocument = z.object({
  spdxVersion: z.string(),
  documentDescribes: z.array(z.string()).default([]),
  packages: z.array(z.unknown()).default([]),
  relationships: z.array(Relation).default([]),
});

const KNOWN = /^SPDX-2\.[23]$/;

/** SPDX 2 as JSON. */
export function spdx(ecosystems: readonly InputEcosystem[]): InputFormat {
  return {
    title: 'SPDX as JSON (versions 2.2 and 2.3)',
    fileNames: ['spdx.json', 'sbom.spdx.json'],
    recognises: ({ json }) =>
      typeof json?.value === 'object' &&
      json.value !== null &&
      ('spdxVersion' in json.value || isSpdx3(json.value)),
    read({ json }) {
      return readBill(billOf(json as JsonText), json as JsonText, ecosystems);
    },
  };
}

/** Version 3 is JSON-LD of quite another form. */
function isSpdx3(value: object): boolean {
  return '@context' in value && String(value['@context']).includes('spdx.org/rdf/3');
}

function billOf(json: JsonText): Bill {
  if (isSpdx3(json.value as object)) throw new Unreadable('It is SPDX 3; versions 2.2 and 2.3 are known.');
  const { data, error } = SpdxDocument.safeParse(json.value);
  if (error !== undefined)
    throw new Unreadable(`${(error.issues[0]?.path ?? []).join('.')}: ${error.issues[0]?.message ?? ''}.`);
  if (!KNOWN.test(data.spdxVersion))
    throw new Unreadable(
      `It is ${JSON.stringify(data.spdxVersion)}; SPDX-2.2 and SPDX-2.3 are known.`,
      json.lineOf(['spdxVersion']),
    );
  const described = data.relationships.filter(({ relationshipType }) => relationshipType === 'DESCRIBES');
  const roots = new Set([
    ...data.documentDescribes,
    ...described.map(({ relatedSpdxElement }) => relatedSpdxElement),
  ]);
  const kinds = kindsOf(data.relationships, [...roots]);
  const components = data.packages.flatMap((one, index) => {
    const at = ['packages', index];
    const parsed = Package.safeParse(one);
    if (parsed.error !== undefined)
      throw new Unreadable(`packages.${index}: ${parsed.error.issues[0]?.message ?? ''}.`, json.lineOf(at));
    // What the document is about is not what it needs.
    return roots.has(parsed.data.SPDXID) ? [] : [componentOf(parsed.data, at, kinds)];
  });
  return {
    format: data.spdxVersion.replace('-', ' '),
    components,
    roots: [...roots],
    needs: needsOf(data.relationships),
  };
}

/** `A X_DEPENDENCY_OF B`: B needs A. https://spdx.github.io/spdx-spec/v2.3/relationships-between-SPDX-elements/ */
const OF = /^(?:(DEV|OPTIONAL|BUILD|PROVIDED|RUNTIME|TEST)_)?DEPENDENCY_OF$|^(PREREQUISITE)_FOR$/;

function needsOf(relations: readonly Relation[]): ReadonlyMap<string, readonly string[]> {
  const needs = new Map<string, string[]>();
  const add = (from: string, to: string) => {
    const all = needs.get(from);
    if (all === undefined) needs.set(from, [to]);
    else all.push(to);
  };
  for (const { spdxElementId, relatedSpdxElement, relationshipType } of relations) {
    if (OF.test(relationshipType)) add(relatedSpdxElement, spdxElementId);
    else if (relationshipType === 'DEPENDS_ON' || relationshipType === 'CONTAINS')
      add(spdxElementId, relatedSpdxElement);
  }
  return needs;
}

interface Kinds {
  /** What is needed without development; null when the document does not tell. */
  readonly production: ReadonlySet<string> | null;
  readonly optional: ReadonlySet<string>;
}

const DEVELOPMENT = /^(?:DEV|TEST)_DEPENDENCY_OF$/;

function kindsOf(relations: readonly Relation[], roots: readonly string[]): Kinds {
  const others = relations.filter(({ relationshipType }) => !DEVELOPMENT.test(relationshipType));
  const needs = needsOf(others);
  const graph = {
    projects: [{ name: '.', keys: roots }],
    dependenciesOf: (reference: string) => needs.get(reference) ?? [],
  };
  const of = (kind: string) =>
    new Set(relations.flatMap((one) => (one.relationshipType === kind ? [one.spdxElementId] : [])));
  const plain = of('DEPENDENCY_OF');
  return {
    production: others.length < relations.length ? new Set(shortestWays(graph).keys()) : null,
    optional: new Set([...of('OPTIONAL_DEPENDENCY_OF')].filter((reference) => !plain.has(reference))),
  };
}

function componentOf(one: PackageOfDocument, at: readonly (string | number)[], kinds: Kinds): Component {
  const { SPDXID, name, versionInfo, downloadLocation = '', checksums, externalRefs } = one;
  const says = !/^(?:NOASSERTION|NONE|)$/.test(downloadLocation);
  return {
    reference: SPDXID,
    name,
    version: versionInfo === undefined || versionInfo === '' ? null : versionInfo,
    purl: externalRefs.find(({ referenceType }) => referenceType === 'purl')?.referenceLocator ?? null,
    hashes: checksums.map(({ algorithm, checksumValue }) => [algorithm, checksumValue]),
    address: says ? downloadLocation : null,
    dev: kinds.production === null ? null : !kinds.production.has(SPDXID),
    // Only what is optional itself is said to be; what that needs is not.
    optional: kinds.optional.has(SPDXID) ? true : null,
    bundled: false,
    at,
  };
}
