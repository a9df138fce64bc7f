import type { PlanRequest } from '../../src/ecosystem.ts';
import type { Step } from '../../src/model/plan.ts';
import type { Evidence } from '../../src/model/source.ts';
import { LAYOUT } from '../../src/sandbox/engine.ts';
import { INSIDE_TARGET } from './inside.ts';
import { join } from './install-root.ts';
import { manifestEntry } from './judgement.ts';
import { inSource, type ManagerName, toolStep } from './managers/manager.ts';
import { type Manifest, parseManifest } from './manifest.ts';

/** What a release tool does to a package after its build and before it packs; each step with the evidence for it. */
export interface BeforePacking {
  readonly steps: readonly Step[];
  readonly evidence: readonly Evidence[];
}

/** The steps that the published archive shows to have been done, made anew from the commit alone. */
export function beforePacking(
  request: PlanRequest,
  { manifest, packer }: { readonly manifest: Manifest; readonly packer: ManagerName },
): BeforePacking {
  // pnpm takes a licence from the root by itself, to another place in the archive.
  const copied = packer === 'pnpm' ? [] : copiesFromRoot(request);
  const all = [...copied, ...gitHead(request, manifest)];
  return { steps: all.map(({ step }) => step), evidence: all.map(({ evidence }) => evidence) };
}

interface Preparation {
  readonly step: Step;
  readonly evidence: Evidence;
}

/** Files for people that release tools (lerna among them) copy from the root of a repository into its packages. */
const COPIED = /^(?:licen[sc]e|copying|notice|readme|changelog|history|authors|security)(?:[-.][\w.-]*)?$/i;

/** Only where the commit's root has a file of the same name with the very bytes that were published. */
function copiesFromRoot({ source, published, unexplained }: PlanRequest): readonly Preparation[] {
  if (source.directory === '.') return [];
  const atRoot = new Map(source.tree.map((file) => [file.path, file.blobId]));
  const { entries } = published.artifact.archive;
  return unexplained.flatMap((path) => {
    const entry = entries.find((one) => one.path === path && one.type === 'file');
    if (!COPIED.test(path) || entry === undefined || atRoot.get(path) !== entry.blobId) return [];
    const argv = ['cp', '--', join(LAYOUT.source, path), join(inSource(source.directory), path)] as const;
    const step = toolStep({ name: `copy ${path}`, phase: 'build', argv, directory: source.directory });
    const detail = `${path} is that of the repository's root: it is copied into the package before packing`;
    return [{ step, evidence: { kind: 'copied-from-root', detail } }];
  });
}

/** Lerna writes the commit into the manifest that it packs. */
function gitHead({ source, published }: PlanRequest, manifest: Manifest): readonly Preparation[] {
  const bytes = manifestEntry(published.artifact.archive.entries)?.content;
  const packed = bytes === undefined ? null : parseManifest(Buffer.from(bytes).toString('utf8'));
  if (packed?.gitHead == null || manifest.gitHead !== null) return [];
  const argv = ['node', `${INSIDE_TARGET}/manifest.cjs`, 'gitHead', source.commit] as const;
  const step = toolStep({ name: 'set gitHead', phase: 'build', argv, directory: source.directory });
  const detail =
    'the packed manifest names a commit: this one is written into it before packing, as lerna does';
  return [{ step, evidence: { kind: 'git-head-set', detail } }];
}
