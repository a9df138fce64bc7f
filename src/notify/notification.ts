import { createHash } from 'node:crypto';
import { z } from 'zod';
import { SEVERITIES } from '../model/verdict.ts';
import type { BatchReport, Change } from '../report/batch-report.ts';
import { CHANGE_KINDS, CHANGES } from '../report/changes.ts';
import { ToolDocument } from '../report/document.ts';
import { jsonLine } from '../report/json-text.ts';
import type { NewNotice } from '../store/notices.ts';
import { VERSION } from '../version.ts';

const Count = z.int().nonnegative();
const Text = z.string().meta({ description: 'Words for a person; some of them may come from a package.' });

const ChangeDocument = z.strictObject({
  kind: z.enum(CHANGE_KINDS),
  severity: z.enum(SEVERITIES),
  purl: z.string(),
  name: z.string(),
  version: z.string(),
  message: Text,
});

const BatchData = z.strictObject({
  tool: ToolDocument,
  series: z.string(),
  batch: z.strictObject({ id: z.string(), startedAt: z.iso.datetime() }),
  previous: z.strictObject({ id: z.string(), startedAt: z.iso.datetime() }).nullable(),
  counts: z.strictObject({
    total: Count,
    reproduced: Count,
    diverged: Count,
    unverifiable: Count,
    failed: Count,
    waiting: Count,
  }),
  changes: z
    .array(ChangeDocument)
    .min(1)
    .meta({ description: 'What changed for the worse, the worst first.' }),
  leftOut: Count.meta({ description: 'How many more changes for the worse there are.' }),
});

const AlarmData = z.strictObject({
  tool: ToolDocument,
  series: z.string(),
  ...ChangeDocument.shape,
  verdict: z.enum(['diverged', 'unverifiable']),
  reason: z.string().nullable().meta({ description: 'Code of the reason; null for diverged.' }),
  summary: Text,
  predecessor: z
    .strictObject({ version: z.string(), verdict: z.enum(['reproduced', 'diverged', 'unverifiable']) })
    .nullable()
    .meta({ description: 'The version before it; null when the store knows nothing of one.' }),
  seenAt: z.iso.datetime().meta({ description: 'When the watch first saw it.' }),
});

const Id = z.string().regex(/^msg_[0-9a-f]{32}$/);

/** What a notification says: the form that Standard Webhooks 1.0.0 recommends, "Payload structure". */
export const Notification = z.discriminatedUnion('type', [
  z.strictObject({
    id: Id,
    type: z.literal('batch.regressed'),
    timestamp: z.iso.datetime(),
    data: BatchData,
  }),
  z.strictObject({ id: Id, type: z.literal('watch.alarm'), timestamp: z.iso.datetime(), data: AlarmData }),
]);
export type Notification = z.infer<typeof Notification>;
export type AlarmData = z.infer<typeof AlarmData>;

/** The JSON Schema of what is sent. */
export function notificationJsonSchema(): unknown {
  return z.toJSONSchema(Notification, { target: 'draft-2020-12' });
}

const TOOL = { name: 'reprove', version: VERSION } as const;
/** Receivers expect some kilobytes (Standard Webhooks 1.0.0, "Payload size"). */
const MOST_CHANGES = 20;
const LONGEST_TEXT = 500;

/** What a batch changed for the worse; null when nothing did. Pure. */
export function batchNotice(report: BatchReport, now: Date): NewNotice | null {
  const { series, batch, previous, counts, leftOut } = report;
  const worse = worseIn(report);
  if (worse.length === 0) return null;
  const told = worse.slice(0, MOST_CHANGES);
  return noticeOf(['batch', batch.id], {
    type: 'batch.regressed',
    timestamp: now.toISOString(),
    data: {
      tool: TOOL,
      series,
      batch: { id: batch.id, startedAt: batch.startedAt },
      previous,
      counts,
      changes: told.map(changeDocument),
      leftOut: worse.length - told.length + leftOut.changes,
    },
  });
}

/** The first batch of a series has nothing to be compared with: all that diverged in it is new. */
function worseIn({ previous, changes, lines }: BatchReport): readonly Change[] {
  if (previous !== null) return changes.filter(({ kind }) => CHANGES[kind].isRegression);
  return lines
    .filter(({ verdict }) => verdict === 'diverged')
    .map((line) => ({ ...line, kind: 'new-diverged' as const }));
}

function changeDocument({ kind, severity, purl, name, version, message }: Change) {
  return { kind, severity, purl, name, version, message: clipped(message) };
}

/** What a watch found about one version of a list. Pure. */
export function alarmNotice(alarm: Omit<AlarmData, 'tool'>, now: Date): NewNotice {
  const { message, summary } = alarm;
  return noticeOf(['watch', alarm.series, alarm.purl], {
    type: 'watch.alarm',
    timestamp: now.toISOString(),
    data: { ...alarm, tool: TOOL, message: clipped(message), summary: clipped(summary) },
  });
}

/** The id follows from what it is about: whoever makes it again after a crash makes the same. */
function noticeOf(
  about: readonly string[],
  notification: {
    [Type in Notification['type']]: Omit<Extract<Notification, { type: Type }>, 'id'>;
  }[Notification['type']],
): NewNotice {
  const digest = createHash('sha256').update(JSON.stringify(about)).digest('hex');
  const id = `msg_${digest.slice(0, 32)}`;
  return { id, body: jsonLine({ id, ...notification }).trimEnd() };
}

function clipped(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT).toWellFormed()} ...` : text;
}
