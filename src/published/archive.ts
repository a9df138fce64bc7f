import type { Anomaly, Archive, Content, GzipHeader } from '../model/artifact.ts';
import type { Outcome } from '../model/verdict.ts';
import { cannot, found } from '../model/verdict.ts';
import { gunzipStrict } from './gzip.ts';
import { isPlain, SecondReading } from './tar.ts';
import { type TarContents, TarProblem, walkTar } from './tar-walk.ts';

export interface ReadArchiveOptions {
  /** Largest tar stream that is read, bytes; default 1 GiB. */
  readonly maxBytes?: number;
}

/**
 * Reads a gzipped tar from its bytes, whole and in memory: nothing is extracted, nothing of it is believed twice.
 *
 * Fails with `artifact-invalid` (not a gzipped tar, or one that two readers understand differently) or `resource-limit`
 * (expands beyond `maxBytes`, or has more entries than are read). What is legal but odd is in `anomalies`. Entries are
 * views into the tar stream.
 */
export function readArchive(bytes: Uint8Array, options: ReadArchiveOptions = {}): Outcome<Archive> {
  const gunzipped = gunzipStrict(bytes, options);
  if (!gunzipped.ok) return gunzipped;
  const { header, bytes: tar, end, anomalies } = gunzipped.value;
  const plain = isPlain(anomalies, tar);
  const second = new SecondReading(plain ? 'tar' : 'gzip');
  const contents = walkTar(tar, { onEntry: (entry) => second.expect(entry) });
  if (contents instanceof TarProblem) return unreadable(contents);
  // Readers differ about bytes after the last member (an error, or nothing): that is an anomaly, whoever reads.
  second.write(plain ? tar : bytes.subarray(0, end));
  const disagreement = second.end();
  if (disagreement !== null) return unreadable(new TarProblem(disagreement));
  return found(archiveOf({ gzip: header, tar, anomalies, contents }));
}

/** An archive that both readers have read. */
export function archiveOf(parts: {
  readonly gzip: GzipHeader;
  readonly tar: Content;
  /** Of the gzip file. */
  readonly anomalies: readonly Anomaly[];
  readonly contents: TarContents;
}): Archive {
  const { gzip, tar, anomalies, contents } = parts;
  return Object.freeze({
    gzip,
    tar,
    entries: Object.freeze(contents.entries),
    anomalies: Object.freeze([...anomalies, ...contents.anomalies]),
  });
}

/** Why a tar stream is no archive. */
export function unreadable({ code, message }: TarProblem): Outcome<never> {
  const what = `The artifact is not a tar archive that can be judged: ${message}.`;
  return cannot(code, `${what} Look at the file itself before installing it.`);
}
