import { readRelease } from '../../../../builders/npm/release/release.ts';
import type { Command, ReleaseRecipe } from '../../../../builders/npm/release/recipe.ts';

/** Files of a repository by path; what is no text is written as JSON. */
export type RepositoryFiles = Readonly<Record<string, string | object>>;

/** The recipe of the package `pkg` in a repository that holds some files. */
export async function recipeOf(
  files: RepositoryFiles,
  { name = 'pkg', directory = '.' }: { name?: string; directory?: string } = {},
): Promise<ReleaseRecipe> {
  const texts = new Map(
    Object.entries(files).map(([path, content]) => [
      path,
      typeof content === 'string' ? content : JSON.stringify(content),
    ]),
  );
  return readRelease({
    name,
    directory,
    tree: [...texts.keys()].map((path) => ({ path })),
    readText: (file) => Promise.resolve(texts.get(file) ?? null),
  });
}

/** A workflow that starts with a tag and has one job of these steps (YAML list items, not indented). */
export function publishingWorkflow(steps: string): string {
  const indented = steps
    .trim()
    .split('\n')
    .map((line) => `      ${line}`)
    .join('\n');
  return `on: { push: { tags: ['v*'] } }\njobs:\n  publish:\n    steps:\n${indented}\n`;
}

/** The recipe of a repository with one workflow of these steps. */
export async function recipeOfSteps(steps: string, files: RepositoryFiles = {}): Promise<ReleaseRecipe> {
  const base = { 'package.json': { name: 'pkg' } };
  return recipeOf({ ...base, ...files, '.github/workflows/release.yml': publishingWorkflow(steps) });
}

/** `folder: words` of every command. */
export function shown(commands: readonly Command[]): readonly string[] {
  return commands.map((command) => `${command.directory}: ${command.argv.join(' ')}`);
}
