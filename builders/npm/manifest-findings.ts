import { FINDINGS, type FindingEntry, type ManifestFindingKind } from '../../src/judge/findings.ts';
import type { Finding, Severity } from '../../src/model/verdict.ts';
import { visible } from '../../src/published/visible.ts';
import {
  asEvidence,
  jsonText,
  type JsonObject,
  objectField,
  ownField,
  readPackedManifest,
} from './packed-manifest.ts';
import { INSTALL_SCRIPTS, installsImplicitly, isGypFile } from './install-hooks.ts';
import { registryFindings } from './registry-findings.ts';

/** One packed archive as far as manifests are concerned. */
export interface PackedSide {
  /** Bytes of `package.json`; null when there is none. */
  readonly manifest: Uint8Array | null;
  /** Paths of all entries. */
  readonly paths: readonly string[];
}

export interface ManifestRequest {
  readonly published: PackedSide;
  /** Null when nothing was rebuilt. */
  readonly rebuilt: PackedSide | null;
  /** The registry's document of this version, parsed JSON; null when there is none. */
  readonly document: unknown;
}

/** npm runs these when the package is installed from git or a folder, or packed. */
const OTHER_LIFECYCLE_SCRIPTS = ['preprepare', 'prepare', 'postprepare', 'prepublish', 'prepack', 'postpack'];

/** How bad one more entry in a table of dependencies is: only some of them are installed with the package. */
const DEPENDENCY_FIELDS = {
  dependencies: 'high',
  optionalDependencies: 'high',
  peerDependencies: 'high',
  devDependencies: 'low',
} as const satisfies Record<string, Severity>;

/** Fields that decide which file runs on import or as a command, and how it is read. */
const ENTRY_POINTS = [
  'main',
  'module',
  'browser',
  'exports',
  'imports',
  'bin',
  'type',
  'directories',
  'react-native',
  'jsnext:main',
  'unpkg',
  'jsdelivr',
  'bundleDependencies',
  'bundledDependencies',
] as const;

/**
 * What the published manifest makes npm do that the rebuilt one does not, and where the registry describes another
 * manifest than the packed one. Pure; the bytes come from the strict reader.
 */
export function manifestFindings(request: ManifestRequest): readonly Finding<ManifestFindingKind>[] {
  const packed = readPackedManifest(request.published.manifest);
  // The very same oddity comes from the source: it is shown, and hides nothing.
  const isOfSource = request.rebuilt !== null && isSame(request.published.manifest, request.rebuilt.manifest);
  const unreadable = packed.problems.map((problem) =>
    finding('manifest-unreadable', {
      field: 'package.json',
      detail: problem,
      evidence: {},
      ...(isOfSource && { severity: 'low' }),
    }),
  );
  return [
    ...unreadable,
    ...(request.rebuilt === null ? [] : differences(packed.value, request.published, request.rebuilt)),
    ...registryFindings({
      manifest: packed.value,
      paths: request.published.paths,
      document: request.document,
    }),
  ];
}

function isSame(published: Uint8Array | null, rebuilt: Uint8Array | null): boolean {
  return published === null ? rebuilt === null : rebuilt !== null && Buffer.compare(published, rebuilt) === 0;
}

function differences(
  ours: JsonObject,
  published: PackedSide,
  rebuilt: PackedSide,
): readonly Finding<ManifestFindingKind>[] {
  const theirs = readPackedManifest(rebuilt.manifest).value;
  return [
    ...scriptFindings(objectField(ours, 'scripts'), objectField(theirs, 'scripts')),
    ...implicitInstall({ ours, published, theirs, rebuilt }),
    ...Object.entries(DEPENDENCY_FIELDS).flatMap(([field, severity]) =>
      dependencyFindings({
        field,
        severity,
        ours: objectField(ours, field),
        theirs: objectField(theirs, field),
      }),
    ),
    ...entryPointFindings(ours, theirs),
  ];
}

function scriptFindings(ours: JsonObject, theirs: JsonObject): readonly Finding<ManifestFindingKind>[] {
  return changedKeys(ours, theirs).map((name) => {
    const [published, rebuilt] = [ownField(ours, name), ownField(theirs, name)];
    const runs = (INSTALL_SCRIPTS as readonly string[]).includes(name);
    const kind = runs && rebuilt === undefined ? 'lifecycle-script-added' : 'lifecycle-script-changed';
    const detail =
      published === undefined
        ? `${name} is gone`
        : rebuilt === undefined
          ? `${name} was added: ${text(published)}`
          : `${name} is ${text(published)} instead of ${text(rebuilt)}`;
    return finding(kind, {
      field: `scripts.${name}`,
      detail,
      severity: published === undefined ? 'low' : scriptSeverity(name),
      evidence: { script: name, published, rebuilt },
    });
  });
}

function scriptSeverity(name: string): Severity {
  if ((INSTALL_SCRIPTS as readonly string[]).includes(name)) return 'critical';
  return OTHER_LIFECYCLE_SCRIPTS.includes(name) ? 'medium' : 'low';
}

interface InstallSides {
  readonly ours: JsonObject;
  readonly published: PackedSide;
  readonly theirs: JsonObject;
  readonly rebuilt: PackedSide;
}

function implicitInstall({
  ours,
  published,
  theirs,
  rebuilt,
}: InstallSides): readonly Finding<ManifestFindingKind>[] {
  const added = published.paths.filter((path) => isGypFile(path) && !rebuilt.paths.includes(path));
  const turnedOn = installsImplicitly(ours, published.paths) && !installsImplicitly(theirs, rebuilt.paths);
  if (!turnedOn && added.length === 0) return [];
  const files = added.length > 0 ? added : published.paths.filter(isGypFile);
  const detail = turnedOn
    ? `${files.map((file) => visible(file)).join(', ')} makes installing run node-gyp, without any script`
    : `${files.map((file) => visible(file)).join(', ')} was added, and node-gyp reads it`;
  return [
    finding('implicit-install', {
      field: null,
      path: files[0] ?? null,
      detail,
      evidence: { files, turnedOn },
    }),
  ];
}

interface DependencyTables {
  readonly field: string;
  readonly severity: Severity;
  readonly ours: JsonObject;
  readonly theirs: JsonObject;
}

function dependencyFindings({
  field,
  severity,
  ours,
  theirs,
}: DependencyTables): readonly Finding<ManifestFindingKind>[] {
  return changedKeys(ours, theirs).map((name) => {
    const [published, rebuilt] = [ownField(ours, name), ownField(theirs, name)];
    const evidence = { field, name, published, rebuilt };
    const shown = visible(name);
    if (published === undefined) {
      return finding('dependency-changed', { field, detail: `${shown} is gone`, severity: 'low', evidence });
    }
    const direct = isDirect(published);
    const worse = direct && severity === 'high' ? 'critical' : severity;
    const where = direct ? ', which does not come from a registry' : '';
    return rebuilt === undefined
      ? finding('dependency-added', {
          field,
          detail: `${shown} ${text(published)}${where}`,
          severity: worse,
          evidence,
        })
      : finding('dependency-changed', {
          field,
          detail: `${shown} is ${text(published)} instead of ${text(rebuilt)}${where}`,
          severity: worse,
          evidence,
        });
  });
}

/** Whether a dependency is fetched from git, a URL or the disk: nobody checks or pins those, and git ones run scripts. */
function isDirect(spec: unknown): boolean {
  return (
    typeof spec !== 'string' ||
    /[/\\]|^(git|github|gitlab|bitbucket|gist|https?|file|link|portal):/i.test(
      spec.replace(/^npm:(@[^/]+\/)?/, ''),
    )
  );
}

function entryPointFindings(ours: JsonObject, theirs: JsonObject): readonly Finding<ManifestFindingKind>[] {
  return ENTRY_POINTS.filter((field) => !sameJson(ownField(ours, field), ownField(theirs, field))).map(
    (field) => {
      const [published, rebuilt] = [ownField(ours, field), ownField(theirs, field)];
      const detail = `${field} is ${text(published)} instead of ${text(rebuilt)}`;
      return finding('entry-point-redirected', { field, detail, evidence: { field, published, rebuilt } });
    },
  );
}

function changedKeys(ours: JsonObject, theirs: JsonObject): readonly string[] {
  const keys = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
  return [...keys].filter((key) => !sameJson(ownField(ours, key), ownField(theirs, key)));
}

/** Equal with the order of keys: conditions of `exports` are tried in their order. */
function sameJson(a: unknown, b: unknown): boolean {
  return jsonText(a) === jsonText(b);
}

interface FindingParts {
  readonly field: string | null;
  readonly path?: string | null;
  readonly detail: string;
  /** Default: that of the catalogue. */
  readonly severity?: Severity;
  readonly evidence: Readonly<Record<string, unknown>>;
}

function finding(kind: ManifestFindingKind, parts: FindingParts): Finding<ManifestFindingKind> {
  const entry: FindingEntry = FINDINGS[kind];
  const severity = parts.severity ?? (entry.severity === 'by-role' ? 'high' : entry.severity);
  const where = parts.field === null ? '' : ` (${visible(parts.field)})`;
  const message = `${entry.title}${where}: ${parts.detail}.`;
  return { kind, severity, path: parts.path ?? 'package.json', message, evidence: shortened(parts.evidence) };
}

/** A JSON value as a short visible text. */
function text(value: unknown): string {
  const json = visible(jsonText(value));
  return json.length > 200 ? `${json.slice(0, 200)}...` : json;
}

function shortened(evidence: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(evidence).map(([key, value]) => [key, asEvidence(value)]));
}
