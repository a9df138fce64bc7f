import { coreOf, managerCall, programName, type ManagerCall } from './calls.ts';
import type { Word } from './shell.ts';

/** What a command of a release is there for. */
export type CommandRole =
  /** Brings dependencies or tools in. */
  | 'install'
  /** Checks, and makes nothing that is published. */
  | 'check'
  /** Speaks to people, to git or to a service. */
  | 'aside'
  /** Writes a new version; the commit that is rebuilt has it. */
  | 'version'
  /** Makes an archive. */
  | 'pack'
  /** All else may make files. */
  | 'build';

/** Scripts that check and do not make: their result is not in the package, and offline they often fail. */
const CHECKS =
  /^(?:pre|post)?(?:tests?|lint|checks?|coverage|cover|cov|format|fmt|prettier|eslint|docs?|docs-?\w+|size|audit|verify|validate|bench|benchmarks?|type-?checks?|tsc:check|knip|publint|attw|spell\w*|e2e|unit|integration|site|website|demo|examples?|storybook)(?:[:_-].*)?$/;
const CHECKS_AT_END = /[:_-](?:tests?|lint|check|coverage|type-?check|e2e|docs|site|website|demo|storybook)$/;

/** Whether a script of this name, or a file that is run, checks or describes instead of making what is published. */
function isCheckName(name: string): boolean {
  return name.length <= 128 && (CHECKS.test(name) || CHECKS_AT_END.test(name));
}

/** Whether a script of this name has no part in a rebuild. */
export function isLeftOut(name: string): boolean {
  return isCheckName(name) || isVersionName(name);
}

/** Scripts that write a version and commit it. */
function isVersionName(name: string): boolean {
  return /^(?:version|version-packages|changeset[:-]version)$|(?:^|[:_-])(?:bump|commit|tag|changelog)(?:$|[:_-])/.test(
    name.slice(0, 128),
  );
}

const CHECKERS: ReadonlySet<string> = new Set(
  (
    'eslint prettier jest vitest mocha ava tap nyc c8 xo biome oxlint publint attw size-limit knip markdownlint ' +
    'commitlint codecov coveralls playwright cypress bundlewatch dtslint tsd uvu borp standard is-ci check-export-map ' +
    'manypkg sherif syncpack stylelint cspell lychee license-checker better-npm-audit dependency-cruiser are-the-types-wrong karma'
  ).split(' '),
);

const ASIDES: ReadonlySet<string> = new Set(
  (
    'git gh hub echo printf curl wget set cat ls pwd which type sleep exit true false test [ [[ : source . eval read ' +
    'return wait kill trap local declare let shift unset jq yq grep awk head tail wc sort uniq find xargs tee date ' +
    'apt apt-get brew choco docker docker-compose ssh scp gpg aws gcloud az op pip pip3 pipx husky lefthook ' +
    'simple-git-hooks changelogithub conventional-github-releaser gh-pages gh-release sentry-cli is-ci whoami id ' +
    'uname env hash ulimit free df du tree diff cmp less more jsr pkg-pr-new ovsx vsce nvm n fnm volta rustup cargo ' +
    'codeql actionlint zizmor safe-publish-latest not-in-publish in-publish in-install not-in-install'
  ).split(' '),
);

const VERSIONERS: ReadonlySet<string> = new Set(
  'standard-version commit-and-tag-version bumpp conventional-changelog auto-changelog changelogen release-please git-cliff versionist'.split(
    ' ',
  ),
);

function verbs(role: CommandRole, names: string): readonly (readonly [string, CommandRole])[] {
  return names.split(' ').map((name) => [name, role] as const);
}

/** What package managers do themselves. */
const VERB_ROLES: ReadonlyMap<string, CommandRole> = new Map([
  ...verbs(
    'install',
    'ci install i in ins clean-install install-clean ic add rebuild rb focus bootstrap workspaces plugin',
  ),
  ...verbs('check', 'test t tst it cit'),
  ...verbs('version', 'version'),
  ...verbs(
    'aside',
    'whoami config set get login adduser logout token dist-tag dist-tags tag view info show v search owner access ' +
      'cache audit outdated ls list ll why explain doctor ping star team org bin root prefix help fund deprecate ' +
      'unpublish diff sbom query setup store',
  ),
]);
const RUN_VERBS: ReadonlySet<string> = new Set(['run', 'run-script', 'rum', 'urn']);

/** What a command is there for, by its words alone. */
export function roleOf(words: readonly Word[]): CommandRole {
  const core = coreOf(words);
  const program = programName(core[0]);
  const [started = '', ...rest] = core.map((word) => word.text);
  if (program === '') return core[0]?.literal === false ? 'build' : 'aside';
  if (rest.length === 1 && /^(?:-v|-V|--version|--help)$/.test(rest[0] ?? '')) return 'aside';
  const call = managerCall(core);
  if (call !== null) return managerRole(call);
  if (program === 'corepack' || program === 'ni' || program === 'nci') return 'install';
  if (CHECKERS.has(program) || (program === 'tsc' && rest.includes('--noEmit'))) return 'check';
  if (ASIDES.has(program)) return 'aside';
  if (VERSIONERS.has(program)) return 'version';
  return /^[^@].*\//.test(started) ? fileRole(started) : toolRole(program, rest);
}

/** Programs that run what their arguments name. */
const STARTERS: ReadonlySet<string> = new Set(
  'node tsx ts-node bash sh zsh zx jiti deno python python3'.split(' '),
);
const TASK_RUNNERS: ReadonlySet<string> = new Set(
  'nr turbo nx make just run-s run-p npm-run-all wireit'.split(' '),
);

/** Tools that have more than one use: the words after them tell which. */
function toolRole(program: string, rest: readonly string[]): CommandRole {
  const names = rest.filter((word) => !word.startsWith('-'));
  const verb = names[0] ?? '';
  if (program === 'changeset' || program === '@changesets/cli')
    return verb === 'status' ? 'check' : 'version';
  if (program === 'lerna' || program === '@lerna-lite/cli') return lernaRole(verb, names[1] ?? '');
  if (program === 'nx' && verb === 'release') return 'version';
  if (TASK_RUNNERS.has(program)) {
    const tasks = names.filter((name) => name !== 'run' && name !== 'run-many');
    if (tasks.length > 0 && tasks.every(isLeftOut)) return tasks.every(isCheckName) ? 'check' : 'version';
    return 'build';
  }
  if (!STARTERS.has(program)) return 'build';
  return rest.includes('--test') ? 'check' : fileRole(verb);
}

function lernaRole(verb: string, script: string): CommandRole {
  if (verb === 'bootstrap' || verb === 'link') return 'install';
  if (verb === 'version' || verb === 'changed' || verb === 'diff') return 'version';
  return verb === 'run' && isCheckName(script) ? 'check' : 'build';
}

/** What a file is there for that is run: one of a test, or one that checks, announces, tags or writes a version. */
function fileRole(file: string): CommandRole {
  const parts = file.slice(-512).split('/');
  const base = spacedName(parts.pop() ?? '');
  if (parts.some((part) => part === 'test' || part === 'tests' || part === '__tests__')) return 'check';
  if (/^(?:(?:write|set|bump|sync|update|get)-)?versions?$/.test(base)) return 'version';
  const says =
    /(?:^|[-_.])(?:check|verify|validate|assert|notify|announce|changelog|tag|tags|release-?notes?)(?:$|[-_.])/;
  return isCheckName(base) || says.test(base) ? 'check' : 'build';
}

/** `writeVersion.js` as `write-version`, `getNPMTag.js` as `get-npm-tag`. */
function spacedName(fileName: string): string {
  return fileName
    .replace(/\.\w{1,5}$/, '')
    .replaceAll(/([a-z])([A-Z])|([A-Z])([A-Z][a-z])/g, '$1$3-$2$4')
    .toLowerCase();
}

function managerRole(call: ManagerCall): CommandRole {
  const { verb, manager, options, operands } = call;
  // `yarn` alone installs; so does `yarn --immutable`. A verb that expands says nothing.
  if (verb === null) return manager === 'yarn' && operands.length === 0 ? 'install' : 'aside';
  if (verb === 'pack') return options.has('--dry-run') ? 'aside' : 'pack';
  if (verb === 'pkg') return operands[0]?.text === 'get' ? 'aside' : 'build';
  const known = VERB_ROLES.get(verb);
  if (known !== undefined) return known;
  return scriptRole(RUN_VERBS.has(verb) ? (operands[0]?.text ?? '') : verb);
}

/** Of a script, or of a program of the project that is run like one. */
function scriptRole(name: string): CommandRole {
  if (CHECKERS.has(name) || isCheckName(name)) return 'check';
  if (isVersionName(name)) return 'version';
  return name === '' || ASIDES.has(name) || VERSIONERS.has(name) ? 'aside' : 'build';
}
