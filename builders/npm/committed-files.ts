import { join } from './install-root.ts';
import { toolStep } from './managers/manager.ts';
import type { Rule } from './revision.ts';
import { insertBeforePacking } from './step-places.ts';

/** A command line has an end. */
const MOST_NAMED = 1_000;

/** What the build wrote over and was published as the commit has it: the publisher did not build it anew. */
export const committedFiles: Rule = ({ request, plan, went }) => {
  if (went.kind !== 'differed' || !plan.steps.some(({ phase }) => phase === 'build')) return null;
  const files = went.differences
    .filter(({ kind, inCommit }) => kind === 'content' && inCommit)
    .map(({ path }) => join(request.source.directory, path));
  if (files.length === 0 || files.length > MOST_NAMED) return null;
  const step = toolStep({
    name: 'take committed files as they are',
    phase: 'build',
    argv: ['git', 'checkout-index', '--force', '--', ...files],
    directory: '.',
  });
  const why = `${files.length} files differ that were published as the commit has them: taken from there after the build`;
  return { why, change: { steps: insertBeforePacking(plan.steps, [step]), withGit: true } };
};
