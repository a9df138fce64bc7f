import { createHash } from 'node:crypto';
import { Parser, type ReadEntry } from 'tar';
import type { Entry, EntryType } from '../model/artifact.ts';
import { messageOf } from '../errors.ts';
import { type TarContents, TarProblem, walkTar } from './tar-walk.ts';
import { visible } from './visible.ts';

/** What node-tar understands of one entry. */
interface SecondEntry {
  readonly name: string;
  readonly type: EntryType;
  readonly sha256: string;
  readonly size: number;
  readonly linkTarget: string | null;
}

/** One tar stream, as it is and as it came. */
export interface TarInput {
  readonly tar: Uint8Array;
  /** The gzip members that hold it. */
  readonly gzipped: Uint8Array;
}

/**
 * Reads a tar stream strictly, then lets node-tar (with which packages are installed) read the gzip members that it came
 * in, and compares: an archive that two readers understand in two ways is an attack on whoever checks with one and
 * installs with the other.
 */
export function readTar({ tar, gzipped }: TarInput): TarContents | TarProblem {
  const ours = walkTar(tar);
  if (ours instanceof TarProblem) return ours;
  const theirs = secondReading(gzipped);
  if (typeof theirs === 'string') return disagreement(`the installing reader stops: ${visible(theirs)}`);
  // node-tar skips types that it does not know; each of them is an anomaly already.
  const difference = firstDisagreement(
    ours.entries.filter((entry) => entry.type !== 'other'),
    theirs,
  );
  return difference === null ? ours : disagreement(difference);
}

function disagreement(why: string): TarProblem {
  return new TarProblem(`two readers understand it differently: ${why}`);
}

function firstDisagreement(ours: readonly Entry[], theirs: readonly SecondEntry[]): string | null {
  if (ours.length !== theirs.length) return `one sees ${ours.length} entries, the other ${theirs.length}`;
  for (const [index, entry] of ours.entries()) {
    const other = theirs[index];
    const shown = visible(entry.storedName);
    if (other?.name !== entry.storedName)
      return `one sees ${shown}, the other ${visible(other?.name ?? 'nothing')}`;
    if (other.type !== entry.type)
      return `${shown} is a ${entry.type} for one, a ${other.type} for the other`;
    if (other.sha256 !== entry.sha256 || other.size !== entry.size) return `${shown} has two contents`;
    if (other.linkTarget !== entry.linkTarget) return `${shown} has two link targets`;
  }
  return null;
}

/** Every entry that node-tar gives, or what it complains about. Its parser works synchronously on a whole buffer. */
function secondReading(gzipped: Uint8Array): readonly SecondEntry[] | string {
  const entries: SecondEntry[] = [];
  const problems: string[] = [];
  let ended = false;
  // Our own limit on the expanded size has been applied already.
  const parser = new Parser({ maxDecompressionRatio: Number.POSITIVE_INFINITY });
  parser.on('entry', (entry: ReadEntry) => collect(entry, entries));
  parser.on('warn', (_code: string, message: string) => problems.push(message));
  parser.on('error', (error: unknown) => problems.push(messageOf(error)));
  parser.on('end', () => {
    ended = true;
  });
  try {
    parser.end(Buffer.from(gzipped.buffer, gzipped.byteOffset, gzipped.byteLength));
  } catch (error) {
    problems.push(messageOf(error));
  }
  const [problem] = problems;
  if (problem !== undefined) return problem;
  return ended ? entries : 'it never reaches the end';
}

function collect(entry: ReadEntry, into: SecondEntry[]): void {
  const hash = createHash('sha256');
  let size = 0;
  entry.on('data', (chunk) => {
    hash.update(chunk);
    size += chunk.length;
  });
  entry.on('end', () => {
    const type = TYPES[entry.type] ?? 'other';
    const isLink = type === 'symlink' || type === 'hardlink';
    into.push({
      name: entry.path,
      type,
      sha256: hash.digest('hex'),
      size,
      linkTarget: isLink ? (entry.linkpath ?? '') : null,
    });
  });
}

const TYPES: Readonly<Record<string, EntryType>> = {
  File: 'file',
  OldFile: 'file',
  ContiguousFile: 'file',
  Link: 'hardlink',
  SymbolicLink: 'symlink',
  CharacterDevice: 'device',
  BlockDevice: 'device',
  Directory: 'directory',
  FIFO: 'fifo',
};
