import type { Archive } from '../model/artifact.ts';
import type { Outcome } from '../model/verdict.ts';
import { cannot, found } from '../model/verdict.ts';
import { gunzipStrict } from './gzip.ts';
import { readTar } from './tar.ts';
import { TarProblem } from './tar-walk.ts';

export interface ReadArchiveOptions {
  /** Largest tar stream that is read, bytes; default 1 GiB. */
  readonly maxBytes?: number;
}

/**
 * Reads a gzipped tar from its bytes, whole and in memory: nothing is extracted, nothing of it is believed twice.
 *
 * Fails with `artifact-invalid` (not a gzipped tar, or one that two readers understand differently) or `resource-limit`
 * (expands beyond `maxBytes`). What is legal but odd is in `anomalies`. Entries are views into the tar stream.
 */
export function readArchive(bytes: Uint8Array, options: ReadArchiveOptions = {}): Outcome<Archive> {
  const gunzipped = gunzipStrict(bytes, options);
  if (!gunzipped.ok) return gunzipped;
  const { header, bytes: tar, end, anomalies } = gunzipped.value;
  // Readers differ about bytes after the last member (an error, or nothing): that is an anomaly, whoever reads.
  const contents = readTar({ tar, gzipped: bytes.subarray(0, end) });
  if (contents instanceof TarProblem) {
    const what = `The artifact is not a tar archive that can be judged: ${contents.message}.`;
    return cannot(contents.code, `${what} Look at the file itself before installing it.`);
  }
  return found(
    Object.freeze({
      gzip: header,
      tar,
      entries: Object.freeze(contents.entries),
      anomalies: Object.freeze([...anomalies, ...contents.anomalies]),
    }),
  );
}
