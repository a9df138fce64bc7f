import { hash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readArchive } from '../../src/published/archive.ts';
import { gunzipStrict } from '../../src/published/gzip.ts';
import { gunzipStream } from '../../src/published/gunzip-stream.ts';
import { openArchive } from '../../src/published/stored-archive.ts';
import type { Archive } from '../../src/model/artifact.ts';
import type { Outcome } from '../../src/model/verdict.ts';

/** What a reading of a file gave, for a comparison with another reading: bytes, facts and messages. */
type Reading = unknown;

/** A gzipped tar, read at once in memory and piece by piece into a file. */
export async function bothReadings(bytes: Uint8Array): Promise<readonly [Reading, Reading]> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'reprove-readings-'));
  try {
    const stored = await openArchive(bytes, { folder, isLarge: true });
    return [told(readArchive(bytes)), told(stored)];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function told(outcome: Outcome<Archive>): Reading {
  if (!outcome.ok) return outcome.reason;
  const { tar, entries, ...archive } = outcome.value;
  return {
    ...archive,
    tar: sha512(tar.subarray()),
    entries: entries.map(({ content, ...entry }) => ({ ...entry, content: sha512(content.subarray()) })),
  };
}

/** Bytes are compared by a digest: what a failure shows can be read. */
function sha512(bytes: Uint8Array): string {
  return hash('sha512', bytes);
}

/** A gzip file, inflated at once in memory and piece by piece. */
export async function bothInflations(
  bytes: Uint8Array,
  maxBytes: number,
): Promise<readonly [Reading, Reading]> {
  const pieces: Uint8Array[] = [];
  const onOutput = (piece: Uint8Array): void => void pieces.push(piece);
  const streamed = await gunzipStream(bytes, { maxBytes, onOutput });
  const whole = gunzipStrict(bytes, { maxBytes });
  return [
    whole.ok ? { ...whole.value, bytes: sha512(whole.value.bytes) } : whole.reason,
    streamed.ok ? { ...streamed.value, bytes: sha512(Buffer.concat(pieces)) } : streamed.reason,
  ];
}
