import semver from 'semver';
import type { Difference } from '../../src/model/comparison.ts';
import type { Step } from '../../src/model/plan.ts';
import { INSIDE_TARGET } from './inside.ts';
import type { Reading, Revision } from './revision.ts';
import { manifestAt } from './step-places.ts';
import { versionStep } from './steps.ts';
import { versionVariables } from './version-variables.ts';

const SEMVER = /\b\d+\.\d+\.\d+(?:-[\w.]+)?\b/g;
const MOST_VERSIONS = 20;

/**
 * Release robots build first and raise the version then: the built files name the version before. What a workflow
 * computes of the new one, its builds may know.
 */
export async function builtBeforeVersion({ request, plan, went }: Reading): Promise<Revision | null> {
  if (went.kind !== 'differed' || went.differences.length === 0) return null;
  const { version } = request.published.subject;
  const pairs = went.differences.map(textsOf);
  const named = new Set((pairs[0]?.published ?? '').match(SEMVER) ?? []);
  const before = [...named]
    .slice(0, MOST_VERSIONS)
    .find((one) =>
      pairs.every((pair) => pair !== null && pair.published === pair.rebuilt.replaceAll(version, one)),
    );
  const first = plan.steps.findIndex(({ phase }) => phase === 'build');
  if (before === undefined || before === version || first === -1 || semver.valid(before) === null)
    return null;
  const { directory } = request.source;
  const npm = plan.toolchain['npm'] ?? '';
  const at = (one: string) => versionStep({ directory, version: one, npm });
  const told = (await versionVariables(request)).map((name) => [name, version] as const);
  const builds = plan.steps.slice(first).filter(({ phase }) => phase === 'build');
  const steps = [
    ...plan.steps.slice(0, first),
    at(before),
    ...builds.map((step) => ({ ...step, env: { ...step.env, ...Object.fromEntries(told) } })),
    at(version),
    ...plan.steps.filter(({ phase }) => phase === 'pack'),
  ];
  return { why: `the built files name ${before}: built before the version was raised`, change: { steps } };
}

/** Means nothing else wherever it stands, as `0.0.0` would: whoever publishes chooses what is written over it. */
const PLACEHOLDER = /^0\.0\.0-[a-z][\w.-]{2,60}$/i;

/**
 * Release tools write the version over the one that stands in for it at the commit (`0.0.0-development`) in what was built, too.
 * Only where the published files are then the rebuilt ones, each of them; and only a real version, which can end no string.
 */
export async function placeholderInFiles({ request, plan, went }: Reading): Promise<Revision | null> {
  if (went.kind !== 'differed' || went.differences.length === 0) return null;
  const { version } = request.published.subject;
  const placeholder = (await manifestAt(request, request.source.directory))?.version ?? '';
  const isWritten = (one: Difference) => {
    const texts = textsOf(one);
    return texts !== null && texts.published === texts.rebuilt.replaceAll(placeholder, version);
  };
  const pack = plan.steps.findLastIndex(({ phase }) => phase === 'pack');
  const step = plan.steps[pack];
  if (semver.valid(version) !== version || !PLACEHOLDER.test(placeholder)) return null;
  if (step === undefined || !went.differences.every(isWritten)) return null;
  const paths = went.differences.map(({ path }) => path).filter((path) => !path.startsWith('-'));
  const steps = plan.steps.with(pack, writingVersion(step, { placeholder, version, paths }));
  return {
    why: `the built files name ${placeholder}: ${version} is written over it before packing`,
    change: { steps },
  };
}

/**
 * A release may set the version first and build then, in `prepublishOnly` say: what is built may read it. Where the published files
 * name it, the version is set before the build as well as after it.
 */
export function versionBeforeBuild({ request, plan, went }: Reading): Revision | null {
  const isSet = plan.evidence.some(({ kind }) => kind === 'version-set');
  const first = plan.steps.findIndex(({ phase }) => phase === 'build');
  if (went.kind !== 'differed' || !isSet || first === -1) return null;
  const { version } = request.published.subject;
  const namesIt = ({ path, published }: Difference) =>
    path !== 'package.json' && published !== null && textOf(published.content.subarray()).includes(version);
  if (!went.differences.some(namesIt)) return null;
  const { directory } = request.source;
  const step = versionStep({ directory, version, npm: plan.toolchain['npm'] ?? '' });
  if (plan.steps[first]?.name === step.name) return null;
  const steps = plan.steps.toSpliced(first, 0, step);
  return { why: `the published files name ${version}: set before the build`, change: { steps } };
}

interface Writing {
  readonly placeholder: string;
  readonly version: string;
  readonly paths: readonly string[];
}

/** In the folder that is packed, which may be one that inside/pack-folder.cjs has found. */
function writingVersion(pack: Step, { placeholder, version, paths }: Writing): Step {
  const [program, ...rest] = pack.argv;
  const at = rest[0] === `${INSIDE_TARGET}/pack-folder.cjs` ? rest.indexOf('--') + 2 : 0;
  const words = [program, ...rest];
  const own = ['node', `${INSIDE_TARGET}/version-in-files.cjs`, placeholder, version, ...paths, '--'];
  const [first = program, ...others] = [...words.slice(0, at), ...own, ...words.slice(at)];
  return { ...pack, argv: [first, ...others] };
}

/** The contents of a file on both sides, a character for each byte; null where it is on one side only or is equal. */
function textsOf({
  kind,
  published,
  rebuilt,
}: Difference): { readonly published: string; readonly rebuilt: string } | null {
  if (kind !== 'content' || published === null || rebuilt === null) return null;
  return { published: textOf(published.content.subarray()), rebuilt: textOf(rebuilt.content.subarray()) };
}

function textOf(content: Uint8Array): string {
  return Buffer.from(content).toString('latin1');
}
