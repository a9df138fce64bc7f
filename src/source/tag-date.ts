import { signal } from '../model/signals.ts';
import type { Source } from '../model/source.ts';
import type { Signal } from '../model/verdict.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * A source that is younger than what was published from it. Tools that tag after they have published, and clocks that do
 * not agree, get an hour. A tag made late is common; a commit that was made more than a day late has another id than any
 * that the publisher can have had, so that is not as mild.
 *
 * @param publishedAt ISO 8601; null when the registry gives none, and then nothing can be said
 */
export function youngerSignal(source: Source, publishedAt: string | null): Signal | null {
  const published = Date.parse(publishedAt ?? '');
  const later = (date: string | undefined) => Date.parse(date ?? '') - published;
  const byCommit = later(source.committedAt);
  if (byCommit > HOUR_MS) {
    const what = `Commit ${source.commit.slice(0, 12)} is of ${source.committedAt}`;
    const told = youngerBy(what, byCommit, publishedAt);
    return byCommit > DAY_MS ? { ...told, severity: 'medium' } : told;
  }
  const byTag = later(source.taggedAt);
  if (!(byTag > HOUR_MS)) return null;
  return youngerBy(`The ${tagWords(source)} was made on ${source.taggedAt ?? ''}`, byTag, publishedAt);
}

function tagWords({ ref }: Source): string {
  return ref?.replace('refs/tags/', 'tag ') ?? 'tag';
}

function youngerBy(what: string, milliseconds: number, publishedAt: string | null): Signal {
  const hours = Math.round(milliseconds / HOUR_MS);
  const long = hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
  return signal(
    'tag-younger-than-publish',
    `${what}, ${long} after the version was published (${publishedAt ?? ''}).`,
  );
}
