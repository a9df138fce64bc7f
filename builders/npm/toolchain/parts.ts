import semver from 'semver';
import { nodePackage } from './versions.ts';

/** What a toolchain can hold. `yarn` is classic below version 2 and berry from there on. */
export const TOOL_ROLES = ['node', 'npm', 'pnpm', 'yarn', 'bun'] as const;
export type ToolRole = (typeof TOOL_ROLES)[number];

export function isToolRole(text: string): text is ToolRole {
  return TOOL_ROLES.some((role) => role === text);
}

/** A package of the registry that is a tool, and what of it is mounted at `/opt/<role>`. */
export interface Part {
  readonly role: ToolRole;
  readonly name: string;
  readonly version: string;
  /** Files of which it has at least one, or it is not what we take it for. */
  readonly entries: readonly string[];
  readonly needed: (path: string) => boolean;
}

type Shape = Pick<Part, 'entries' | 'needed'> & {
  readonly packageOf: (version: string, architecture: string) => string;
};

const everything = () => true;

const SHAPES = {
  node: {
    packageOf: (_version, architecture) => nodePackage(architecture),
    entries: ['bin/node'],
    // The headers are for node-gyp, which cannot download any; pages and the bundled npm are only weight.
    needed: (path) => path === 'bin/node' || path.startsWith('include/'),
  },
  npm: {
    packageOf: () => 'npm',
    entries: ['bin/npm-cli.js'],
    needed: (path) => !/^(?:docs|man|html|doc|test)\//.test(path),
  },
  pnpm: {
    // From version 12 on it is a program of the machine's own kind.
    packageOf: (version, architecture) =>
      semver.gte(version, '12.0.0-0') ? `@pnpm/exe.linux-${architecture}` : 'pnpm',
    entries: ['bin/pnpm.cjs', 'bin/pnpm.mjs', 'bin/pnpm.js', 'pnpm'],
    needed: everything,
  },
  yarn: {
    packageOf: (version) => (semver.gte(version, '2.0.0-0') ? '@yarnpkg/cli-dist' : 'yarn'),
    entries: ['bin/yarn.js'],
    needed: everything,
  },
  bun: {
    packageOf: (_version, architecture) =>
      `@oven/bun-linux-${architecture === 'arm64' ? 'aarch64' : architecture}`,
    entries: ['bin/bun'],
    needed: everything,
  },
} as const satisfies Record<ToolRole, Shape>;

/** Where a tool comes from. */
export function partOf(role: ToolRole, version: string, architecture: string): Part {
  const { packageOf, entries, needed } = SHAPES[role];
  return { role, name: packageOf(version, architecture), version, entries, needed };
}

const NODE = '/opt/node/bin/node';

/** Runs the first of some modules that there is, in the mounted Node: releases differ in how they name theirs. */
function script(...modules: readonly string[]): string {
  const tries = modules.map((file) => `[ -f ${file} ] && exec ${NODE} ${file} "$@"\n`);
  return `#!/bin/sh\n${tries.join('')}echo "$0: not in this toolchain" >&2\nexit 127\n`;
}

/**
 * The programs of the PATH, by file name. A few lines each, so that no symbolic link and no `#!/usr/bin/env` is needed
 * inside. corepack only chooses among what is mounted, so there is nothing left for it to do.
 */
export const SHIMS: Readonly<Record<string, string>> = {
  node: `#!/bin/sh\nexec ${NODE} "$@"\n`,
  npm: script('/opt/npm/bin/npm-cli.js'),
  npx: script('/opt/npm/bin/npx-cli.js'),
  pnpm:
    '#!/bin/sh\n[ -x /opt/pnpm/pnpm ] && exec /opt/pnpm/pnpm "$@"\n' +
    script('/opt/pnpm/bin/pnpm.cjs', '/opt/pnpm/bin/pnpm.mjs', '/opt/pnpm/bin/pnpm.js').slice(10),
  pnpx: '#!/bin/sh\nexec pnpm dlx "$@"\n',
  yarn: script('/opt/yarn/bin/yarn.js'),
  yarnpkg: script('/opt/yarn/bin/yarn.js'),
  bun: '#!/bin/sh\nexec /opt/bun/bin/bun "$@"\n',
  bunx: '#!/bin/sh\nexec /opt/bun/bin/bun x "$@"\n',
  corepack: '#!/bin/sh\ncase $1 in pnpm | yarn | npm) exec "$@" ;; esac\nexit 0\n',
};
