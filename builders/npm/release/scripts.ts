import { coreOf, managerCall, programName } from './calls.ts';
import type { CommitFiles } from './commit-files.ts';
import { insideRepository } from './paths.ts';
import { type Statement, statementsOf } from './statements.ts';
import { turboTasksBefore } from './tool-config.ts';

/** What a command runs that is written down in the repository. */
export interface Inner {
  /** `package.json: release`, or the path of a shell script. */
  readonly from: string;
  readonly statements: readonly Statement[];
}

/** The package that is rebuilt: filters that name it lead to its folder. */
export interface PackagePlace {
  readonly name: string;
  readonly directory: string;
}

/** Statements of the script or shell file that a command runs; null when it runs none that can be read. */
export async function innerOf(
  statement: Statement,
  files: CommitFiles,
  own: PackagePlace,
): Promise<Inner | null> {
  const { directory, env } = statement;
  if (directory === null) return null;
  return (
    (await ofManifest(statement, { files, own, directory })) ??
    (await ofShellFile(statement, { files, directory, env }))
  );
}

async function ofManifest(
  { words, env }: Statement,
  place: { readonly files: CommitFiles; readonly own: PackagePlace; readonly directory: string },
): Promise<Inner | null> {
  const run = scriptRun(words);
  if (run === null) return null;
  const isOwn = run.everywhere || run.filters.includes(place.own.name);
  const named = isOwn ? place.own.directory : place.directory;
  const directory = run.directory === null ? named : insideRepository(named, run.directory);
  if (directory === null || (run.filters.length > 0 && named !== place.own.directory)) return null;
  const manifest = await place.files.manifest(directory);
  const text = (name: string) =>
    manifest !== null && Object.hasOwn(manifest.scripts, name) ? (manifest.scripts[name] ?? '') : '';
  const scripts = run.names
    .flatMap((name) => [text(`pre${name}`), text(name)])
    .filter((script) => script !== '');
  if (run.names.every((name) => text(name) === '')) return null;
  const first = await turboFirst(words, run.names, place.files);
  const all = first === null ? scripts : [first, ...scripts];
  const statements = all.flatMap((script, index) =>
    statementsOf(script, { directory: index === 0 && first !== null ? place.directory : directory, env }),
  );
  return {
    from: `${directory === '.' ? '' : `${directory}/`}package.json: ${run.names.join(', ')}`,
    statements,
  };
}

/** What turbo runs before its tasks: those that `dependsOn` of its configuration names. */
async function turboFirst(
  words: Statement['words'],
  names: readonly string[],
  files: CommitFiles,
): Promise<string | null> {
  if (programName(coreOf(words)[0]) !== 'turbo') return null;
  const before = await turboTasksBefore(names, files);
  return before.length === 0 ? null : `turbo run ${before.join(' ')}`;
}

interface ScriptRun {
  readonly names: readonly string[];
  readonly directory: string | null;
  readonly filters: readonly string[];
  /** In every package of the workspace; then the one that is rebuilt is looked at. */
  readonly everywhere: boolean;
}

const SCRIPT_LISTS: ReadonlySet<string> = new Set(['run-s', 'npm-run-all']);
const WORKSPACE_RUNNERS: ReadonlySet<string> = new Set(['turbo', 'lerna', 'wsrun', 'ultra']);

/** The scripts of a manifest that a command runs, when it runs any. */
function scriptRun(words: Statement['words']): ScriptRun | null {
  const core = coreOf(words);
  const program = programName(core[0]);
  const operands = core
    .slice(1)
    .filter((word) => word.literal && !word.text.startsWith('-'))
    .map((word) => word.text);
  const here = { directory: null, filters: [], everywhere: false };
  if (program === 'nr') return { ...here, names: operands.slice(0, 1) };
  if (SCRIPT_LISTS.has(program)) return { ...here, names: operands };
  if (WORKSPACE_RUNNERS.has(program))
    return { ...here, names: operands.filter((name) => name !== 'run'), everywhere: true };
  const call = managerCall(core);
  if (call === null || call.verb === null) return null;
  const isRun = call.verb === 'run' || call.verb === 'run-script';
  const name = isRun ? call.operands[0]?.text : call.verb;
  if (name === undefined || (!isRun && call.manager === 'npm')) return null;
  const { directory, filters, recursive: everywhere } = call;
  return { names: [name], directory, filters, everywhere };
}

async function ofShellFile(
  { words }: Statement,
  place: {
    readonly files: CommitFiles;
    readonly directory: string;
    readonly env: Readonly<Record<string, string>>;
  },
): Promise<Inner | null> {
  const core = coreOf(words);
  const isShell = ['bash', 'sh', 'zsh'].includes(programName(core[0]));
  const word = isShell ? core.slice(1).find((one) => !one.text.startsWith('-')) : core[0];
  if (word?.literal !== true || !/\.(?:ba|z)?sh$/.test(word.text)) return null;
  const file = insideRepository(place.directory, word.text);
  const text = file === null ? null : await place.files.read(file);
  return file === null || text === null ? null : { from: file, statements: statementsOf(text, place) };
}

/** The program file in JavaScript that a command, or the one script that it runs, starts; null when it is no other. */
export async function programFile(statement: Statement, files: CommitFiles): Promise<string | null> {
  const core = coreOf(statement.words);
  if (!['node', 'tsx', 'ts-node', 'bun', 'jiti', 'zx', 'esno'].includes(programName(core[0]))) return null;
  const word = core.slice(1).find((one) => one.literal && /\.[cm]?[jt]s$/.test(one.text));
  const bare = word ?? core.slice(1).find((one) => one.literal && !one.text.startsWith('-'));
  if (bare === undefined || statement.directory === null) return null;
  const file = insideRepository(statement.directory, bare.text);
  if (file === null) return null;
  const found = ['', '.js', '.ts', '.mjs', '/index.js']
    .map((end) => file + end)
    .find((one) => files.has(one));
  return found ?? null;
}
