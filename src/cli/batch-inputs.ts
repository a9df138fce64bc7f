import { INPUT_ECOSYSTEMS } from '../../builders/inputs.ts';
import { ReproveError } from '../errors.ts';
import type { Unversioned } from '../inputs/list.ts';
import { readInputs } from '../inputs/read.ts';
import { selectInputs } from '../inputs/select.ts';
import type { InputPackage, Inputs, LeftOut, SelectedInputs } from '../model/inputs.ts';
import type { SelectionOptions } from './batch-options.ts';
import { openEcosystem } from './open-ecosystem.ts';
import type { RegistryOptions } from './options.ts';
import { say } from './say.ts';

/** What a batch is about. */
export interface BatchInputs {
  readonly packages: readonly InputPackage[];
  /** Whether a file could not be read: then nobody can say that all is well. */
  readonly isIncomplete: boolean;
}

/**
 * Reads what the user's files list and takes what the options say. What is not taken, and why, goes to stderr.
 *
 * @throws ReproveError `usage` for paths that are not there, and when nothing is left
 */
export async function readBatchInputs(
  paths: readonly string[],
  options: SelectionOptions & RegistryOptions,
): Promise<BatchInputs> {
  const { inputs, selected } = await readSelected(paths, options, 'refused');
  if (selected.packages.length === 0) throw nothingListed(inputs);
  return { packages: selected.packages, isIncomplete: inputs.refused.length > 0 };
}

/** The same before anybody says what is to be in it. */
export async function readSelected(
  paths: readonly string[],
  options: SelectionOptions & RegistryOptions,
  unversioned: Unversioned,
): Promise<{ readonly inputs: Inputs; readonly selected: SelectedInputs }> {
  const inputs = await readInputs(paths, { cwd: process.cwd(), ecosystems: INPUT_ECOSYSTEMS, unversioned });
  const selected = selectInputs(inputs, {
    depth: options.topLevel ? 'top-level' : 'all',
    omit: options.omit,
    scopes: options.scope,
    registries: await hostsOf(options),
  });
  // Whoever takes names alone leaves nothing out for want of a version.
  const isTaken = ({ reason }: LeftOut) => unversioned === 'left-out' && reason === 'no-exact-version';
  tell(inputs, { ...selected, leftOut: selected.leftOut.filter((one) => !isTaken(one)) });
  return { inputs, selected };
}

async function hostsOf(options: SelectionOptions & RegistryOptions): Promise<readonly string[]> {
  const ecosystem = await openEcosystem(options);
  const known = INPUT_ECOSYSTEMS.flatMap(({ publicHosts }) => publicHosts);
  return [...known, new URL(ecosystem.registryOf('any')).host, ...options.host];
}

function tell(inputs: Inputs, selected: SelectedInputs): void {
  for (const { file, line, why } of inputs.refused)
    say(
      `${file}${line === null ? '' : `:${line}`} cannot be read, and what it lists is not verified: ${why}`,
    );
  for (const { file, line, message } of inputs.warnings) say(`${file}:${line}: ${message}`);
  for (const { file, format, entries } of inputs.files) say(`${file} (${format}): ${entries} entries`);
  const reasons = Map.groupBy(selected.leftOut, ({ reason }) => reason);
  for (const [reason, all] of reasons) {
    const names = all.slice(0, MOST_NAMED).map(({ name }) => name);
    say(`left out, ${reason}: ${all.length} (${names.join(', ')}${all.length > MOST_NAMED ? ', ...' : ''})`);
  }
  if (selected.notSelected > 0) say(`not selected: ${selected.notSelected} entries`);
  for (const [one] of selected.conflicts)
    if (one !== undefined)
      say(`files want different artifacts of ${one.subject.name}@${one.subject.version}`);
}

const MOST_NAMED = 5;

/** The error for files of which nothing is left. */
export function nothingListed({ files, refused }: Inputs): ReproveError {
  const read = files.length === 0 ? 'no file could be read' : `${files.length} files were read`;
  return new ReproveError('usage', {
    what: 'There is nothing to verify.',
    why: `${read.charAt(0).toUpperCase()}${read.slice(1)}${refused.length > 0 ? `, ${refused.length} could not be` : ''}, and no package version is left.`,
    next: 'Name a lockfile, an SBOM, or a list of package versions; what was left out is said above.',
  });
}
