import semver from 'semver';
import type { Step } from '../../src/model/plan.ts';
import type { Evidence } from '../../src/model/source.ts';
import type { InstallRoot } from './install-root.ts';
import { MANAGERS } from './managers/index.ts';
import { type LockUse, MANAGER_NAMES, type ManagerName, toolStep, withRegistry } from './managers/manager.ts';
import { NO_SCRIPTS } from './packers.ts';
import type { ScriptRun } from './scripts.ts';

const INSTALL_NAMES = {
  frozen: 'install from the lockfile',
  kept: 'install, changing the lockfile where it has to be',
  ignored: 'install as of the publish time',
} as const satisfies Record<LockUse, string>;

/** Brings the dependencies in, running nothing of theirs: their install scripts come in the build phase, offline. */
export function installStep(options: { root: InstallRoot; lock: LockUse; version: string }): Step {
  const { root, lock, version } = options;
  const step = toolStep({
    name: INSTALL_NAMES[lock],
    phase: 'fetch',
    argv: MANAGERS[root.manager].install({ lock, version }),
    directory: root.directory,
    manager: root.manager,
  });
  return withRegistry(step);
}

/** Scripts that an install at the root of a repository runs there. */
const OWN_INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall'] as const;

/** Runs the install scripts of the dependencies and of the install root, as far as they work offline. */
export function installScriptSteps(
  root: InstallRoot,
  options: { readonly dependencies: boolean; readonly prepare: boolean },
): readonly Step[] {
  const { manager, directory } = root;
  const rebuild = options.dependencies ? MANAGERS[manager].rebuild() : null;
  const wanted = [...OWN_INSTALL_SCRIPTS, ...(options.prepare ? (['prepare'] as const) : [])];
  const own = wanted.filter((name) => root.manifest.scripts[name] !== undefined);
  const scripts = own.map((name) => ({
    ...scriptStep({ run: { script: name, args: [] }, directory, manager }),
    name: `${name} of the repository`,
    optional: true,
  }));
  if (rebuild === null) return scripts;
  const name = 'install scripts of the dependencies';
  return [toolStep({ name, phase: 'build', argv: rebuild, directory, optional: true, manager }), ...scripts];
}

/** Runs a script of the manifest in a folder of the repository. */
export function scriptStep(options: {
  readonly run: ScriptRun;
  readonly directory: string;
  readonly manager: ManagerName;
}): Step {
  const { run, directory, manager } = options;
  const argv = MANAGERS[manager].run(run.script, run.args);
  return toolStep({ name: run.script, phase: 'build', argv, directory, manager });
}

/** A step that is stopped after a minute, and may fail. */
export function forAWhile(step: Step): Step {
  return { ...step, argv: ['timeout', '--kill-after=5', '60', ...step.argv], optional: true };
}

/** Who runs the scripts of a step. Berry's commands are those of classic yarn. */
export function managerOf({ argv: [program] }: Step): ManagerName | null {
  return MANAGER_NAMES.find((name) => name === program) ?? null;
}

/**
 * Writes the version into the manifest of a folder, running nothing of the package's own: no `version` script, no tag,
 * and (npm 7 and later, in a workspace) no new install.
 */
export function versionStep(options: { directory: string; version: string; npm: string }): Step {
  const modern = semver.gte(options.npm, '7.0.0') ? ['--no-workspaces-update'] : [];
  const flags = ['--no-git-tag-version', '--allow-same-version', '--ignore-scripts', ...modern];
  return toolStep({
    name: 'set the version',
    phase: 'build',
    argv: ['npm', 'version', options.version, ...flags],
    directory: options.directory,
    env: NO_SCRIPTS,
  });
}

/** How dependencies are resolved, in words. */
export function installEvidence({ lockfile }: InstallRoot, lock: LockUse): readonly Evidence[] {
  const path = lockfile?.path ?? '';
  if (lock === 'frozen') return [{ kind: 'lockfile', detail: `${path} is followed exactly` }];
  const resolved = 'dependencies are resolved as of the publish time';
  const detail =
    lockfile === null
      ? `no lockfile: ${resolved}`
      : lock === 'kept'
        ? `${path} is followed as far as it fits the manifests; else ${resolved}`
        : `${path} is not followed: ${resolved}`;
  return [{ kind: 'resolution', detail }];
}
