import { z } from 'zod';
import { type InputEcosystem, type InputFormat, Unreadable } from './format.ts';
import type { JsonText } from './json.ts';
import { type Bill, type Component, readBill } from './sbom.ts';

/** https://cyclonedx.org/docs/1.6/json/, what is used of it. */
const ComponentSchema = z.object({
  'bom-ref': z.string().optional(),
  name: z.string(),
  group: z.string().optional(),
  version: z.string().optional(),
  purl: z.string().optional(),
  scope: z.string().optional(),
  hashes: z.array(z.object({ alg: z.string(), content: z.string() })).optional(),
  externalReferences: z.array(z.object({ type: z.string(), url: z.unknown().optional() })).optional(),
  properties: z.array(z.object({ name: z.unknown().optional(), value: z.unknown().optional() })).optional(),
  components: z.array(z.unknown()).optional(),
});
type ComponentOfBom = z.output<typeof ComponentSchema>;

const Bom = z.object({
  specVersion: z.string(),
  metadata: z.object({ component: z.unknown().optional() }).optional(),
  components: z.array(z.unknown()).default([]),
  dependencies: z
    .array(z.object({ ref: z.string(), dependsOn: z.array(z.string()).default([]) }))
    .default([]),
});

const KNOWN = /^1\.[2-7]$/;
const DEEPEST = 32;

/** CycloneDX as JSON. */
export function cycloneDx(ecosystems: readonly InputEcosystem[]): InputFormat {
  return {
    title: 'CycloneDX as JSON (versions 1.2 to 1.7)',
    fileNames: ['bom.json', 'sbom.json', 'sbom.cdx.json', 'cyclonedx.json'],
    recognises: ({ json }) =>
      typeof json?.value === 'object' &&
      json.value !== null &&
      'bomFormat' in json.value &&
      json.value.bomFormat === 'CycloneDX',
    read({ json }) {
      return readBill(billOf(json as JsonText), json as JsonText, ecosystems);
    },
  };
}

function billOf(json: JsonText): Bill {
  const bom = Bom.safeParse(json.value);
  if (bom.error !== undefined) throw unreadable(bom.error, [], json);
  const { specVersion, metadata, components, dependencies } = bom.data;
  if (!KNOWN.test(specVersion))
    throw new Unreadable(
      `It is CycloneDX ${JSON.stringify(specVersion)}; versions 1.2 to 1.7 are known.`,
      json.lineOf(['specVersion']),
    );
  const all = [...componentsIn(components, ['components'], json)];
  const tellsDev = all.some(({ value }) => flag(value, DEVELOPMENT));
  const root = ComponentSchema.safeParse(metadata?.component).data?.['bom-ref'];
  return {
    format: `CycloneDX ${specVersion}`,
    components: all.map(({ value, at }) => componentOf(value, at, tellsDev)),
    roots: root === undefined ? [] : [root],
    needs: new Map(dependencies.map(({ ref, dependsOn }) => [ref, dependsOn])),
  };
}

type Path = readonly (string | number)[];

/** Components can hold others. */
function* componentsIn(
  list: readonly unknown[],
  path: Path,
  json: JsonText,
): Generator<{ readonly value: ComponentOfBom; readonly at: Path }> {
  if (path.length > DEEPEST) throw new Unreadable('Its components are nested too deep.', json.lineOf(path));
  for (const [index, one] of list.entries()) {
    const at = [...path, index];
    const { data, error } = ComponentSchema.safeParse(one);
    if (error !== undefined) throw unreadable(error, at, json);
    yield { value: data, at };
    yield* componentsIn(data.components ?? [], [...at, 'components'], json);
  }
}

/** https://github.com/CycloneDX/cyclonedx-property-taxonomy: `cdx:<package manager>:package:development`. */
const DEVELOPMENT = /^cdx:[a-z]+:package:development$/;
const BUNDLED = /^cdx:[a-z]+:package:bundled$/;

function flag({ properties = [] }: ComponentOfBom, name: RegExp): boolean {
  return properties.some((one) => name.test(String(one.name)) && one.value === 'true');
}

function componentOf(value: ComponentOfBom, at: Path, tellsDev: boolean): Component {
  const { name, group, version, purl, scope, hashes = [], externalReferences = [] } = value;
  const distribution = externalReferences.find(({ type }) => type === 'distribution')?.url;
  return {
    reference: value['bom-ref'] ?? at.join('.'),
    name: group === undefined || group === '' ? name : `${group}/${name}`,
    version: version === undefined || version === '' ? null : version,
    purl: purl ?? null,
    hashes: hashes.map(({ alg, content }) => [alg, content]),
    address: typeof distribution === 'string' ? distribution : null,
    dev: tellsDev ? flag(value, DEVELOPMENT) : null,
    // What only development needs is optional to whoever runs the result, and so some call it.
    optional: scope === undefined ? null : scope === 'optional' && !flag(value, DEVELOPMENT),
    bundled: flag(value, BUNDLED),
    at,
  };
}

function unreadable({ issues: [issue] }: z.ZodError, at: Path, json: JsonText): Unreadable {
  const path = [...at, ...((issue?.path ?? []) as Path)];
  return new Unreadable(`${path.join('.')}: ${issue?.message ?? ''}.`, json.lineOf(at));
}
