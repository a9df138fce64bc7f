import { z } from 'zod';
import type { Place } from '../model/inputs.ts';
import { SEVERITIES, type Severity } from '../model/verdict.ts';
import type { BatchLine, BatchReport, Change, HistoryPoint } from '../report/batch-report.ts';
import { CHANGES } from '../report/changes.ts';
import {
  alarmingOutcomes,
  batchesBefore,
  countOutcomes,
  differingPurls,
  lastKnownOutcomes,
  type Outcome,
  outcomesOf,
  placesOf,
  reasonsOf,
  storedCounts,
} from '../store/history.ts';
import type { Store } from '../store/open.ts';
import type { BatchRow, JobRow } from '../store/schema.ts';
import { VERSION } from '../version.ts';
import { changesBetween, type Found } from './changes.ts';

/** Batches of a series that the report draws a line through. */
const MOST_HISTORY = 30;
/** What is told package by package; more than that nobody reads, and it is counted all the same. */
const MOST_TOLD = 5_000;

/** Reads a batch, and the one before it, as a report. */
export async function reportOfBatch(store: Store, batch: BatchRow): Promise<BatchReport> {
  const earlier = await batchesBefore(store, batch, MOST_HISTORY - 1);
  const [previous = null] = earlier;
  const found = await changesSince(
    store,
    earlier.map(({ id }) => id),
    batch.id,
  );
  const counts = storedCounts(batch) ?? (await countOutcomes(store, batch.id));
  const told = (await alarmingOutcomes(store, batch.id)).toSorted(worstFirst);
  const standing = await placesOf(store, batch.id, [
    ...found.slice(0, MOST_TOLD).map(({ now }) => now.purl),
    ...told.slice(0, MOST_TOLD).map(({ purl }) => purl),
  ]);
  return {
    tool: { name: 'reprove', version: VERSION },
    series: batch.series,
    batch: { id: batch.id, startedAt: batch.started_at, endedAt: batch.ended_at },
    previous: previous === null ? null : { id: previous.id, startedAt: previous.started_at },
    counts,
    changes: found.slice(0, MOST_TOLD).map((one) => changeOf(one, standing)),
    lines: told.slice(0, MOST_TOLD).map((one) => lineOf(one, standing)),
    reasons: await reasonsOf(store, batch.id),
    history: [...earlier.toReversed().flatMap(pointOf), { startedAt: batch.started_at, counts }],
    leftOut: {
      changes: Math.max(0, found.length - MOST_TOLD),
      lines: Math.max(0, told.length - MOST_TOLD),
    },
  };
}

type Standing = ReadonlyMap<string, Pick<JobRow, 'places' | 'failure'>>;

/** @param earlier batches, the latest first */
async function changesSince(
  store: Store,
  earlier: readonly string[],
  now: string,
): Promise<readonly Found[]> {
  const [previous, ...others] = earlier;
  if (previous === undefined) return [];
  const { changed, gone } = await differingPurls(store, { before: previous, now });
  const before = await outcomesOf(store, previous, [...changed, ...gone]);
  // A night on which a registry was away must not make the next one forget what was known.
  const unknown = before.filter(({ verdict }) => verdict === null).map(({ purl }) => purl);
  const known = await lastKnownOutcomes(store, others, unknown);
  return changesBetween([...before, ...known], await outcomesOf(store, now, changed));
}

function worstFirst(a: Outcome, b: Outcome): number {
  return rank(b.severity) - rank(a.severity) || (a.purl < b.purl ? -1 : 1);
}

function rank(severity: Severity | null): number {
  return severity === null ? -1 : SEVERITIES.indexOf(severity);
}

const Failure = z.object({ code: z.string(), text: z.object({ what: z.string(), why: z.string() }) });

function lineOf(outcome: Outcome, standing: Standing): BatchLine {
  const { purl, name, version, verdict, severity, reason, summary } = outcome;
  const about = { purl, name, version, severity: severity ?? 'none', places: placesFrom(standing, purl) };
  if (verdict !== null) return { ...about, verdict, reason, message: summary ?? '' };
  return { ...about, verdict: 'failed', ...failed(standing.get(purl)?.failure ?? null) };
}

function failed(failure: string | null): Pick<BatchLine, 'reason' | 'message'> {
  const { data } = Failure.safeParse(failure === null ? null : JSON.parse(failure));
  if (data === undefined) return { reason: null, message: 'Nothing is known.' };
  return { reason: data.code, message: `${data.text.what} ${data.text.why}` };
}

function changeOf({ kind, now, before }: Found, standing: Standing): Change {
  const { purl, name, version, severity } = now;
  // What nobody could look at this time says less than what was looked at.
  const isUnseen = kind === 'no-longer-reproduced' && now.verdict === 'unverifiable';
  const own = isUnseen ? 'medium' : CHANGES[kind].severity;
  return {
    kind,
    severity: CHANGES[kind].isRegression && rank(severity) > rank(own) ? (severity ?? own) : own,
    purl,
    name,
    version,
    message: sentenceOf({ kind, now, before }),
    places: placesFrom(standing, purl),
  };
}

function sentenceOf({ kind, now, before }: Found): string {
  const was = verdictText(before);
  const is = verdictText(now);
  switch (kind) {
    case 'bytes-changed':
      return `The registry served sha512 ${short(before?.sha512)} before, and ${short(now.sha512)} now.`;
    case 'tag-moved':
      return `${now.ref ?? 'Its tag'} was commit ${short(before?.commit_id)}, and is ${short(now.commit_id)} now.`;
    case 'upgrade-diverged':
    case 'upgrade-not-reproduced':
      return `Version ${before?.version ?? ''} was reproduced; ${now.version}, which is there instead, is ${is}.`;
    case 'no-longer-reproduced':
    case 'now-diverged':
    case 'now-reproduced':
      return `It was ${was}, and is ${is} now.`;
    case 'new-diverged':
    case 'new-unverifiable':
    case 'new-reproduced':
      return `Nothing was known of it before, and it is ${is}.`;
  }
}

function verdictText(outcome: Outcome | null): string {
  const verdict = outcome?.verdict ?? 'without a verdict';
  return outcome?.reason == null ? verdict : `${verdict} (${outcome.reason})`;
}

function short(digest: string | null | undefined): string {
  return (digest ?? 'none').slice(0, 12);
}

function placesFrom(standing: Standing, purl: string): readonly Place[] {
  const text = standing.get(purl)?.places;
  return text === undefined ? [] : (JSON.parse(text) as readonly Place[]);
}

function pointOf(batch: BatchRow): readonly HistoryPoint[] {
  const counts = storedCounts(batch);
  return counts === null ? [] : [{ startedAt: batch.started_at, counts }];
}
