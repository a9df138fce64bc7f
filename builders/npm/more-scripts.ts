import type { Difference } from '../../src/model/comparison.ts';
import type { Step } from '../../src/model/plan.ts';
import type { Reading, Revision } from './revision.ts';
import { otherMakers, type Scripts } from './scripts.ts';
import { directoryOf, manifestAt } from './step-places.ts';
import { forAWhile, managerOf, scriptStep } from './steps.ts';

/**
 * When files are missing, other scripts of the same folder may make them: all that can be builds are run as well, and those that
 * name the sources of what is missing.
 */
export async function moreScripts(reading: Reading): Promise<Revision | null> {
  const { went } = reading;
  if (went.kind !== 'differed') return null;
  const missing = went.differences.filter(({ kind }) => kind === 'added').map(({ path }) => path);
  if (missing.length === 0) return null;
  const steps = await withMore(reading, (scripts) => {
    const makers = otherMakers(scripts);
    const others = scriptsNaming(missing, scripts).filter((script) => !makers.includes(script));
    // Those are tests and measurements, which may run for as long as they like.
    return [...makers.map(withoutEnd), ...others.map((script) => ({ script, isShort: true }))];
  });
  return steps === null
    ? null
    : {
        why: `files are missing: ${namesOf(steps.added)} of the same manifest are run as well`,
        change: { steps: steps.all },
      };
}

/** A compiled file, and the ends of what it may be compiled from. */
const COMPILED = /^(.+)\.[cm]?js$/;
const SOURCES = ['ts', 'tsx', 'mts', 'cts', 'coffee'] as const;

function scriptsNaming(missing: readonly string[], scripts: Scripts): readonly string[] {
  const sources = missing.flatMap((path) => {
    const [, stem] = COMPILED.exec(path) ?? [];
    return stem === undefined ? [] : SOURCES.map((end) => `${stem}.${end}`);
  });
  const isNamed = (text: string) => text.split(/\s+/).some((word) => sources.includes(word));
  return Object.keys(scripts).filter((name) => isNamed(scripts[name] ?? ''));
}

/** Tools that write documentation leave lists of it in the build's folder, or write into the readme. */
const WRITES_DOCUMENTS =
  /^(?:docs?|api-?docs?|documentation|typedoc|readme)(?:[:_-](?:build|gen(?:erate)?|api|md))?$/;

/** What they write: more than files for people, which documents.ts knows. */
const WRITTEN = /\.(?:md|markdown|txt|html|json)$/i;

/** When nothing but documents differs, the package may be published after a script that writes them. */
export async function documentation(reading: Reading): Promise<Revision | null> {
  const { went } = reading;
  const isWritten = ({ kind, path }: Difference) =>
    (kind === 'added' || kind === 'content') && path !== 'package.json' && WRITTEN.test(path);
  if (went.kind !== 'differed' || !went.differences.every(isWritten)) return null;
  const steps = await withMore(reading, (scripts) =>
    Object.keys(scripts)
      .filter((name) => WRITES_DOCUMENTS.test(name))
      .map(withoutEnd),
  );
  return steps === null
    ? null
    : {
        why: `only documents differ: ${namesOf(steps.added)} of the same manifest writes them, and is run as well`,
        change: { steps: steps.all },
      };
}

interface Choice {
  readonly script: string;
  /** Whether it is stopped after a while. */
  readonly isShort: boolean;
}

function withoutEnd(script: string): Choice {
  return { script, isShort: false };
}

function namesOf(steps: readonly Step[]): string {
  return steps.map(({ name }) => name).join(', ');
}

/** A plan's steps with more scripts of the folder of its last build, right after that; null where there are none. */
async function withMore(
  { request, plan }: Reading,
  select: (scripts: Scripts) => readonly Choice[],
): Promise<{ readonly added: readonly Step[]; readonly all: readonly Step[] } | null> {
  const last = plan.steps.findLastIndex((step) => step.phase === 'build' && !step.optional);
  const step = plan.steps[last];
  const manager = step === undefined ? null : managerOf(step);
  if (step === undefined || manager === null) return null;
  const directory = directoryOf(step);
  const ran = new Set(plan.steps.filter((one) => one.cwd === step.cwd).map(({ name }) => name));
  const scripts = (await manifestAt(request, directory))?.scripts ?? {};
  const added = select(scripts)
    .filter(({ script }) => !ran.has(script))
    .map(({ script, isShort }) => {
      const more = scriptStep({ run: { script, args: [] }, directory, manager });
      return isShort ? forAWhile(more) : { ...more, optional: true };
    });
  return added.length === 0 ? null : { added, all: plan.steps.toSpliced(last + 1, 0, ...added) };
}
