import semver from 'semver';
import type { PlanRequest } from '../../src/ecosystem.ts';
import { Unreadable } from '../../src/inputs/format.ts';
import { readText } from '../../src/inputs/read-text.ts';
import { NPM_INPUTS } from './inputs/index.ts';
import { join, LOCKFILE_NAMES } from './install-root.ts';
import { manifestAt } from './step-places.ts';

/**
 * The version of a tool that a folder's manifest asks for: as a lockfile beside it has it, else the lowest of the range, from which
 * the maintainers started. Null where the manifest does not name it.
 */
export async function versionInProject(
  request: PlanRequest,
  directory: string,
  name: string,
): Promise<string | null> {
  const manifest = await manifestAt(request, directory);
  const range = manifest?.devDependencies[name] ?? manifest?.dependencies[name] ?? 'none';
  if (semver.validRange(range) === null) return null;
  const locked = await Promise.all(
    LOCKFILE_NAMES.map((file) => lockedVersions(request, directory, file, name)),
  );
  const fitting = locked.flat().filter((version) => semver.satisfies(version, range));
  return fitting[0] ?? semver.minVersion(range)?.version ?? null;
}

/** Nothing where there is no such lockfile, or none that can be read: what it would say is only a better guess. */
async function lockedVersions(
  { readText: read }: PlanRequest,
  directory: string,
  fileName: string,
  name: string,
): Promise<readonly string[]> {
  const text = await read(join(directory, fileName));
  if (text === null) return [];
  try {
    const { entries } = readText({ fileName, text, manifest: null }, NPM_INPUTS.formats);
    return entries.filter((one) => one.name === name).map(({ version }) => version);
  } catch (error) {
    if (error instanceof Unreadable) return [];
    throw error;
  }
}
