import { readFileSync } from 'node:fs';

/** Made by scripts/first-seen.ts, which says what stands in it. */
const FILE = new URL('first-seen.txt', import.meta.url);

let lines: ReadonlyMap<string, string> | null = null;

/**
 * When versions of popular packages were named by the source of others for the second time: each existed by then, whatever a
 * registry says. Known for a part of the versions of what many use; others were there when the next higher one that is known of
 * their major line was.
 *
 * @returns version to milliseconds since the epoch; empty for a package of which nothing is known
 */
export function firstSeen(name: string): ReadonlyMap<string, number> {
  lines ??= new Map(readFileSync(FILE, 'utf8').trimEnd().split('\n').map(splitName));
  const pairs = lines.get(name)?.split(' ') ?? [];
  return new Map(
    pairs.map((pair) => {
      const [version = '', day = ''] = pair.split('=');
      return [version, Date.parse(day)];
    }),
  );
}

function splitName(line: string): [name: string, pairs: string] {
  const end = line.indexOf(' ');
  return [line.slice(0, end), line.slice(end + 1)];
}
