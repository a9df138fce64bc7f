import semver from 'semver';
import { join } from './install-root.ts';
import type { Reading, Revision } from './revision.ts';
import { directoryOf, manifestAt } from './step-places.ts';
import { MANAGER_ROLES } from './toolchain/manager-releases.ts';

const ABSENT_MANAGER =
  /\/opt\/(pnpm|yarn|bun)\/\S*: (?:not found|No such file)|\b(pnpm|yarn): not in this toolchain/;

/** A program called a package manager that nothing else had asked for. */
export async function absentManager({ plan, went, versionOfTime }: Reading): Promise<Revision | null> {
  const match = went.kind === 'failed' ? ABSENT_MANAGER.exec(went.log) : null;
  const role = MANAGER_ROLES.find((one) => one === (match?.[1] ?? match?.[2]));
  if (role === undefined || plan.toolchain[role] !== undefined) return null;
  const toolchain = { ...plan.toolchain, [role]: await versionOfTime(role) };
  return { why: `the build calls ${role}: it is there now`, change: { toolchain } };
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
export async function managerInDependencies(reading: Reading): Promise<Revision | null> {
  const { request, plan, went, versionOfTime } = reading;
  const install = plan.steps.find(({ phase }) => phase === 'fetch');
  if (went.kind !== 'differed' || install === undefined) return null;
  const directory = directoryOf(install);
  const tools = (await manifestAt(request, directory))?.devDependencies ?? {};
  const role = MANAGER_ROLES.find((one) => semver.validRange(tools[one] ?? 'none') !== null);
  const range = role === undefined ? undefined : tools[role];
  if (role === undefined || range === undefined || plan.toolchain[role] === undefined) return null;
  const wanted = (await lockedVersion({ request, directory, name: role, range })) ?? range;
  const version = await versionOfTime(role, wanted);
  if (!semver.satisfies(version, wanted) || version === plan.toolchain[role]) return null;
  const why = `scripts of the repository call the ${role} of its dependencies (${wanted}): ${version}`;
  return { why, change: { toolchain: { ...plan.toolchain, [role]: version } } };
}

const LOCKFILES = ['pnpm-lock.yaml', 'yarn.lock', 'package-lock.json'];

/** The version of a dependency that a lockfile holds, of any of their forms; null where none does. */
async function lockedVersion(options: {
  readonly request: Reading['request'];
  readonly directory: string;
  readonly name: string;
  readonly range: string;
}): Promise<string | null> {
  const { request, directory, name, range } = options;
  const texts = await Promise.all(LOCKFILES.map((file) => request.readText(join(directory, file))));
  const version = '(\\d{1,9}\\.\\d{1,9}\\.\\d{1,9})';
  // pnpm's keys, the entries of both yarns, and npm's folders.
  const forms = [
    `[\\s'"/]${name}@${version}[:'"(]`,
    `^"?${name}@[^\\n]{1,200}:\\s+version:? "?${version}`,
    `"node_modules/${name}": \\{\\s+"version": "${version}"`,
  ];
  const found = texts.flatMap((text) =>
    forms.flatMap((form) => [...(text ?? '').matchAll(new RegExp(form, 'gm'))].map(([, one = '']) => one)),
  );
  return found.find((one) => semver.satisfies(one, range)) ?? null;
}
