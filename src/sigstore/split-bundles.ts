import { z } from 'zod';
import { jsonOf } from './read-bundle.ts';

/** What a registry answers about a version (`/-/npm/v1/attestations/<name>@<version>`). */
const Answer = z.object({ attestations: z.array(z.object({ bundle: z.unknown() })).min(1) });

/**
 * The bundles in a file: it is one, or a registry's answer, or has one a line (JSON Lines). What is none of these is left as it is,
 * so that whoever reads it says what is wrong with it.
 */
export function splitBundles(bytes: Uint8Array): readonly Uint8Array[] {
  const whole = jsonOf(bytes);
  if ('value' in whole) {
    const { data } = Answer.safeParse(whole.value);
    return data?.attestations.map(({ bundle }) => Buffer.from(JSON.stringify(bundle) ?? 'null')) ?? [bytes];
  }
  const lines = linesOf(bytes);
  return lines.length > 1 && lines.every((line) => 'value' in jsonOf(line)) ? lines : [bytes];
}

const LINE_END = 0x0a;
const SPACES = new Set([0x09, 0x0d, 0x20]);

/** Those that hold more than spaces. */
function linesOf(bytes: Uint8Array): readonly Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let start = 0; start < bytes.length;) {
    const found = bytes.indexOf(LINE_END, start);
    const end = found === -1 ? bytes.length : found;
    const line = bytes.subarray(start, end);
    if (line.some((byte) => !SPACES.has(byte))) lines.push(line);
    start = end + 1;
  }
  return lines;
}
