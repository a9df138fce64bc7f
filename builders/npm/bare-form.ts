import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { BareForm } from '../../src/ecosystem.ts';
import type { RebuildPlan, Step } from '../../src/model/plan.ts';
import { FORWARDER_TARGET, REGISTRY_URL } from '../../src/sandbox/layout.ts';
import { INSIDE_DIRECTORY, INSIDE_TARGET } from './inside.ts';
import { pinsOf } from './git/pins.ts';
import { leftOutOf } from './relax.ts';
import { isToolRole, partOf, SHIMS } from './toolchain/parts.ts';

const REGISTRY_SCRIPT = `${INSIDE_TARGET}/registry.cjs`;

/**
 * A plan as it can be run where there are neither reprove nor its registry proxy: tools and commands, and what is lost.
 *
 * @param registryOf the address of the registry that a package comes from, with a final slash
 */
export function bareForm(plan: RebuildPlan, registryOf: (name: string) => string): BareForm {
  const parts = Object.entries(plan.toolchain).flatMap(([role, version]) =>
    isToolRole(role) ? [partOf(role, version, process.arch)] : [],
  );
  return {
    tools: parts.map(({ role, name, version }) => ({
      role,
      version,
      url: `${registryOf(name)}${name}/-/${name.slice(name.lastIndexOf('/') + 1)}-${version}.tgz`,
    })),
    programs: programsFor(parts.map(({ role }) => role)),
    files: insideFiles(plan.steps),
    registryUrl: REGISTRY_URL,
    step: ({ argv, ...step }) => ({ ...step, argv: withoutProxy(argv) }),
    lost: [
      ...leftOutOf(plan.steps).map(
        (name) => `${name} is to be left out of the manifests while dependencies are installed`,
      ),
      ...Object.entries(pinsOf(plan.steps)).map(([spec, place]) => `${spec} is to be taken from ${place}`),
    ],
  };
}

/** The command that the forwarder and the script above it would run. */
function withoutProxy(argv: Step['argv']): Step['argv'] {
  if (argv[0] !== 'node' || argv[1] !== FORWARDER_TARGET) return argv;
  const words = argv.slice(2);
  if (words[1] !== REGISTRY_SCRIPT) return asArgv(words);
  const command = words.slice(3);
  return asArgv(command.slice(command.findIndex((word) => !/^--(?:without|git)=/.test(word))));
}

function asArgv([program = 'true', ...rest]: readonly string[]): Step['argv'] {
  return [program, ...rest];
}

/** Programs of ours that steps run: they cannot do without. */
function insideFiles(steps: readonly Step[]): BareForm['files'] {
  const words = steps.flatMap(({ argv }) => withoutProxy(argv));
  const prefix = `${INSIDE_TARGET}/`;
  const named = new Set(words.filter((word) => word.startsWith(prefix)));
  return [...named].map((target) => ({
    path: target,
    text: readFileSync(path.join(INSIDE_DIRECTORY, path.basename(target)), 'utf8'),
  }));
}

/** The programs of the tools that there are; corepack only chooses among them. */
function programsFor(roles: readonly string[]): Readonly<Record<string, string>> {
  const isFor = (text: string) => roles.some((role) => role !== 'node' && text.includes(`/opt/${role}/`));
  const all = Object.entries(SHIMS);
  return Object.fromEntries(
    all.filter(([name, text]) => name === 'node' || name === 'corepack' || isFor(text)),
  );
}
