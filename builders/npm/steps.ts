import semver from 'semver';
import type { Phase, Step } from '../../src/model/plan.ts';
import { LAYOUT } from '../../src/sandbox/engine.ts';
import { FORWARDER_TARGET, REGISTRY_URL } from '../../src/sandbox/layout.ts';
import type { InstallRoot } from './install-root.ts';
import type { ScriptRun } from './scripts.ts';

/**
 * What every npm of a plan is told. By environment, which outranks the .npmrc of a repository: that file can name a
 * registry, and a token for it, that only its owner reaches.
 */
export const NPM_ENVIRONMENT = {
  PATH: `${LAYOUT.tools}/shims:${LAYOUT.tools}/node/bin:/usr/local/bin:/usr/bin:/bin`,
  CI: 'true',
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
} as const;

/** Makes every lifecycle script a program that succeeds: `--ignore-scripts` alone still runs `prepare` in npm 7 to 10. */
const NO_SCRIPTS = { npm_config_ignore_scripts: 'true', npm_config_script_shell: '/usr/bin/true' } as const;

function npmStep(options: {
  name: string;
  phase: Phase;
  args: readonly string[];
  directory: string;
  optional?: boolean;
  env?: Readonly<Record<string, string>>;
}): Step {
  return {
    name: options.name,
    phase: options.phase,
    argv: ['npm', ...options.args],
    cwd: inSource(options.directory),
    env: { ...NPM_ENVIRONMENT, ...options.env },
    optional: options.optional ?? false,
  };
}

/** Brings the dependencies in, running nothing of theirs: their install scripts come in the build phase, offline. */
export function installStep(options: { root: InstallRoot; locked: boolean }): Step {
  const command = options.locked ? ['ci'] : ['install', '--no-package-lock'];
  const step = npmStep({
    name: options.locked ? 'install from the lockfile' : 'install as of the publish time',
    phase: 'fetch',
    args: [...command, '--ignore-scripts'],
    directory: options.root.directory,
  });
  return { ...step, argv: ['node', FORWARDER_TARGET, ...step.argv] };
}

/** Runs the install scripts of the dependencies and of the install root, as far as they work offline. */
export function installScriptSteps(root: InstallRoot, options: { dependencies: boolean }): readonly Step[] {
  const own = ['preinstall', 'install', 'postinstall'].filter(
    (name) => root.manifest.scripts[name] !== undefined,
  );
  const rebuild = npmStep({
    name: 'install scripts of the dependencies',
    phase: 'build',
    args: ['rebuild', '--foreground-scripts'],
    directory: root.directory,
    optional: true,
  });
  const scripts = own.map((name) =>
    npmStep({
      name: `${name} of the repository`,
      phase: 'build',
      args: ['run', name],
      directory: root.directory,
      optional: true,
    }),
  );
  return [...(options.dependencies ? [rebuild] : []), ...scripts];
}

/** `npm run <script>` in a folder of the repository. */
export function scriptStep(run: ScriptRun, directory: string): Step {
  const args = run.args.length === 0 ? ['run', run.script] : ['run', run.script, '--', ...run.args];
  return npmStep({ name: run.script, phase: 'build', args, directory });
}

/**
 * Writes the version into the manifest of a folder, running nothing of the package's own: no `version` script, no tag,
 * and (npm 7 and later, in a workspace) no new install.
 */
export function versionStep(options: { directory: string; version: string; npm: string }): Step {
  const modern = semver.gte(options.npm, '7.0.0') ? ['--no-workspaces-update'] : [];
  const flags = ['--no-git-tag-version', '--allow-same-version', '--ignore-scripts', ...modern];
  return npmStep({
    name: 'set the version',
    phase: 'build',
    args: ['version', options.version, ...flags],
    directory: options.directory,
    env: NO_SCRIPTS,
  });
}

/** `npm pack` of a folder into the output folder, with or without the package's own lifecycle scripts. */
export function packStep(options: { directory: string; npm: string; scripts: boolean }): Step {
  const quiet = options.scripts ? [] : ['--ignore-scripts'];
  const env = options.scripts ? {} : NO_SCRIPTS;
  if (semver.gte(options.npm, '8.0.0')) {
    const args = ['pack', `--pack-destination=${LAYOUT.output}`, ...quiet];
    return npmStep({ name: 'pack', phase: 'pack', args, directory: options.directory, env });
  }
  const step = npmStep({
    name: 'pack',
    phase: 'pack',
    args: ['pack', inSource(options.directory), ...quiet],
    directory: '.',
    env,
  });
  return { ...step, cwd: LAYOUT.output };
}

function inSource(directory: string): string {
  return directory === '.' ? LAYOUT.source : `${LAYOUT.source}/${directory}`;
}
