import { FINDINGS } from '../../src/judge/findings.ts';
import type { Finding, Severity } from '../../src/model/verdict.ts';
import { visible } from '../../src/published/visible.ts';
import { INSTALL_SCRIPTS, installsImplicitly } from './install-hooks.ts';
import {
  asEvidence,
  isJsonObject,
  jsonText,
  type JsonObject,
  objectField,
  ownField,
} from './packed-manifest.ts';

/** What the abbreviated document (`application/vnd.npm.install-v1+json`) never has: a document with one of these is full. */
const FULL_ONLY = [
  'scripts',
  'description',
  'repository',
  'license',
  'author',
  'keywords',
  'homepage',
  'main',
  'files',
];

export interface RegistryRequest {
  readonly manifest: JsonObject;
  readonly paths: readonly string[];
  /** The registry's document of this version, parsed JSON; null when there is none. */
  readonly document: unknown;
}

/**
 * Where the registry's document says something else than the packed package.json ("manifest confusion"): npm resolves
 * dependencies by the former and runs scripts of the latter. What a thin registry leaves out is no mismatch, unless the
 * document is one that should have it.
 */
export function registryFindings({
  manifest,
  paths,
  document,
}: RegistryRequest): readonly Finding<'manifest-mismatch'>[] {
  if (!isJsonObject(document)) return [];
  return [
    ...identityFindings(manifest, document),
    ...dependencyFindings(manifest, document),
    ...scriptFindings({ manifest, paths, document }),
    ...commandFindings(manifest, document),
  ];
}

type Findings = readonly Finding<'manifest-mismatch'>[];

function identityFindings(manifest: JsonObject, document: JsonObject): Findings {
  return ['name', 'version'].flatMap((field) => {
    const [packed, registry] = [ownField(manifest, field), ownField(document, field)];
    // Registries drop a leading `v` or `=` and surrounding white space of versions.
    const clean = (value: unknown): unknown =>
      typeof value === 'string' ? value.trim().replace(/^[=v]+/, '') : value;
    return registry === undefined || clean(packed) === clean(registry)
      ? []
      : [mismatch({ field, packed, registry })];
  });
}

function dependencyFindings(manifest: JsonObject, document: JsonObject): Findings {
  const optional = (side: JsonObject) => objectField(side, 'optionalDependencies');
  // npm copies optional dependencies into the others before it publishes; they win where both name a package.
  const all = (side: JsonObject) => ({ ...objectField(side, 'dependencies'), ...optional(side) });
  return [
    ...tableFindings('dependencies', all(manifest), all(document)),
    ...tableFindings('optionalDependencies', optional(manifest), optional(document)),
    ...tableFindings(
      'peerDependencies',
      objectField(manifest, 'peerDependencies'),
      objectField(document, 'peerDependencies'),
    ),
  ];
}

function tableFindings(field: string, packed: JsonObject, registry: JsonObject): Findings {
  const names = new Set([...Object.keys(packed), ...Object.keys(registry)]);
  return [...names].flatMap((name) => {
    const [ours, theirs] = [ownField(packed, name), ownField(registry, name)];
    const same =
      typeof ours === 'string' && typeof theirs === 'string'
        ? ours.trim() === theirs.trim()
        : ours === theirs;
    return same ? [] : [mismatch({ field: `${field}.${name}`, packed: ours, registry: theirs })];
  });
}

function scriptFindings({ manifest, paths, document }: RegistryRequest & { document: JsonObject }): Findings {
  const packed = objectField(manifest, 'scripts');
  const registry = objectField(document, 'scripts');
  const implicit = installsImplicitly(manifest, paths);
  if (FULL_ONLY.some((field) => Object.hasOwn(document, field))) {
    return INSTALL_SCRIPTS.flatMap((name) => {
      const [ours, theirs] = [ownField(packed, name), ownField(registry, name)];
      // npm writes this script into the registry's document when it finds a .gyp file.
      if (name === 'install' && implicit && theirs === 'node-gyp rebuild') return [];
      return ours === theirs ? [] : [mismatch({ field: `scripts.${name}`, packed: ours, registry: theirs })];
    });
  }
  const flag = ownField(document, 'hasInstallScript');
  const has = implicit || INSTALL_SCRIPTS.some((name) => Boolean(ownField(packed, name)));
  return typeof flag === 'boolean' && flag !== has
    ? [mismatch({ field: 'hasInstallScript', packed: has, registry: flag })]
    : [];
}

function commandFindings(manifest: JsonObject, document: JsonObject): Findings {
  if (!Object.hasOwn(document, 'bin')) return [];
  const [packed, registry] = [commands(manifest), commands(document)];
  return JSON.stringify(packed) === JSON.stringify(registry)
    ? []
    : [
        mismatch({
          field: 'bin',
          packed: Object.fromEntries(packed),
          registry: Object.fromEntries(registry),
          severity: 'medium',
        }),
      ];
}

/** Commands by name, in one form: registries turn a string into a table and tidy paths. */
function commands(side: JsonObject): readonly (readonly [string, string])[] {
  const bin = ownField(side, 'bin');
  const name = ownField(side, 'name');
  const table =
    typeof bin === 'string' && typeof name === 'string' ? { [name]: bin } : isJsonObject(bin) ? bin : {};
  return Object.entries(table)
    .filter((pair): pair is [string, string] => typeof pair[1] === 'string')
    .map(
      ([command, path]) =>
        [command.slice(command.lastIndexOf('/') + 1), path.replace(/^(\.?\/)+/, '')] as const,
    )
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}

interface Mismatch {
  readonly field: string;
  readonly packed: unknown;
  readonly registry: unknown;
  readonly severity?: Severity;
}

function mismatch({ field, packed, registry, severity }: Mismatch): Finding<'manifest-mismatch'> {
  const show = (value: unknown): string => visible(jsonText(value).slice(0, 200));
  const message = `${FINDINGS['manifest-mismatch'].title}: ${visible(field)} is ${show(packed)} in the package, ${show(registry)} in the registry.`;
  return {
    kind: 'manifest-mismatch',
    severity: severity ?? 'high',
    path: 'package.json',
    message,
    evidence: { field, packed: asEvidence(packed), registry: asEvidence(registry) },
  };
}
