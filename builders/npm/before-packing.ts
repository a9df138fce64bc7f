import semver from 'semver';
import type { PlanRequest } from '../../src/ecosystem.ts';
import type { Step } from '../../src/model/plan.ts';
import type { Evidence } from '../../src/model/source.ts';
import { LAYOUT } from '../../src/sandbox/engine.ts';
import { isDocument } from './documents.ts';
import { INSIDE_TARGET } from './inside.ts';
import { join } from './install-root.ts';
import { packedManifest } from './judgement.ts';
import { inSource, type ManagerName, toolStep } from './managers/manager.ts';
import { type Manifest, parseManifest } from './manifest.ts';
import { TABLES, tablesStep } from './dependency-tables.ts';
import { versionToSet } from './version-to-set.ts';
import { members } from './workspace.ts';

/** What a release tool does to a package after its build and before it packs; each step with the evidence for it. */
export interface BeforePacking {
  readonly steps: readonly Step[];
  readonly evidence: readonly Evidence[];
  /** Whether the packed manifest is another one than that of the commit. */
  readonly changesManifest: boolean;
}

/** The steps that the published archive shows to have been done, made anew from the commit alone. */
export async function beforePacking(
  request: PlanRequest,
  { manifest, packer }: { readonly manifest: Manifest; readonly packer: ManagerName },
): Promise<BeforePacking> {
  const copied = copiesFromRoot(request, packer);
  // The other packers write the versions of the workspace themselves.
  const ranges = packer === 'npm' || packer === 'yarn' ? await workspaceRanges(request) : [];
  const changes = [...ranges, ...(await siblingVersions(request, manifest)), ...gitHead(request, manifest)];
  const all = [...copied, ...changes];
  return {
    steps: all.map(({ step }) => step),
    evidence: all.map(({ evidence }) => evidence),
    changesManifest: changes.length > 0,
  };
}

interface Preparation {
  readonly step: Step;
  readonly evidence: Evidence;
}

/** pnpm takes these from the root by itself, to another place in the archive. */
const COPIED_BY_PNPM = /^licen[sc]e/i;

/** Documents, only where the commit's root has a file of the same name with the very bytes that were published. */
function copiesFromRoot(
  { source, published, unexplained }: PlanRequest,
  packer: ManagerName,
): readonly Preparation[] {
  if (source.directory === '.') return [];
  const atRoot = new Map(source.tree.map((file) => [file.path, file.blobId]));
  const { entries } = published.artifact.archive;
  return unexplained.flatMap((path) => {
    const entry = entries.find((one) => one.path === path && one.type === 'file');
    if (packer === 'pnpm' && COPIED_BY_PNPM.test(path)) return [];
    if (!isDocument(path) || entry === undefined || atRoot.get(path) !== entry.blobId) return [];
    const argv = ['cp', '--', join(LAYOUT.source, path), join(inSource(source.directory), path)] as const;
    const step = toolStep({ name: `copy ${path}`, phase: 'build', argv, directory: source.directory });
    const detail = `${path} is that of the repository's root: it is copied into the package before packing`;
    return [{ step, evidence: { kind: 'copied-from-root', detail } }];
  });
}

/** Release tools put versions in the place of `workspace:` ranges; npm publishes as they are those that nobody wrote anew. */
async function workspaceRanges(request: PlanRequest): Promise<readonly Preparation[]> {
  const { source, readText } = request;
  const packed = packedManifest(request.published.artifact.archive);
  const text = await readText(join(source.directory, 'package.json'));
  const manifest = text === null || !text.includes('"workspace:') ? null : parseManifest(text);
  if (manifest === null) return [];
  const all = await members({ tree: source.tree, readText });
  const version = (name: string) => all.get(name)?.manifest.version ?? null;
  const resolved: Record<string, Record<string, string>> = {};
  for (const table of TABLES) {
    const entries = Object.entries(manifest[table]);
    const isLeft = Object.values(packed?.[table] ?? {}).some((range) => range.startsWith(WORKSPACE));
    if (isLeft || !entries.some(([, range]) => range.startsWith(WORKSPACE))) continue;
    const written = entries.map(([name, range]) => [name, resolvedRange(range, version(name))] as const);
    resolved[table] = Object.fromEntries(written);
  }
  if (Object.keys(resolved).length === 0) return [];
  const step = tablesStep('write the versions of the workspace', {
    tables: resolved,
    directory: source.directory,
  });
  const detail =
    'the manifest names packages of its workspace: their versions are written into it before packing';
  return [{ step, evidence: { kind: 'workspace-ranges', detail } }];
}

const WORKSPACE = 'workspace:';

/** What a `workspace:` range stands for (https://pnpm.io/workspaces#publishing-workspace-packages). */
function resolvedRange(range: string, version: string | null): string {
  if (!range.startsWith(WORKSPACE) || version === null) return range;
  const wanted = range.slice(WORKSPACE.length);
  if (wanted === '*') return version;
  return wanted === '^' || wanted === '~' ? `${wanted}${version}` : wanted;
}

/** A version alone, or the lowest that a range allows. */
const PLAIN_RANGE = /^([~^]?)\d+\.\d+\.\d+$/;

/**
 * Robots that keep no versions in the repository write that of each package of it wherever it is needed, when they release: what
 * the newest tag says of it then.
 */
async function siblingVersions(request: PlanRequest, manifest: Manifest): Promise<readonly Preparation[]> {
  const packed = packedManifest(request.published.artifact.archive);
  if (packed === null || versionToSet({ manifest, request }) === null) return [];
  const differing = TABLES.filter((table) => {
    const ranges = Object.entries(manifest[table]);
    // Those are written from the manifests of the workspace, by the step for them or by the packer.
    const isOfWorkspace = ranges.some(([, range]) => range.startsWith(WORKSPACE));
    return !isOfWorkspace && ranges.some(([name, range]) => (packed[table][name] ?? range) !== range);
  });
  if (differing.length === 0) return [];
  const all = await members({ tree: request.source.tree, readText: request.readText });
  const tags = await request.tagsBefore();
  const written = (name: string, range: string) => {
    const [, operator] = PLAIN_RANGE.exec(range) ?? [];
    const newest = operator === undefined || !all.has(name) ? null : newestTagged(name, tags);
    return newest === null ? range : `${operator}${newest}`;
  };
  const resolved = differing.flatMap((table) => {
    const ranges = Object.entries(manifest[table]);
    const anew = ranges.map(([name, range]) => [name, written(name, range)] as const);
    const isSame = anew.every(([, range], index) => range === ranges[index]?.[1]);
    return isSame ? [] : [[table, Object.fromEntries(anew)] as const];
  });
  if (resolved.length === 0) return [];
  const step = tablesStep('write the versions of other packages', {
    tables: Object.fromEntries(resolved),
    directory: request.source.directory,
  });
  const detail =
    'the repository tags its packages and keeps no versions: those of the newest tags are written into the manifest before packing';
  return [{ step, evidence: { kind: 'sibling-versions', detail } }];
}

/** The highest release that a tag `name@version` names. */
function newestTagged(name: string, tags: readonly string[]): string | null {
  const versions = tags.flatMap((tag) => (tag.startsWith(`${name}@`) ? [tag.slice(name.length + 1)] : []));
  const releases = versions.filter((one) => semver.valid(one) === one && semver.prerelease(one) === null);
  return semver.sort(releases).at(-1) ?? null;
}

/** Lerna writes the commit into the manifest that it packs. */
function gitHead(request: PlanRequest, manifest: Manifest): readonly Preparation[] {
  const { source } = request;
  const packed = packedManifest(request.published.artifact.archive)?.gitHead ?? null;
  if (packed === null || packed === manifest.gitHead) return [];
  const argv = ['node', `${INSIDE_TARGET}/manifest.cjs`, 'gitHead', source.commit] as const;
  const step = toolStep({ name: 'set gitHead', phase: 'build', argv, directory: source.directory });
  const detail =
    'the packed manifest names a commit: this one is written into it before packing, as lerna does';
  return [{ step, evidence: { kind: 'git-head-set', detail } }];
}
