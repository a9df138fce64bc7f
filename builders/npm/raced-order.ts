import { isDeepStrictEqual } from 'node:util';
import type { Difference, EntrySummary } from '../../src/model/comparison.ts';
import { type Table, TABLES } from './dependency-tables.ts';

/**
 * pnpm writes dependencies on packages of the workspace in the order in which their manifests happen to be read, another
 * one each time. Where nothing but that order differs, the tables as they were rebuilt, in the published order.
 *
 * @returns by name, all tables that differ; null when anything else differs
 */
export function racedTables(differences: readonly Difference[]): Readonly<Record<string, Table>> | null {
  const [one, ...others] = differences;
  if (one?.path !== 'package.json' || one.kind !== 'content' || others.length > 0) return null;
  const [published, rebuilt] = [fieldsOf(one.published), fieldsOf(one.rebuilt)];
  if (published === null || rebuilt === null || !isDeepStrictEqual(published, rebuilt)) return null;
  const raced = TABLES.flatMap((name) => {
    const [theirs, ours] = [published[name], rebuilt[name]];
    if (!isTable(theirs) || !isTable(ours) || JSON.stringify(theirs) === JSON.stringify(ours)) return [];
    return [[name, Object.fromEntries(Object.keys(theirs).map((key) => [key, ours[key]]))] as const];
  });
  return raced.length === 0 ? null : Object.fromEntries(raced);
}

function fieldsOf(entry: EntrySummary | null): Table | null {
  try {
    const fields: unknown = JSON.parse(new TextDecoder().decode(entry?.content.subarray()));
    return isTable(fields) ? fields : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
