import { z } from 'zod';

/** Who is asked for, and by which kind of need; read by `namesIn`, and only when somebody wants to know. */
export const DEPENDENCY_TABLES = {
  dependencies: z.unknown().optional(),
  devDependencies: z.unknown().optional(),
  optionalDependencies: z.unknown().optional(),
  peerDependencies: z.unknown().optional(),
} as const;

const Tables = z.object({
  ...DEPENDENCY_TABLES,
  workspaces: z.unknown().optional(),
});

/** What a project's manifest asks for. */
export type ManifestTables = z.output<typeof Tables>;

/** The tables of a manifest that stands beside a lockfile, to which they only add; null when there is none that can be read. */
export function readManifestTables(text: string | null): ManifestTables | null {
  if (text === null) return null;
  try {
    return Tables.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
