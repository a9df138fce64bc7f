import type { PlanRequest } from '../../src/ecosystem.ts';
import type { Step } from '../../src/model/plan.ts';
import type { Evidence } from '../../src/model/source.ts';
import { LAYOUT } from '../../src/sandbox/engine.ts';
import type { Manifest } from './manifest.ts';
import { inSource, toolStep, withRegistry } from './managers/manager.ts';

/** A copy of a package that a tool makes, less what users do not need, and that is published in its place. */
export interface CleanedCopy {
  /** Brings the tool in. */
  readonly fetch: Step;
  /** Makes the copy. */
  readonly clean: Step;
  /** Directory of the repository where the copy lies. */
  readonly directory: string;
  readonly evidence: Evidence;
}

const TOOL = 'clean-publish';
const TOOL_FOLDER = `${LAYOUT.home}/${TOOL}`;
const COPY = 'cleaned-copy';
const WORKFLOWS = /^\.github\/workflows\/[^/]+\.ya?ml$/;
const MOST_WORKFLOWS = 20;

/**
 * The copy that `clean-publish` makes, where the repository uses it: configured or required by its manifest, or as the
 * action that wraps it in a workflow. Null where it does not.
 */
export async function cleanedCopy(request: PlanRequest, manifest: Manifest): Promise<CleanedCopy | null> {
  const range = manifest.devDependencies[TOOL] ?? null;
  const action = await actionFlags(request);
  if (range === null && !manifest.cleanPublish && action === null) return null;
  const { directory } = request.source;
  const spec = `${TOOL}@${range !== null && /^[\^~]?\d[\w.-]*$/.test(range) ? range : 'latest'}`;
  const install = toolStep({
    name: `install ${TOOL}`,
    phase: 'fetch',
    argv: ['npm', 'install', '--ignore-scripts', '--no-save', '--prefix', TOOL_FOLDER, spec],
    directory,
  });
  const argv = [
    `${TOOL_FOLDER}/node_modules/.bin/${TOOL}`,
    '--without-publish',
    '--temp-dir',
    `${inSource(directory)}/${COPY}`,
    ...(action ?? []),
  ] as const;
  return {
    fetch: withRegistry(install),
    clean: toolStep({ name: TOOL, phase: 'build', argv: [argv[0], ...argv.slice(1)], directory }),
    directory: directory === '.' ? COPY : `${directory}/${COPY}`,
    evidence: { kind: 'cleaned-copy', detail: `the repository publishes a copy that ${TOOL} makes` },
  };
}

/** The flags that a workflow's action stands for; null when no workflow uses it. */
async function actionFlags({ source, readText }: PlanRequest): Promise<readonly string[] | null> {
  const files = source.tree.map(({ path }) => path).filter((path) => WORKFLOWS.test(path));
  const texts = await Promise.all(files.slice(0, MOST_WORKFLOWS).map((file) => readText(file)));
  const uses = texts.flatMap(
    (text) => /uses: *[\w-]+\/clean-npm-project@[^\n]*\n((?: {6,}[^\n]*\n)*)/.exec(text ?? '')?.[1] ?? [],
  );
  const [settings] = uses;
  if (settings === undefined) return null;
  return ['clean-docs', 'clean-comments']
    .filter((name) => new RegExp(`^ *${name}: *true *$`, 'm').test(settings))
    .map((name) => `--${name}`);
}
