import { toolStep } from './managers/manager.ts';
import type { Rule } from './revision.ts';
import { MOST_NAMED } from './source-line-ends.ts';
import { insertBeforePacking } from './step-places.ts';

/**
 * Some repositories hold built files that another tool made than the one that builds the rest now. Where the commit has every
 * changed file as it was published, the publisher did not build these anew.
 */
export const keptFiles: Rule = ({ request, plan, went }) => {
  if (went.kind !== 'differed' || !plan.withGit) return null;
  const changed = went.differences.filter(({ kind }) => kind === 'content');
  if (changed.length === 0 || changed.length > MOST_NAMED) return null;
  if (!changed.every(({ inCommit }) => inCommit)) return null;
  const paths = changed.map(({ path }) => path);
  const step = toolStep({
    name: 'keep the files of the commit',
    phase: 'build',
    argv: ['git', 'checkout', 'HEAD', '--', ...paths],
    directory: request.source.directory,
  });
  const why = `the build changes ${paths.length} files that were published as the commit has them: these are packed`;
  return { why, change: { steps: insertBeforePacking(plan.steps, [step]) } };
};
