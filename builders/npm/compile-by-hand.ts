import type { TreeFile } from '../../src/model/source.ts';
import { type InstallRoot, join } from './install-root.ts';
import { toolStep, withPrograms } from './managers/manager.ts';
import type { Manifest } from './manifest.ts';
import { isCheck } from './scripts.ts';
import type { Way } from './ways.ts';

/** One command, of one program that makes files, without anything of a shell. */
const COMPILES =
  /^(?:npx |(?:pnpm|yarn|bun)(?: exec| run)? )?((?:tsc|tsup|tsdown|tshy|rollup|webpack|esbuild|babel|swc|unbuild|microbundle|(?:vite|ncc|parcel) build)(?: [^|;&<>$`'"\\()]*)?)$/;
/** Compilers that never end, or write nothing. */
const MAKES_NOTHING =
  /(?:^|\s)(?:-w|--watch|--serve(?:dir)?|--clean|-h|--help|-v|--version|--init|--no-?emit)\b/i;
const PLAIN_TSC = 'tsc';
const MOST_COMMANDS = 2;

/**
 * Ways to build a package whose maintainers call a compiler by hand: the commands of that sort that stand in scripts for other
 * ends, and TypeScript's own where it is configured. They are guesses: what they make otherwise says nothing.
 */
export function compiledByHand(options: {
  readonly manifest: Manifest;
  readonly root: InstallRoot;
  /** The package's own. */
  readonly directory: string;
  readonly tree: readonly TreeFile[];
}): readonly Way[] {
  const { manifest, root, directory, tree } = options;
  const scripts = Object.entries(manifest.scripts).toSorted(
    ([a], [b]) => Number(isCheck(a)) - Number(isCheck(b)),
  );
  const written = scripts.flatMap(([, text]) => text.split('&&').flatMap(commandIn));
  const isTypeScript =
    tree.some(({ path }) => path === join(directory, 'tsconfig.json')) &&
    [manifest, root.manifest].some((one) => one.devDependencies['typescript'] !== undefined);
  const commands = [...new Set([...written, ...(isTypeScript ? [PLAIN_TSC] : [])])];
  return commands.slice(0, MOST_COMMANDS).map((command) => {
    const argv = ['bash', '-c', command] as const;
    const step = toolStep({ name: command, phase: 'build', argv, directory });
    return [withPrograms(step, [directory, root.directory])];
  });
}

function commandIn(link: string): readonly string[] {
  const command = COMPILES.exec(link.trim())?.[1];
  return command === undefined || MAKES_NOTHING.test(command) ? [] : [command];
}
