import { textOf } from '../../src/compare/utf8.ts';
import { lineEnds, linksAsFiles } from '../../src/compare/explained.ts';
import type { PlanRequest } from '../../src/ecosystem.ts';
import type { Difference } from '../../src/model/comparison.ts';
import type { RebuildPlan, Step } from '../../src/model/plan.ts';
import { join } from './install-root.ts';
import { toolStep } from './managers/manager.ts';
import type { Rule } from './revision.ts';
import { MOST_NAMED, windowsEndsStep } from './source-line-ends.ts';
import { afterFetching } from './step-places.ts';

/**
 * Git for Windows checks texts out with CRLF unless it is told otherwise (gitattributes(5), core.autocrlf). Files that are named
 * were written anew after that.
 */
const CHECK_OUT = [
  'git config core.autocrlf true',
  'git ls-files -z | xargs -0 rm -f --',
  'git checkout-index --all --force',
  'if [ $# -gt 0 ]; then rm -f -- "$@" && git -c core.autocrlf=false checkout-index --force -- "$@"; fi',
].join(' && ');

/** Where a disk has no links, git writes files that name their targets (git-config(1), core.symlinks). */
const CHECK_OUT_LINKS =
  'git config core.symlinks false && rm -f -- "$@" && git checkout-index --force -- "$@"';

const KIND = 'line-ends';
const WHY = 'lines end in CRLF: checked out as on Windows';
const WHY_SOME = 'some files end their lines in CRLF: written so before the build';
const WHY_LINKS = 'links were published as files that name their targets: checked out as on Windows';

interface Change {
  readonly kind: string;
  readonly detail: string;
  readonly step: Step;
  readonly withGit: boolean;
}

/** Plans that begin with a checkout as on Windows, where the published texts or links come from one. */
export function checkedOut(
  { published, source }: PlanRequest,
  plans: readonly RebuildPlan[],
): readonly RebuildPlan[] {
  const { archive } = published.artifact;
  const inRepository = (paths: readonly string[]) => paths.map((path) => join(source.directory, path));
  const { kept, windows } = lineEnds(archive, source);
  const links = linksAsFiles(archive, source);
  const isAll = windows.length > kept.length;
  const changes: Change[] = [];
  if (isAll && kept.length <= MOST_NAMED)
    changes.push({ kind: KIND, step: lineEndsStep(inRepository(kept)), detail: WHY, withGit: true });
  if (!isAll && windows.length > 0 && windows.length <= MOST_NAMED) {
    const step = windowsEndsStep(inRepository(windows));
    changes.push({ kind: 'some-line-ends', step, detail: WHY_SOME, withGit: false });
  }
  if (links.length > 0 && links.length <= MOST_NAMED)
    changes.push({ kind: 'links', step: linksStep(inRepository(links)), detail: WHY_LINKS, withGit: true });
  if (changes.length === 0) return plans;
  return plans.map((plan) => ({
    ...plan,
    withGit: plan.withGit || changes.some((one) => one.withGit),
    steps: afterFetching(
      plan.steps,
      changes.map(({ step }) => step),
    ),
    evidence: [...plan.evidence, ...changes.map(({ kind, detail }) => ({ kind, detail }))],
  }));
}

/** What a build wrote with CRLF where the rebuild has LF comes from there as well. */
export const windowsCheckout: Rule = ({ plan, went }) => {
  if (went.kind !== 'differed' || !isMostlyLineEnds(went.differences)) return null;
  if (plan.evidence.some(({ kind }) => kind === KIND)) return null;
  return { why: WHY, change: { steps: afterFetching(plan.steps, [lineEndsStep([])]), withGit: true } };
};

/** @param kept files that have the line ends of the commit all the same */
function lineEndsStep(kept: readonly string[]): Step {
  return checkOutStep('check out with the line ends of Windows', CHECK_OUT, kept);
}

function linksStep(links: readonly string[]): Step {
  return checkOutStep('check out links as Windows does', CHECK_OUT_LINKS, links);
}

function checkOutStep(name: string, script: string, files: readonly string[]): Step {
  return toolStep({ name, phase: 'build', argv: ['bash', '-c', script, 'bash', ...files], directory: '.' });
}

/** Other files may differ for other reasons, which show when the line ends are out of the way. */
function isMostlyLineEnds(differences: readonly Difference[]): boolean {
  const changed = differences.filter(({ kind }) => kind === 'content');
  const ends = changed.filter(endsOtherwise);
  return ends.length * 2 > changed.length;
}

function endsOtherwise({ published, rebuilt }: Difference): boolean {
  const [ours, theirs] = [published, rebuilt].map((side) =>
    side === null ? null : textOf(side.content.subarray()),
  );
  return typeof ours === 'string' && typeof theirs === 'string' && ours === theirs.replace(/\r?\n/g, '\r\n');
}
