import { z } from 'zod';
import { type InputEcosystem, Unreadable } from '../inputs/format.ts';
import type { JsonText } from '../inputs/json.ts';
import type { Advisory, BadVersions, Extent, RangeEvent } from './bad-versions.ts';

/** https://ossf.github.io/osv-schema/ (1.7), what is used of it. */
const Event = z.object({
  introduced: z.string().optional(),
  fixed: z.string().optional(),
  last_affected: z.string().optional(),
});
const Affected = z.object({
  package: z.object({ ecosystem: z.string(), name: z.string() }).optional(),
  versions: z.array(z.string()).default([]),
  ranges: z.array(z.object({ type: z.string(), events: z.array(Event) })).default([]),
});
const Entry = z.object({
  id: z.string(),
  summary: z.string().optional(),
  withdrawn: z.string().optional(),
  affected: z.array(Affected).default([]),
});
type Affected = z.output<typeof Affected>;

/** What of a file of advisories was not taken. */
export interface NotTaken {
  readonly withdrawn: number;
  /** Packages of ecosystems that are not known. */
  readonly otherEcosystems: number;
}

interface Into {
  readonly bad: BadVersions;
  readonly ecosystems: readonly InputEcosystem[];
}

/** Whether a text could be in the OSV format: one advisory, a list of them, or an answer of the OSV service. */
export function isOsv(value: unknown): boolean {
  return entriesOf(value) !== null;
}

function entriesOf(value: unknown): readonly unknown[] | null {
  if (Array.isArray(value)) return value as readonly unknown[];
  if (typeof value !== 'object' || value === null) return null;
  if ('vulns' in value && Array.isArray(value.vulns)) return value.vulns as readonly unknown[];
  return 'id' in value && ('affected' in value || 'schema_version' in value || 'withdrawn' in value)
    ? [value]
    : null;
}

/**
 * Adds what advisories in the OSV format say.
 *
 * @throws Unreadable for what is not understood: a list must not be taken for shorter than it is
 */
export function addOsv(json: JsonText, file: string, into: Into): NotTaken {
  let withdrawn = 0;
  let otherEcosystems = 0;
  for (const [index, one] of (entriesOf(json.value) ?? []).entries()) {
    const path = Array.isArray(json.value) ? [index] : 'vulns' in Object(json.value) ? ['vulns', index] : [];
    const line = json.lineOf(path);
    const { data, error } = Entry.safeParse(one);
    if (error !== undefined) {
      const [issue] = error.issues;
      throw new Unreadable(
        `It is no advisory: ${(issue?.path ?? []).join('.')}: ${issue?.message ?? ''}.`,
        line,
      );
    }
    if (data.withdrawn !== undefined) {
      withdrawn += 1;
      continue;
    }
    const advisory = { id: data.id, summary: data.summary?.split('\n', 1)[0] ?? null, file, line };
    const unknown = data.affected.filter((affected) => !addAffected(affected, advisory, into));
    otherEcosystems += unknown.length;
  }
  return { withdrawn, otherEcosystems };
}

/** @returns whether its ecosystem is known */
function addAffected(
  affected: Affected,
  advisory: Advisory & { readonly id: string },
  { bad, ecosystems }: Into,
): boolean {
  const ecosystem = ecosystemOf(affected, ecosystems);
  if (ecosystem === null) return false;
  const name = affected.package?.name ?? '';
  for (const extent of extentsOf(affected, ecosystem, advisory)) bad.add(ecosystem, name, extent, advisory);
  return true;
}

/** An ecosystem can have a suffix behind a colon. */
function ecosystemOf(
  { package: named }: Affected,
  ecosystems: readonly InputEcosystem[],
): InputEcosystem | null {
  const name = named?.ecosystem.split(':', 1)[0];
  return ecosystems.find(({ advisoryName }) => advisoryName === name) ?? null;
}

function extentsOf(
  affected: Affected,
  ecosystem: InputEcosystem,
  at: { readonly id: string; readonly line: number },
): readonly Extent[] {
  const versions = affected.versions.map((version): Extent => ({ kind: 'version', version }));
  // Ranges of commits say nothing of versions.
  const ranges = affected.ranges
    .filter(({ type }) => type !== 'GIT')
    .map(({ events }): Extent => ({
      kind: 'range',
      events: events.flatMap((event) => eventsOf(event, ecosystem, at)),
    }));
  const all = [...versions, ...ranges];
  // One that names a package and no versions means every one of them.
  return all.length === 0 ? [{ kind: 'every' }] : all;
}

function eventsOf(
  { introduced, fixed, last_affected: lastAffected }: z.output<typeof Event>,
  { isVersion }: InputEcosystem,
  at: { readonly id: string; readonly line: number },
): readonly RangeEvent[] {
  const stated = [
    ['introduced', introduced],
    ['fixed', fixed],
    ['last-affected', lastAffected],
  ] as const;
  return stated.flatMap(([kind, version]): readonly RangeEvent[] => {
    if (version === undefined) return [];
    if (version === '0' && kind === 'introduced') return [{ kind, version: null }];
    if (!isVersion(version))
      throw new Unreadable(
        `${at.id} has a range with ${JSON.stringify(version)}, which is no version.`,
        at.line,
      );
    return [{ kind, version }];
  });
}
