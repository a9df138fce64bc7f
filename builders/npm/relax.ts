import type { Step } from '../../src/model/plan.ts';
import type { ManagerName } from './managers/manager.ts';
import { type GitPins, PINS_WORD, pinsWord } from './git/pins.ts';

/** The install commands that follow a lockfile to the letter, and those that do not. */
const LOOSER: Readonly<Record<string, string>> = {
  ci: 'install',
  '--frozen-lockfile': '--no-frozen-lockfile',
  '--immutable': '--no-immutable',
};

type Argv = Step['argv'];

/**
 * The steps of a plan with an install that leaves dependencies out: their names are taken out of the manifest for as
 * long as the install runs (see inside/registry.cjs). Null when no step installs.
 */
export function withoutDependencies(
  steps: readonly Step[],
  names: readonly string[],
): readonly Step[] | null {
  const all = [...new Set([...leftOutOf(steps), ...names])].toSorted();
  return changeInstall(steps, (argv) =>
    loosened(argv, { word: WITHOUT, text: `${WITHOUT}${all.join(',')}` }),
  );
}

/**
 * The steps of a plan with an install that takes what lies in git repositories from the registry proxy (see
 * inside/registry.cjs). Null when no step installs.
 */
export function withGitPackages(steps: readonly Step[], pins: GitPins): readonly Step[] | null {
  return changeInstall(steps, (argv) => loosened(argv, { word: PINS_WORD, text: pinsWord(pins) }));
}

/** An install that may change its lockfile, with one more word for inside/registry.cjs. */
function loosened(argv: readonly string[], added: AddedWord): readonly string[] {
  return withWord(
    argv.map((word) => LOOSER[word] ?? word),
    added,
  );
}

interface AddedWord {
  /** How the words begin in place of which it comes. */
  readonly word: string;
  readonly text: string;
}

function withWord(argv: readonly string[], added: AddedWord): readonly string[] {
  const words = argv.filter((word) => !word.startsWith(added.word));
  const at = words.findIndex((word) => word.endsWith('/registry.cjs')) + 2;
  return [...words.slice(0, at), added.text, ...words.slice(at)];
}

const WITHOUT = '--without=';

/** The dependencies that the install of a plan leaves out. */
export function leftOutOf(steps: readonly Step[]): readonly string[] {
  const words = steps.filter(({ phase }) => phase === 'fetch').flatMap(({ argv }) => argv);
  return words
    .filter((word) => word.startsWith(WITHOUT))
    .flatMap((word) => word.slice(WITHOUT.length).split(','));
}

/** The steps of a plan with an npm install that goes on over conflicts of peer dependencies; null for other managers. */
export function lenientInstall(steps: readonly Step[]): readonly Step[] | null {
  return changeInstall(steps, (argv) =>
    argv.includes('npm') && !argv.includes('--force') ? [...argv, '--force'] : null,
  );
}

/**
 * The steps of a plan with npm installs that do not look at peer dependencies, also those that its scripts start; null where there
 * is none to change.
 */
export function peerlessInstalls(steps: readonly Step[]): readonly Step[] | null {
  const isToChange = ({ phase, argv }: Step) =>
    phase === 'fetch' && argv.includes('npm') && argv.includes('install') && !argv.includes(NO_PEERS);
  if (!steps.some(isToChange)) return null;
  return steps.map((step) => {
    if (step.phase !== 'fetch') return { ...step, env: { ...step.env, npm_config_legacy_peer_deps: 'true' } };
    if (!isToChange(step)) return step;
    return {
      ...step,
      argv: [...step.argv.filter((word) => word !== '--force'), NO_PEERS] as unknown as Argv,
    };
  });
}

const NO_PEERS = '--legacy-peer-deps';

/** How berry is told not to hold packages against the checksums of its lockfile (yarnpkg.com, checksumBehavior). */
const UNCHECKED = { YARN_CHECKSUM_BEHAVIOR: 'ignore' } as const;

const STAND_INS = '--stand-ins';

/**
 * The steps of a plan with an install that takes what stands in for versions that are gone. Berry's installs, also those of a
 * build, are told not to check; the digests in other lockfiles are changed (see inside/registry.cjs). Null where no step installs
 * by a lockfile, or takes them already.
 */
export function withStandIns(steps: readonly Step[], manager: ManagerName): readonly Step[] | null {
  if (steps.some(acceptsStandIns)) return null;
  if (manager === 'berry') return steps.map((step) => ({ ...step, env: { ...step.env, ...UNCHECKED } }));
  return changeInstall(steps, (argv) =>
    argv.includes('--no-package-lock') || argv.includes('--no-lockfile')
      ? null
      : withWord(argv, { word: STAND_INS, text: STAND_INS }),
  );
}

/** Whether the registry proxy may serve stand-ins to a step. */
export function acceptsStandIns({ phase, env, argv }: Step): boolean {
  return (
    phase === 'fetch' &&
    (argv.includes(STAND_INS) || env['YARN_CHECKSUM_BEHAVIOR'] === UNCHECKED.YARN_CHECKSUM_BEHAVIOR)
  );
}

function changeInstall(
  steps: readonly Step[],
  change: (argv: readonly string[]) => readonly string[] | null,
): readonly Step[] | null {
  const index = steps.findIndex((step) => step.phase === 'fetch');
  const step = steps[index];
  const argv = step === undefined ? null : change(step.argv);
  if (step === undefined || argv === null || argv.length === 0) return null;
  return steps.with(index, { ...step, argv: argv as Argv });
}
