import semver from 'semver';
import type { Manager, ManagerName } from './manager.ts';

/** npm 5 and 6 write the manifest anew at every install, formatted their way, unless told to save nothing. */
const npm: Manager = {
  lockUses: ['frozen', 'kept', 'ignored'],
  install: ({ lock }) =>
    (
      ({
        frozen: ['npm', 'ci', '--ignore-scripts'],
        kept: ['npm', 'install', '--no-save', '--ignore-scripts'],
        ignored: ['npm', 'install', '--no-package-lock', '--no-save', '--ignore-scripts'],
      }) as const
    )[lock],
  rebuild: () => ['npm', 'rebuild', '--foreground-scripts'],
  run: (script, args) => ['npm', 'run', script, ...(args.length === 0 ? [] : ['--', ...args])],
};

const pnpm: Manager = {
  lockUses: ['frozen', 'kept', 'ignored'],
  install: ({ lock }) => [
    'pnpm',
    'install',
    ...{
      frozen: ['--frozen-lockfile'],
      kept: ['--no-frozen-lockfile'],
      ignored: ['--no-lockfile'],
    }[lock],
    '--ignore-scripts',
    '--reporter=append-only',
  ],
  rebuild: () => ['pnpm', 'rebuild'],
  run: (script, args) => ['pnpm', 'run', script, ...args],
};

const CLASSIC_QUIET = ['--ignore-scripts', '--ignore-engines', '--non-interactive', '--no-progress'] as const;

const yarn: Manager = {
  lockUses: ['frozen', 'kept', 'ignored'],
  install: ({ lock }) => [
    'yarn',
    'install',
    ...{ frozen: ['--frozen-lockfile'], kept: [], ignored: ['--no-lockfile'] }[lock],
    ...CLASSIC_QUIET,
  ],
  rebuild: () => ['npm', 'rebuild', '--foreground-scripts'],
  run: (script, args) => ['yarn', 'run', script, ...args],
};

const berry: Manager = {
  // It has no way to leave a lockfile aside.
  lockUses: ['frozen', 'kept'],
  install: ({ lock, version }) => [
    'yarn',
    'install',
    lock === 'frozen' ? '--immutable' : '--no-immutable',
    semver.major(version) >= 3 ? '--mode=skip-build' : '--skip-builds',
  ],
  rebuild: () => ['yarn', 'rebuild'],
  run: (script, args) => ['yarn', 'run', script, ...args],
};

const bun: Manager = {
  lockUses: ['frozen', 'kept'],
  install: ({ lock }) => [
    'bun',
    'install',
    ...(lock === 'frozen' ? ['--frozen-lockfile'] : []),
    '--ignore-scripts',
    '--no-progress',
  ],
  rebuild: () => null,
  run: (script, args) => ['bun', 'run', script, ...args],
};

/** Every package manager there is. */
export const MANAGERS = { npm, pnpm, yarn, berry, bun } as const satisfies Record<ManagerName, Manager>;
