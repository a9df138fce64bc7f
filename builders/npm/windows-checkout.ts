import { textOf } from '../../src/compare/utf8.ts';
import type { Difference } from '../../src/model/comparison.ts';
import { toolStep } from './managers/manager.ts';
import type { Rule } from './revision.ts';
import { afterFetching } from './step-places.ts';

/** Git for Windows checks texts out with CRLF unless it is told otherwise (gitattributes(5), core.autocrlf). */
const CHECK_OUT = [
  'git config core.autocrlf true',
  'git ls-files -z | xargs -0 rm -f --',
  'git checkout-index --all --force',
].join(' && ');

/** What was published with CRLF where the rebuild has LF comes from a checkout on Windows: the same is made here. */
export const windowsCheckout: Rule = ({ plan, went }) => {
  if (went.kind !== 'differed' || !isMostlyLineEnds(went.differences)) return null;
  const step = toolStep({
    name: 'check out with the line ends of Windows',
    phase: 'build',
    argv: ['bash', '-c', CHECK_OUT],
    directory: '.',
  });
  const steps = afterFetching(plan.steps, [step]);
  return { why: 'lines end in CRLF: checked out as on Windows', change: { steps, withGit: true } };
};

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
