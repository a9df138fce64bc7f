import type { StreamEncoder } from '../../src/ecosystem.ts';
import { INSIDE_TARGET } from './inside.ts';
import { toolStep } from './managers/manager.ts';
import type { ToolRole } from './toolchain/parts.ts';

interface Runner {
  readonly name: string;
  readonly title: string;
  readonly role: ToolRole;
  readonly version: string;
}

/**
 * The compression libraries that published archives show and that only a program of their time has, the most frequent
 * first (docs/packing.md has the figures). Any version that has the library will do.
 */
const RUNNERS = [
  // Node 12.17 to 18.17 on x64.
  { name: 'early Chromium zlib', title: 'Node', role: 'node', version: '16.20.2' },
  // Node of distributions that link it against the system's zlib, where that is zlib-ng.
  { name: 'zlib-ng', title: 'Bun', role: 'bun', version: '1.4.4' },
] as const satisfies readonly Runner[];

/** Encoders of packers, in the order in which to try them. */
export const ENCODERS: readonly StreamEncoder[] = RUNNERS.map(({ name, title, role, version }) => ({
  name: `${name} (run by ${title} ${version})`,
  toolchain: { [role]: version },
  step: ({ input, output, levels }) =>
    toolStep({
      name: `compress with ${name}`,
      phase: 'pack',
      argv: [role, `${INSIDE_TARGET}/deflate.cjs`, input, output, ...levels.map(String)],
      directory: '.',
    }),
}));
