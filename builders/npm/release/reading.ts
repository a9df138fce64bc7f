import type { Evidence } from '../../../src/model/source.ts';
import { actionStatements } from './action-commands.ts';
import { type Act, actsOf, type LabelledAct } from './acts.ts';
import { coreOf, managerCall, programName } from './calls.ts';
import { buildsOfCheck } from './check-builds.ts';
import { excludeEachOther } from './conditions.ts';
import type { PlacedJob } from './jobs.ts';
import { type Publishing, publishingOf, type Reader } from './publishing.ts';
import type { Command, ManagerName, PackageManager } from './recipe.ts';
import { roleOf } from './roles.ts';
import { type Statement, statementsOf, writesFile } from './statements.ts';

/** What the steps of a job have set up and run, up to some point. */
export interface Progress {
  readonly node: string | null;
  readonly manager: PackageManager | null;
  /** The one that was set up when dependencies were installed first. */
  readonly installer: PackageManager | null;
  readonly npmVersion: string | null;
  readonly registry: string | null;
  readonly install: readonly Command[];
  readonly build: readonly Command[];
  /** Who made the last archive in a step of its own (`npm pack`). */
  readonly packed: Statement | null;
  readonly notes: readonly Evidence[];
}

export const NOTHING: Progress = {
  node: null,
  manager: null,
  installer: null,
  npmVersion: null,
  registry: null,
  install: [],
  build: [],
  packed: null,
  notes: [],
};

/** One publishing command of one job. */
export interface PublishSite {
  readonly publishing: Publishing;
  /** What the job has done before; the scripts that lead to the command included. */
  readonly progress: Progress;
  readonly label: string | null;
  readonly condition: string | null;
  /** Null when no workflow publishes. */
  readonly job: PlacedJob | null;
}

export interface JobReading {
  readonly job: PlacedJob;
  readonly sites: readonly PublishSite[];
  /** After its last step. */
  readonly end: Progress;
  /** Names of artifacts that it hands to other jobs or takes from them; `` for all. */
  readonly uploads: readonly string[];
  readonly downloads: readonly string[];
  /** Keys, as they are written, of caches, through which jobs hand each other folders as well. */
  readonly caches: readonly string[];
}

/** The most publishing commands of one job that are weighed. */
const MOST_SITES = 20;

/** One thing that a step does, in order. */
interface Event {
  readonly condition: string | null;
  readonly done: Act | Statement;
}

/** Follows the steps of a job, and stops at nothing: what is not understood is said. */
export async function readJob(job: PlacedJob, reader: Reader): Promise<JobReading> {
  const events: Event[] = [];
  const sites: PublishSite[] = [];
  const acts = await actsOf(job, reader.files);
  for (const { act, label, condition } of acts) {
    events.push({ condition, done: act });
    for (const statement of statementsIn(act, reader)) {
      const publishing = sites.length < MOST_SITES ? await publishingOf(statement, reader) : null;
      if (publishing === null) {
        const done = [...(await buildsOfCheck(statement, reader.files)), statement];
        events.push(...done.map((one) => ({ condition, done: one })));
        continue;
      }
      const progress = publishing.before.reduce(withStatement, progressOf(events, condition));
      sites.push({ publishing, progress, label, condition, job });
    }
  }
  return {
    job,
    sites,
    end: progressOf(events, null),
    uploads: artifacts(acts, 'upload'),
    downloads: artifacts(acts, 'download'),
    caches: acts.flatMap(({ act }) => (act.kind === 'action' && act.cacheKey !== null ? [act.cacheKey] : [])),
  };
}

/** What was done when a step under this condition comes: nothing of steps that exclude it. */
function progressOf(events: readonly Event[], condition: string | null): Progress {
  return events
    .filter((event) => !excludeEachOther(event.condition, condition))
    .reduce<Progress>(
      (progress, { done }) => ('kind' in done ? withAct(progress, done) : withStatement(progress, done)),
      NOTHING,
    );
}

function statementsIn(act: Act, { budget }: Reader): readonly Statement[] {
  if (act.kind === 'script') {
    budget.characters -= act.script.length;
    return budget.characters < 0 ? [] : statementsOf(act.script, act);
  }
  return act.kind === 'action' ? actionStatements(act) : [];
}

function artifacts(acts: readonly LabelledAct[], which: 'upload' | 'download'): readonly string[] {
  return acts.flatMap(({ act }) =>
    act.kind === 'action' && act.name.endsWith(`/${which}-artifact`) ? [act.inputs.get('name') ?? ''] : [],
  );
}

function withAct(progress: Progress, act: Act): Progress {
  if (act.kind === 'node') return { ...progress, node: act.version };
  if (act.kind === 'registry') return { ...progress, registry: act.url };
  if (act.kind === 'manager') return { ...progress, manager: { name: act.name, version: act.version } };
  return progress;
}

/** More belong to no release. */
const MOST_COMMANDS = 100;

/** Files one command of a release under what it is there for. */
export function withStatement(progress: Progress, statement: Statement): Progress {
  const role = writesFile(statement) ? 'build' : roleOf(statement.words);
  if (role === 'check' || role === 'aside' || role === 'version') return progress;
  if (role === 'pack') return { ...progress, packed: statement };
  if (progress.install.length + progress.build.length + progress.notes.length >= MOST_COMMANDS)
    return progress;
  const { command } = statement;
  if (command === null) return { ...progress, notes: [...progress.notes, notUnderstood(statement)] };
  if (role === 'build') return { ...progress, build: withCommand(progress.build, command) };
  const tools = globalTools(statement);
  const next = tools.reduce(withTool, progress);
  // Package managers are the toolchain's to bring, by the versions that are noted here.
  const isToolchain = isCorepack(statement) || (tools.length > 0 && tools.every(([name]) => isManager(name)));
  if (isToolchain) return next;
  return { ...next, installer: next.installer ?? next.manager, install: withCommand(next.install, command) };
}

/** The same command twice in a row of the same place makes nothing new. */
function withCommand(commands: readonly Command[], command: Command): readonly Command[] {
  const same = (other: Command) =>
    other.directory === command.directory && JSON.stringify(other.argv) === JSON.stringify(command.argv);
  return commands.some(same) ? commands : [...commands, command];
}

function notUnderstood({ words, problem }: Statement): Evidence {
  const text = words.map((word) => word.text).join(' ');
  return {
    kind: 'release-not-understood',
    detail: `${JSON.stringify(text.slice(0, 120))} is left out: ${problem ?? ''}`,
  };
}

type Tool = readonly [name: string, version: string | null];

/** `npm i -g npm@11`, `corepack prepare pnpm@9 --activate`. */
function globalTools({ words }: Statement): readonly Tool[] {
  const core = coreOf(words);
  const call = managerCall(core);
  const isGlobal =
    call?.options.has('-g') === true ||
    call?.options.has('--global') === true ||
    call?.options.has('--location=global') === true;
  const operands = isCorepack({ words }) ? core.slice(2) : isGlobal ? (call?.operands ?? []) : [];
  return operands.map(({ text }): Tool => {
    const [, name = text, version = null] = /^(.[^@]*)@(.{1,64})$/.exec(text) ?? [];
    return [name, version];
  });
}

function isCorepack({ words }: Pick<Statement, 'words'>): boolean {
  return programName(coreOf(words)[0]) === 'corepack';
}

function isManager(name: string): name is ManagerName {
  return name === 'npm' || name === 'pnpm' || name === 'yarn' || name === 'bun';
}

function withTool(progress: Progress, [name, version]: Tool): Progress {
  if (name === 'npm') return { ...progress, npmVersion: version ?? 'latest' };
  return isManager(name) ? { ...progress, manager: { name, version } } : progress;
}
