import { coreOf, managerCall } from './calls.ts';
import type { CommitFiles } from './commit-files.ts';
import { roleOf } from './roles.ts';
import { type Statement, statementsOf } from './statements.ts';

/** npm's short forms (npm docs, npm test). */
const TEST_VERBS: ReadonlySet<string> = new Set(['test', 't', 'tst']);
/** Scripts that by their name make what a test then runs. */
const BUILDS = /^(?:build|compile|dist|bundle|make|tsc|rollup|webpack)(?:[:_-].+)?$/;

/**
 * The builds that a check starts: scripts of the manifest that `pretest`, or the test itself, runs. What is published after it may
 * come from there, and the check itself has no part in a rebuild.
 */
export async function buildsOfCheck(
  { words, directory, env }: Statement,
  files: CommitFiles,
): Promise<readonly Statement[]> {
  const name = roleOf(words) === 'check' ? scriptOf(words) : null;
  const manifest = name === null || directory === null ? null : await files.manifest(directory);
  if (name === null || directory === null || manifest === null) return [];
  return [`pre${name}`, name]
    .flatMap((one) => (Object.hasOwn(manifest.scripts, one) ? [manifest.scripts[one] ?? ''] : []))
    .flatMap((script) => statementsOf(script, { directory, env }))
    .filter((one) => one.command !== null && BUILDS.test(scriptOf(one.words) ?? ''));
}

/** The script of the manifest that a package manager is told to run; null when it is told otherwise. */
function scriptOf(words: Statement['words']): string | null {
  const call = managerCall(coreOf(words));
  if (call === null || call.directory !== null || call.recursive || call.filters.length > 0) return null;
  if (call.verb === 'run' || call.verb === 'run-script') return call.operands[0]?.text ?? null;
  if (call.verb !== null && TEST_VERBS.has(call.verb)) return 'test';
  return call.manager === 'npm' ? null : call.verb;
}
