import type { Anomaly, Entry } from '../model/artifact.ts';
import { decodeUtf8, paxAnomaly } from './pax.ts';

/**
 * Where npm before 5 had to write extended headers (for owners whose ids need more than seven octal digits), it wrote all that its
 * packer knew into them, the manifest of the package included: a record for each of its texts, named after the way to it.
 */
const OF_MANIFEST = 'NODETAR.package.';
/** Bytes; larger manifests are not read for this. */
const MOST_BYTES = 1024 ** 2;
/** Characters; no manifest of people has longer ways, and one made for it could have ways of its own length by the thousand. */
const LONGEST_WAY = 256;

/** Whether a record says of itself that it is a part of the manifest; `foreignRecords` tells whether it is. */
export function claimsManifest(key: string): boolean {
  return key.startsWith(OF_MANIFEST);
}

/** The records of entries that claim to be parts of the archive's own manifest, and are not. */
export function foreignRecords(entries: readonly Entry[]): readonly Anomaly[] {
  const claimed = entries.flatMap(({ path, pax }) =>
    Object.entries(pax)
      .filter(([key]) => claimsManifest(key))
      .map(([key, value]) => ({ path, key, value })),
  );
  if (claimed.length === 0) return [];
  const manifest = textsOf(manifestOf(entries));
  return claimed
    .filter(({ key, value }) => manifest.get(key.slice(OF_MANIFEST.length)) !== value)
    .map(({ path, key }) => paxAnomaly(key, path));
}

function manifestOf(entries: readonly Entry[]): unknown {
  const [entry, another] = entries.filter(({ path, type }) => path === 'package.json' && type === 'file');
  if (entry === undefined || another !== undefined || entry.content.length > MOST_BYTES) return null;
  try {
    return JSON.parse((decodeUtf8(entry.content.subarray()) ?? '').replace(/^\ufeff/, ''));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Every text, number and truth value of a JSON value, by the names and indices that lead to it, joined by dots; without long ways. */
function textsOf(json: unknown): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  const left: [string, unknown][] = [['', json]];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [way, value] = next;
    if (way.length > LONGEST_WAY) continue;
    if (typeof value !== 'object' || value === null) texts.set(way, String(value));
    else
      for (const [name, inner] of Object.entries(value))
        left.push([way === '' ? name : `${way}.${name}`, inner]);
  }
  return texts;
}
