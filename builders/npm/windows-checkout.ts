import { textOf } from '../../src/compare/utf8.ts';
import { lineEnds } from '../../src/compare/explained.ts';
import type { PlanRequest } from '../../src/ecosystem.ts';
import type { Difference } from '../../src/model/comparison.ts';
import type { RebuildPlan } from '../../src/model/plan.ts';
import { join } from './install-root.ts';
import { toolStep } from './managers/manager.ts';
import type { Revision, Rule } from './revision.ts';
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

const KIND = 'line-ends';
const WHY = 'lines end in CRLF: checked out as on Windows';
/** More are no handful of files that somebody edited, and a command line has an end. */
const MOST_KEPT = 1_000;

/** Plans that begin with a checkout as on Windows, where the published texts come from one. */
export function checkedOut(
  { published, source }: PlanRequest,
  plans: readonly RebuildPlan[],
): readonly RebuildPlan[] {
  const { kept, windows } = lineEnds(published.artifact.archive, source);
  if (windows.length <= kept.length || kept.length > MOST_KEPT) return plans;
  const files = kept.map((file) => join(source.directory, file));
  return plans.map((plan) => ({
    ...plan,
    ...change(plan, files),
    evidence: [...plan.evidence, { kind: KIND, detail: WHY }],
  }));
}

/** What a build wrote with CRLF where the rebuild has LF comes from there as well. */
export const windowsCheckout: Rule = ({ plan, went }) => {
  if (went.kind !== 'differed' || !isMostlyLineEnds(went.differences)) return null;
  if (plan.evidence.some(({ kind }) => kind === KIND)) return null;
  return { why: WHY, change: change(plan, []) };
};

/** @param kept files that have the line ends of the commit all the same */
function change({ steps }: RebuildPlan, kept: readonly string[]): Revision['change'] {
  const step = toolStep({
    name: 'check out with the line ends of Windows',
    phase: 'build',
    argv: ['bash', '-c', CHECK_OUT, 'bash', ...kept],
    directory: '.',
  });
  return { steps: afterFetching(steps, [step]), withGit: true };
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
