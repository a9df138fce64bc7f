import { managerCall } from './calls.ts';
import type { CommitFiles } from './commit-files.ts';
import { isLeftOut } from './roles.ts';
import type { Command, ManagerName } from './recipe.ts';

/** Short names of @antfu/ni, by the package manager of the repository: `nr x` is `pnpm run x`. */
const SHORT: ReadonlyMap<string, readonly string[]> = new Map([
  ['nr', ['run']],
  ['nci', ['install']],
  ['ni', ['install']],
  ['na', []],
]);

/** Commands in the words of the package manager, without those that do nothing here (`--if-present`). */
export async function finished(
  commands: readonly Command[],
  context: { readonly files: CommitFiles; readonly manager: ManagerName | null },
): Promise<readonly Command[]> {
  const done: Command[] = [];
  for (const command of commands) {
    if (await isIdle(command, context.files)) continue;
    done.push(longForm(withoutLeftOut(command), context.manager ?? 'npm'));
  }
  return done;
}

const SCRIPT_LISTS: ReadonlySet<string> = new Set(['run-s', 'run-p', 'npm-run-all']);

/** A list of scripts without those that check or write a version: `run-s clean lint build`. */
function withoutLeftOut(command: Command): Command {
  const [first, ...rest] = command.argv;
  if (!SCRIPT_LISTS.has(first)) return command;
  return { ...command, argv: [first, ...rest.filter((word) => word.startsWith('-') || !isLeftOut(word))] };
}

function longForm(command: Command, manager: ManagerName): Command {
  const [first, ...rest] = command.argv;
  const verb = SHORT.get(first);
  return verb === undefined ? command : { ...command, argv: [manager, ...verb, ...rest] };
}

/** `npm run x --if-present` where there is no script `x`. */
async function isIdle(command: Command, files: CommitFiles): Promise<boolean> {
  const call = managerCall(command.argv.map((text) => ({ text, literal: true })));
  if (call?.verb !== 'run' || !call.options.has('--if-present') || call.recursive) return false;
  const manifest = await files.manifest(command.directory);
  return manifest !== null && !Object.hasOwn(manifest.scripts, call.operands[0]?.text ?? '');
}
