import ssri from 'ssri';

/** Bytes of the digests that are accepted, the strongest first. */
const LENGTHS: ReadonlyMap<string, number> = new Map([
  ['sha512', 64],
  ['sha384', 48],
  ['sha256', 32],
  ['sha1', 20],
]);
const STRONGEST_FIRST: readonly string[] = [...LENGTHS.keys()];

/**
 * One digest of a Subresource Integrity string (W3C SRI, section 3.5) as `<algorithm>-<base64>`, options left away; null
 * for what is no digest that can be checked.
 */
export function readDigest(part: string): string | null {
  const [parsed] = Object.values(ssri.parse(part) ?? {}).flat();
  const digest = parsed instanceof Object && 'digest' in parsed ? parsed : null;
  const algorithm = String(digest?.algorithm);
  const bytes = Buffer.from(String(digest?.digest), 'base64');
  if (digest === null || bytes.length !== LENGTHS.get(algorithm)) return null;
  return `${algorithm}-${bytes.toString('base64')}`;
}

/** The same of a digest in hexadecimal; null when its length is not that of the algorithm. */
export function digestOfHex(algorithm: string, hex: string): string | null {
  const length = LENGTHS.get(algorithm);
  if (length === undefined || hex.length !== 2 * length || !/^[0-9a-f]+$/i.test(hex)) return null;
  return `${algorithm}-${Buffer.from(hex, 'hex').toString('base64')}`;
}

/** The algorithm of a digest, for example `sha512`. */
export function algorithmOf(digest: string): string {
  return digest.slice(0, digest.indexOf('-'));
}

/** Digests in the order in which they tell the most. */
export function strongestFirst(digests: Iterable<string>): readonly string[] {
  return [...digests].sort(
    (a, b) => STRONGEST_FIRST.indexOf(algorithmOf(a)) - STRONGEST_FIRST.indexOf(algorithmOf(b)),
  );
}
