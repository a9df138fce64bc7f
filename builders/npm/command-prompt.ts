import { textOf } from '../../src/compare/utf8.ts';
import type { Difference, EntrySummary } from '../../src/model/comparison.ts';
import { LAYOUT } from '../../src/sandbox/engine.ts';
import { INSIDE_TARGET } from './inside.ts';
import { toolStep } from './managers/manager.ts';
import type { Rule } from './revision.ts';
import { afterFetching, manifestAt } from './step-places.ts';

const SHELL = `${LAYOUT.work}/command-prompt`;
const MAKE_SHELL = `printf '#!/bin/sh\\nexec node ${INSIDE_TARGET}/command-prompt.cjs "$@"\\n' > ${SHELL} && chmod +x ${SHELL}`;
/** The prompt takes no longer one (https://learn.microsoft.com/troubleshoot/windows-client/shell-experience/command-line-string-limitation). */
const LONGEST_LINE = 8191;
/** A line of the command prompt that writes a file. */
const WRITES = /(?:^|&&)\s*echo [^&|]*>/;

/**
 * npm on Windows has the command prompt run scripts, whose `echo` writes quotes, and the space before a `>`, as they stand
 * (https://docs.npmjs.com/cli/using-npm/config#script-shell): where a published line reads like that, scripts are run so.
 */
export const commandPrompt: Rule = async ({ request, plan, went }) => {
  if (went.kind !== 'differed' || !went.differences.some(isPromptsLine)) return null;
  const directories = [...new Set([request.source.directory, '.'])];
  const manifests = await Promise.all(directories.map((directory) => manifestAt(request, directory)));
  const scripts = manifests.flatMap((one) => Object.values(one?.scripts ?? {}));
  if (!scripts.some((script) => WRITES.test(script))) return null;
  const argv = ['bash', '-c', MAKE_SHELL] as const;
  const make = toolStep({ name: 'run echo as on Windows', phase: 'build', argv, directory: '.' });
  const steps = afterFetching(plan.steps, [make]).map((step) =>
    step.phase === 'fetch' ? step : { ...step, env: { ...step.env, npm_config_script_shell: SHELL } },
  );
  return {
    why: 'a script wrote a line as the command prompt of Windows does: run like that',
    change: { steps },
  };
};

function isPromptsLine({ kind, published, rebuilt }: Difference): boolean {
  if (kind !== 'content' || published === null || rebuilt === null) return false;
  return isLine(published, '\r\n') && isLine(rebuilt, '\n');
}

function isLine({ content }: EntrySummary, end: string): boolean {
  const text = content.length > LONGEST_LINE ? null : textOf(content.subarray());
  return text !== null && text.endsWith(end) && !/[\r\n]/.test(text.slice(0, -end.length));
}
