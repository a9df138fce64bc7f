import { coreOf, managerCall, programName, type ManagerCall } from './calls.ts';
import type { Packer } from './recipe.ts';
import type { Word } from './shell.ts';

/** A command that publishes, before it is known where it stands. */
export interface Publication {
  readonly tool: string;
  /** `repository`: the package manager of the repository packs. Null: not known. */
  readonly packer: Packer | 'repository' | null;
  /** The folder or archive that the command names; null for its own folder. */
  readonly target: string | null;
  /** Whether it names one by a variable or pattern, which is not known. */
  readonly targetExpands: boolean;
  readonly filters: readonly string[];
  /** For every package of the repository that has a new version. */
  readonly recursive: boolean;
  readonly tag: string | null;
  readonly registry: string | null;
  readonly scripts: boolean;
}

const PLAIN = {
  target: null,
  targetExpands: false,
  filters: [],
  recursive: false,
  tag: null,
  registry: null,
  scripts: true,
} as const satisfies Partial<Publication>;

/** Tools that publish whatever they are told besides: who packs, and whether they go through a whole workspace. */
const TOOLS: ReadonlyMap<string, Pick<Publication, 'packer' | 'recursive'>> = new Map([
  ['semantic-release', { packer: 'npm', recursive: false }],
  ['multi-semantic-release', { packer: 'npm', recursive: true }],
  ['@qiwi/multi-semantic-release', { packer: 'npm', recursive: true }],
  ['release-it', { packer: 'npm', recursive: false }],
  ['np', { packer: 'repository', recursive: false }],
  ['pubm', { packer: 'repository', recursive: false }],
  ['publish-please', { packer: 'npm', recursive: false }],
  ['clean-publish', { packer: 'npm', recursive: false }],
]);

/** Tools that publish when they are given one of these words. */
const TOOLS_WITH_VERB: ReadonlyMap<
  string,
  Pick<Publication, 'packer'> & { readonly verbs: readonly string[] }
> = new Map([
  ['changeset', { packer: 'repository', verbs: ['publish'] }],
  ['@changesets/cli', { packer: 'repository', verbs: ['publish'] }],
  ['lerna', { packer: 'lerna', verbs: ['publish'] }],
  ['@lerna-lite/cli', { packer: 'lerna', verbs: ['publish'] }],
  ['nx', { packer: 'repository', verbs: ['release', 'publish'] }],
  ['auto', { packer: 'npm', verbs: ['shipit'] }],
  ['beachball', { packer: 'npm', verbs: ['publish'] }],
  ['rush', { packer: 'repository', verbs: ['publish'] }],
  ['shipjs', { packer: 'repository', verbs: ['trigger'] }],
]);

/** What publishing a command does by its own words; null when it does none that is known. */
export function publicationOf(words: readonly Word[]): Publication | null {
  const whole = managerCall(words);
  const direct = whole === null ? null : byManager(whole);
  return direct ?? byTool(words);
}

function byManager(call: ManagerCall): Publication | null {
  // `npm stage publish` leaves the last word to a person; `yarn npm publish` is the one of yarn from version 2 on.
  const isNested = call.operands[0]?.text === 'publish' && (call.verb === 'stage' || call.verb === 'npm');
  if (call.verb !== 'publish' && !isNested) return null;
  if (isDry(call.options)) return null;
  const target = call.operands[isNested ? 1 : 0];
  return {
    tool: call.manager,
    packer: call.manager,
    target: target?.literal === true ? target.text : null,
    targetExpands: target?.literal === false,
    filters: call.filters,
    recursive: call.recursive,
    tag: call.tag,
    registry: call.registry,
    scripts: !call.options.has('--ignore-scripts'),
  };
}

/** Through a runner (`npx np`), as a program of the project (`yarn np`, `pnpm changeset publish`), or as it stands. */
function byTool(words: readonly Word[]): Publication | null {
  const core = coreOf(words);
  const call = managerCall(core);
  const started = call === null ? core : core.slice(1).filter((_, index, all) => !leadingOption(all, index));
  const tool = programName(started[0]);
  const rest = started.slice(1).map((word) => word.text);
  if (isDry(new Set(rest))) return null;
  const tag = after(rest, ['--tag', '--dist-tag', '--preid']);
  const always = TOOLS.get(tool);
  if (
    always !== undefined &&
    !rest.some((word) => /^--(?:no-npm|no-publish|npm\.publish=false|without-publish)/.test(word))
  )
    return { ...PLAIN, ...always, tool, tag };
  const verbs = TOOLS_WITH_VERB.get(tool);
  const verb = rest.find((word) => !word.startsWith('-'));
  if (verbs === undefined || verb === undefined || !verbs.verbs.includes(verb)) return null;
  const second = rest.filter((word) => !word.startsWith('-'))[1];
  if (tool === 'nx' && (rest.includes('--skip-publish') || second === 'version' || second === 'changelog'))
    return null;
  return { ...PLAIN, packer: verbs.packer, recursive: true, tool, tag };
}

function leadingOption(words: readonly Word[], index: number): boolean {
  return words.slice(0, index + 1).every((word) => word.text.startsWith('-') || word.text === 'run');
}

function after(words: readonly string[], names: readonly string[]): string | null {
  for (const [index, word] of words.entries()) {
    if (names.includes(word)) return words[index + 1] ?? null;
    const attached = names.find((name) => word.startsWith(`${name}=`));
    if (attached !== undefined) return word.slice(attached.length + 1);
  }
  return null;
}

function isDry(options: ReadonlySet<string>): boolean {
  return ['--dry-run', '--dry-run=true', '--dry', '-n'].some((one) => options.has(one));
}

/** Programs whose `publish` goes to another place than the npm registry. */
const ELSEWHERE =
  /^(?:jsr|deno|pkg-pr-new|ovsx|vsce|@vscode\/vsce|cargo|docker|gh-pages|wrangler|verdaccio|yalc|dotnet|mvn|gradle|poetry|twine|uv|gem|flutter|dart|web-ext|expo|eas|vercel|netlify)$/;

/**
 * Whether a command looks like publishing although nothing says what it does: a script of such a name, or a program of
 * the repository that is given the word.
 */
export function looksLikePublishing(words: readonly Word[]): boolean {
  const core = coreOf(words);
  const call = managerCall(core);
  const texts = core.filter((word) => word.literal).map((word) => word.text);
  if (isDry(new Set(texts)) || texts.some((text) => ELSEWHERE.test(text))) return false;
  if (call === null) {
    const program = programName(core[0]);
    if (!/^(?:make|just|nr|turbo|node|tsx|ts-node|bash|sh|zx|jiti|bun|\w[\w-]{0,40}\.sh)$/.test(program))
      return false;
    return texts.slice(1).some(isPublishName) || isPublishName(program);
  }
  const names = call.operands.map((word) => word.text);
  if (call.verb === 'run' || call.verb === 'run-script') return isPublishName(names[0] ?? '');
  if (call.manager === 'npm' || call.verb === null) return false;
  const isOther = /^(?:version|changelog|plan|status|check)/.test(names[0] ?? '');
  return names[0] === 'publish' || (isPublishName(call.verb) && !isOther);
}

/** Names of scripts and files that publish; not those that prepare, describe or try it. */
export function isPublishName(name: string): boolean {
  if (name.length > 128) return false;
  const base = name
    .slice(name.lastIndexOf('/') + 1)
    .replace(/\.\w{1,4}$/, '')
    .replaceAll(/([a-z])([A-Z])/g, '$1-$2')
    .toLowerCase();
  return (
    /(?:^|[:_-])(?:publish|release|deploy-npm)(?:$|[:_-])/.test(base) &&
    !/(?:^|[:_-])(?:docs?|site|pages|jsr|demo|dry|pr|canary|nightly|notes?|changelog|changelogs|version|generate|prepare|create|check|verify|test|info|draft|branch|gh|github|docker|local|snapshot|preview|pre|post|log|tag|tags|tool|tools|plan|it|please)(?:$|[:_-])/.test(
      base,
    )
  );
}
