import type { Step } from '../../src/model/plan.ts';
import { INSIDE_TARGET } from './inside.ts';
import { toolStep } from './managers/manager.ts';

/** The fields of a manifest that name other packages by range; packers write versions of the workspace into them. */
export const TABLES = [
  'dependencies',
  'devDependencies',
  'optionalDependencies',
  'peerDependencies',
] as const;

export type Table = Readonly<Record<string, unknown>>;

/** Writes tables, by field, into the manifest of a folder. */
export function tablesStep(
  name: string,
  { tables, directory }: { readonly tables: Readonly<Record<string, Table>>; readonly directory: string },
): Step {
  const argv = ['node', `${INSIDE_TARGET}/tables.cjs`, JSON.stringify(tables)] as const;
  return toolStep({ name, phase: 'build', argv, directory, manager: 'npm' });
}
