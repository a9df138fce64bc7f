import semver from 'semver';
import type { Step } from '../../src/model/plan.ts';
import { versionInProject } from './version-in-project.ts';
import { inSource } from './managers/manager.ts';
import type { Reading, Revision } from './revision.ts';
import { directoryOf, manifestAt } from './step-places.ts';
import { MANAGER_ROLES } from './toolchain/manager-releases.ts';

const ABSENT_MANAGER =
  /\/opt\/(pnpm|yarn|bun)\/\S*: (?:not found|No such file)|\b(pnpm|yarn): not in this toolchain/;

/** A program called a package manager that nothing else had asked for: the one that the project installs for itself, if it does. */
export async function absentManager(reading: Reading): Promise<Revision | null> {
  const { request, plan, went, versionOfTime } = reading;
  const match = went.kind === 'failed' ? ABSENT_MANAGER.exec(went.log) : null;
  const role = MANAGER_ROLES.find((one) => one === (match?.[1] ?? match?.[2]));
  if (role === undefined || plan.toolchain[role] !== undefined) return null;
  const install = plan.steps.find(({ phase }) => phase === 'fetch');
  const own = install === undefined ? null : await versionInProject(request, directoryOf(install), role);
  const version = await versionOfTime(role, own ?? undefined);
  const which = version === own ? `${role} ${version}, a dependency of the repository,` : role;
  return {
    why: `the build calls ${role}: ${which} is there now`,
    change: { toolchain: { ...plan.toolchain, [role]: version } },
  };
}

const ABSENT_YARN = /Cannot find module '\/work\/source\/(?:[^']*\/)?\.yarn\/releases\/[^'/]+'/;

/** The yarn that a repository brings along is not in every copy of it: the toolchain's own runs in its place. */
export function absentYarn({ plan, went }: Reading): Revision | null {
  if (went.kind !== 'failed' || !ABSENT_YARN.test(went.log)) return null;
  if (plan.steps.some(({ env }) => env['YARN_IGNORE_PATH'] !== undefined)) return null;
  const steps = plan.steps.map((step) => ({ ...step, env: { ...step.env, YARN_IGNORE_PATH: '1' } }));
  const why = 'the yarn of the repository is not among its files: that of the toolchain runs';
  return { why, change: { steps } };
}

/** A manifest may name another package manager than the one that the publisher had. */
export async function managersOfTime({ plan, went, versionOfTime }: Reading): Promise<Revision | null> {
  if (went.kind !== 'differed') return null;
  const roles = MANAGER_ROLES.filter((role) => plan.toolchain[role] !== undefined);
  const versions = await Promise.all(roles.map(async (role) => [role, await versionOfTime(role)] as const));
  const others = versions.filter(([role, version]) => isSameMajor(plan.toolchain[role] ?? '', version));
  if (others.length === 0) return null;
  const why = `${others.map((one) => one.join(' ')).join(' and ')} was the newest when it was published`;
  return { why, change: { toolchain: { ...plan.toolchain, ...Object.fromEntries(others) } } };
}

function isSameMajor(version: string, other: string): boolean {
  return version !== other && semver.parse(version)?.major === semver.parse(other)?.major;
}

/**
 * A script that publishes finds first what the dependencies of the root have installed, also a package manager, whatever
 * the manifest names for people.
 */
export async function managerInDependencies({ request, plan, went }: Reading): Promise<Revision | null> {
  const install = plan.steps.find(({ phase }) => phase === 'fetch');
  if (went.kind !== 'differed' || install === undefined) return null;
  const directory = directoryOf(install);
  const tools = (await manifestAt(request, directory))?.devDependencies ?? {};
  const role = MANAGER_ROLES.find((one) => semver.validRange(tools[one] ?? 'none') !== null);
  const pack = plan.steps.findLast(({ phase }) => phase === 'pack');
  // The program follows what finds the folder, which can hold a package of the same name.
  const at = role === undefined ? -1 : (pack?.argv.lastIndexOf(role) ?? -1);
  if (role === undefined || pack === undefined || at === -1) return null;
  const program = `${inSource(directory)}/node_modules/.bin/${role}`;
  const argv = pack.argv.with(at, program) as unknown as Step['argv'];
  const why = `scripts of the repository call the ${role} of its dependencies (${tools[role] ?? ''}): packed with that`;
  return { why, change: { steps: plan.steps.map((step) => (step === pack ? { ...pack, argv } : step)) } };
}
