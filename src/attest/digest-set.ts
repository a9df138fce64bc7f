import ssri from 'ssri';

/** The digests of a Subresource Integrity string, in hex by algorithm, as in-toto has them. */
export function digestSetOf(integrity: string): Record<string, string> {
  const hashes = integrity.split(/\s+/).map((part) => ssri.parse(part, { single: true }));
  return Object.fromEntries(
    hashes.flatMap((one) => (one === null || one.digest === '' ? [] : [[one.algorithm, one.hexDigest()]])),
  );
}
