import type { PlanRequest } from '../../src/ecosystem.ts';
import type { Step } from '../../src/model/plan.ts';
import type { Evidence } from '../../src/model/source.ts';
import { LAYOUT } from '../../src/sandbox/engine.ts';
import type { Manifest } from './manifest.ts';
import { toolStep, withRegistry } from './managers/manager.ts';

/** Steps that make a copy of a package, less what users do not need, which is published in its place. */
export interface CleanedCopy {
  /** Brings the tool in. */
  readonly fetch: Step;
  /** Makes the copy, in a new folder below the package's own. */
  readonly clean: Step;
  readonly evidence: Evidence;
}

const TOOL = 'clean-publish';
const TOOL_FOLDER = `${LAYOUT.home}/${TOOL}`;
/** A plain version or range; anything else would be a place to take the tool from. */
const RANGE = /^[\^~]?\d[\w.-]*$/;

/** The copy that `clean-publish` makes, where a manifest configures or requires it; null where none does. */
export function cleanedCopy({ source }: PlanRequest, manifest: Manifest): CleanedCopy | null {
  const range = manifest.devDependencies[TOOL] ?? null;
  if (range === null && !manifest.cleanPublish) return null;
  const { directory } = source;
  const spec = `${TOOL}@${range !== null && RANGE.test(range) ? range : 'latest'}`;
  const install = toolStep({
    name: `install ${TOOL}`,
    phase: 'fetch',
    argv: ['npm', 'install', '--ignore-scripts', '--no-save', '--prefix', TOOL_FOLDER, spec],
    directory,
  });
  const argv = [`${TOOL_FOLDER}/node_modules/.bin/${TOOL}`, '--without-publish'] as const;
  return {
    fetch: withRegistry(install),
    clean: toolStep({ name: TOOL, phase: 'build', argv, directory }),
    evidence: { kind: 'cleaned-copy', detail: `the repository publishes a copy that ${TOOL} makes` },
  };
}
