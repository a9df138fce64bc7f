import type { Phase, Step } from '../../../src/model/plan.ts';
import { LAYOUT } from '../../../src/sandbox/engine.ts';
import { FORWARDER_TARGET, REGISTRY_URL } from '../../../src/sandbox/layout.ts';
import { INSIDE_TARGET } from '../inside.ts';

/** Who installs and runs scripts. `yarn` is classic below version 2 and berry from there on. */
export const MANAGER_NAMES = ['npm', 'pnpm', 'yarn', 'berry', 'bun'] as const;
export type ManagerName = (typeof MANAGER_NAMES)[number];

/** The role in which a toolchain holds a manager: both yarns have the same. */
export function toolRoleOf<M extends ManagerName>(manager: M): Exclude<M, 'berry'> | 'yarn' {
  return manager === 'berry' ? 'yarn' : (manager as Exclude<M, 'berry'>);
}

/**
 * How a lockfile is used: `frozen` exactly as it is; `kept` as far as it still fits the manifests; `ignored`, which
 * resolves everything as of the publish time (and is the way without any lockfile).
 */
export type LockUse = 'frozen' | 'kept' | 'ignored';

/** A package manager, as far as plans need it. */
export interface Manager {
  /** The ways to use a lockfile that it has, most exact first. */
  readonly lockUses: readonly LockUse[];
  /** Brings the dependencies in, running nothing of theirs. */
  install(options: { readonly lock: LockUse; readonly version: string }): readonly [string, ...string[]];
  /** Runs the install scripts of the dependencies, offline; null when there is no such command. */
  rebuild(): readonly [string, ...string[]] | null;
  /** Runs a script of the manifest in the current folder. */
  run(script: string, args: readonly string[]): readonly [string, ...string[]];
}

/**
 * What every tool of a plan is told. By environment, which outranks the files of a repository: those can name a
 * registry, and a token for it, that only its owner reaches.
 */
const ENVIRONMENT = {
  PATH: `${LAYOUT.tools}/shims:${LAYOUT.tools}/node/bin:/usr/local/bin:/usr/bin:/bin`,
  CI: 'true',
  // By these files the steps of a workflow hand values on, and stop where there are none.
  GITHUB_ENV: '/dev/null',
  GITHUB_OUTPUT: '/dev/null',
  GITHUB_STEP_SUMMARY: '/dev/null',
  npm_config_registry: REGISTRY_URL,
  npm_config_replace_registry_host: 'always',
  npm_config_cache: `${LAYOUT.home}/.npm`,
  npm_config_update_notifier: 'false',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  // The registry view has tried already; what it cannot give does not come by asking again.
  npm_config_fetch_retries: '0',
  npm_config_progress: 'false',
  npm_config_loglevel: 'warn',
  // Where node-gyp finds the headers, since it cannot download them.
  npm_config_nodedir: `${LAYOUT.tools}/node`,
} as const;

/** For the tools of a repository that is not plain npm: no daemons, no telemetry, no other version of themselves. */
const OTHERS_ENVIRONMENT = {
  npm_config_manage_package_manager_versions: 'false',
  npm_config_package_manager_strict: 'false',
  npm_config_verify_deps_before_run: 'false',
  pnpm_config_registry: REGISTRY_URL,
  pnpm_config_verify_deps_before_run: 'false',
  pnpm_config_pm_on_fail: 'ignore',
  // They ask how old a version is today; the registry is shown as it was, and knows nothing of later.
  pnpm_config_minimum_release_age: '0',
  pnpm_config_trust_policy: 'off',
  YARN_NPM_REGISTRY_SERVER: REGISTRY_URL.replace(/\/$/, ''),
  YARN_UNSAFE_HTTP_WHITELIST: '127.0.0.1',
  YARN_ENABLE_TELEMETRY: 'false',
  BUN_CONFIG_REGISTRY: REGISTRY_URL,
} as const;

/** Without them, task runners leave daemons behind or ask for a service. */
const RUNNERS_ENVIRONMENT = {
  NX_DAEMON: 'false',
  NX_NO_CLOUD: 'true',
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
} as const;

/** Every variable that a step may have been given only for being a step of this ecosystem. */
export const STANDARD_ENVIRONMENT: Readonly<Record<string, string>> = {
  ...ENVIRONMENT,
  ...OTHERS_ENVIRONMENT,
  ...RUNNERS_ENVIRONMENT,
};

/** A command of a plan, in a folder of the repository. */
export function toolStep(options: {
  readonly name: string;
  readonly phase: Phase;
  readonly argv: readonly [string, ...string[]];
  readonly directory: string;
  readonly optional?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly manager?: ManagerName;
}): Step {
  const { phase, argv, directory, manager = 'npm' } = options;
  const name = nameOfOneLine(options.name);
  const others = manager === 'npm' ? {} : { ...OTHERS_ENVIRONMENT, ...RUNNERS_ENVIRONMENT };
  const env = { ...ENVIRONMENT, ...others, ...options.env };
  return { name, phase, argv, cwd: inSource(directory), env, optional: options.optional ?? false };
}

/** A step that finds the programs of what is installed in some folders of the repository, the first folder first. */
export function withPrograms(step: Step, directories: readonly string[]): Step {
  const bins = directories.map((directory) => `${inSource(directory)}/node_modules/.bin`);
  return { ...step, env: { ...step.env, PATH: [...bins, step.env['PATH']].join(':') } };
}

/** What plans from outside may hold as a name; a command of a script that stands for one may be a program of many lines. */
const LONGEST_NAME = 200;

function nameOfOneLine(name: string): string {
  return name
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, LONGEST_NAME);
}

/** The same command with the registry proxy in reach, and lockfiles that lead there. */
export function withRegistry(step: Step): Step {
  const inside = ['node', `${INSIDE_TARGET}/registry.cjs`, REGISTRY_URL] as const;
  return { ...step, argv: ['node', FORWARDER_TARGET, ...inside, ...step.argv] };
}

/** A folder of the repository, inside the sandbox. */
export function inSource(directory: string): string {
  return directory === '.' ? LAYOUT.source : `${LAYOUT.source}/${directory}`;
}
