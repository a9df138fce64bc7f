import { basename } from 'node:path/posix';
import semver from 'semver';
import type { PlanRequest } from '../../src/ecosystem.ts';
import type { RebuildPlan, Step } from '../../src/model/plan.ts';
import { LAYOUT } from '../../src/sandbox/engine.ts';
import { documentsOfCommit } from './documents.ts';
import { INSIDE_TARGET } from './inside.ts';
import { join } from './install-root.ts';
import { inSource, MANAGER_NAMES, type ManagerName, toolStep } from './managers/manager.ts';

/** Makes every lifecycle script a program that succeeds: `--ignore-scripts` alone still runs `prepare` in npm 7 to 10. */
export const NO_SCRIPTS = {
  npm_config_ignore_scripts: 'true',
  npm_config_script_shell: '/usr/bin/true',
} as const;

/** Any name will do: the output folder holds one file. */
const OUTPUT_FILE = `${LAYOUT.output}/package.tgz`;

interface PackOptions {
  /** Directory of the repository that is packed. */
  readonly directory: string;
  /** Tools of the plan by role. */
  readonly versions: Readonly<Record<string, string>>;
  /** Whether packing runs the package's own lifecycle scripts. */
  readonly scripts: boolean;
}

type Command = Pick<Step, 'argv'> & { readonly cwd?: string };

/** How each package manager packs a folder into the output folder. */
const COMMANDS = {
  npm: ({ directory, versions, scripts }) => {
    const quiet = scripts ? [] : ['--ignore-scripts'];
    const [program, subject] = ['npm', inSource(directory)];
    return semver.gte(versions['npm'] ?? '0.0.0', '8.0.0')
      ? { argv: [program, 'pack', `--pack-destination=${LAYOUT.output}`, ...quiet] }
      : { argv: [program, 'pack', subject, ...quiet], cwd: LAYOUT.output };
  },
  pnpm: ({ scripts }) => ({
    argv: [
      'pnpm',
      // `pack` itself does not know the option.
      ...(scripts ? [] : ['--config.ignore-scripts=true']),
      'pack',
      '--pack-destination',
      LAYOUT.output,
    ],
  }),
  yarn: ({ scripts }) => ({
    argv: ['yarn', 'pack', '--filename', OUTPUT_FILE, ...(scripts ? [] : ['--ignore-scripts'])],
  }),
  // It has no way to pack without the scripts; what is to be packed without them has none.
  berry: () => ({ argv: ['yarn', 'pack', '--out', OUTPUT_FILE] }),
  bun: ({ scripts }) => ({
    argv: ['bun', 'pm', 'pack', '--destination', LAYOUT.output, ...(scripts ? [] : ['--ignore-scripts'])],
  }),
} as const satisfies Record<ManagerName, (options: PackOptions) => Command>;

/** Packs a folder of the repository, leaving exactly one archive in the output folder. */
export function packStep(packer: ManagerName, options: PackOptions): Step {
  const { argv, cwd } = COMMANDS[packer](options) as Command;
  const step = toolStep({
    name: 'pack',
    phase: 'pack',
    argv,
    directory: options.directory,
    env: options.scripts ? {} : NO_SCRIPTS,
    manager: packer,
  });
  return cwd === undefined ? step : { ...step, cwd };
}

/** More tell no more about which folder it is. */
const MOST_PATHS = 20;

/**
 * A pack step that packs a folder which the build made, found by the package's name and some of the paths in it. Files for people
 * that were published as the commit has them are copied there.
 *
 * @param options.ownFirst whether the package's own folder is packed where it holds as many of the paths
 */
export function fromMadeFolder(
  pack: Step,
  options: Pick<PlanRequest, 'source' | 'published'> & {
    readonly paths: readonly string[];
    readonly ownFirst?: boolean;
  },
): Step {
  const { source, published, paths, ownFirst = false } = options;
  const copies = documentsOfCommit(options).map((path) => `--copy=${join(LAYOUT.source, path)}`);
  const root = source.directory === '.' ? [] : [`--root=${LAYOUT.source}`];
  const flags = [...(ownFirst ? ['--own-first'] : []), ...root, ...copies];
  const program = ['node', `${INSIDE_TARGET}/pack-folder.cjs`, ...flags] as const;
  const told = paths.filter((path) => !path.startsWith('-')).slice(0, MOST_PATHS);
  const where = [inSource(source.directory), published.subject.name, ...told];
  return { ...pack, argv: [...program, ...where, '--', ...pack.argv] };
}

/** The packer of a plan and its version, for example `npm 10.9.2`. */
export function packerOf({ steps, toolchain }: Pick<RebuildPlan, 'steps' | 'toolchain'>): string {
  const argv = steps.findLast(({ phase }) => phase === 'pack')?.argv ?? [];
  if (argv[0] === 'git') return 'git archive';
  const isManager = (word: string) => MANAGER_NAMES.some((name) => name === word);
  const installed = argv.find((word) => word.includes('/node_modules/.bin/') && isManager(basename(word)));
  if (installed !== undefined) return `${basename(installed)} of the dependencies`;
  const program = argv.find(isManager) ?? 'unknown';
  return `${program} ${toolchain[program] ?? ''}`.trim();
}
