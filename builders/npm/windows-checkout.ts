import { textOf } from '../../src/compare/utf8.ts';
import { hasWindowsEnds } from '../../src/compare/explained.ts';
import type { PlanRequest } from '../../src/ecosystem.ts';
import type { Difference } from '../../src/model/comparison.ts';
import type { RebuildPlan } from '../../src/model/plan.ts';
import { toolStep } from './managers/manager.ts';
import type { Revision, Rule } from './revision.ts';
import { afterFetching } from './step-places.ts';

/** Git for Windows checks texts out with CRLF unless it is told otherwise (gitattributes(5), core.autocrlf). */
const CHECK_OUT = [
  'git config core.autocrlf true',
  'git ls-files -z | xargs -0 rm -f --',
  'git checkout-index --all --force',
].join(' && ');

const KIND = 'line-ends';
const WHY = 'lines end in CRLF: checked out as on Windows';

/** Plans that begin with a checkout as on Windows, where the published texts come from one. */
export function checkedOut(request: PlanRequest, plans: readonly RebuildPlan[]): readonly RebuildPlan[] {
  if (!hasWindowsEnds(request.published.artifact.archive, request.source)) return plans;
  return plans.map((plan) => ({
    ...plan,
    ...change(plan),
    evidence: [...plan.evidence, { kind: KIND, detail: WHY }],
  }));
}

/** What a build wrote with CRLF where the rebuild has LF comes from there as well. */
export const windowsCheckout: Rule = ({ plan, went }) => {
  if (went.kind !== 'differed' || !isMostlyLineEnds(went.differences)) return null;
  if (plan.evidence.some(({ kind }) => kind === KIND)) return null;
  return { why: WHY, change: change(plan) };
};

function change({ steps }: RebuildPlan): Revision['change'] {
  const step = toolStep({
    name: 'check out with the line ends of Windows',
    phase: 'build',
    argv: ['bash', '-c', CHECK_OUT],
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
