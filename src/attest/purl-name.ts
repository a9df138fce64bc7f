/**
 * What a purl names, without its percent-encoding: makers differ in whether they encode the `@` of a scope. Null for a text that
 * is none.
 */
export function plainPurl(purl: string): string | null {
  try {
    return purl.startsWith('pkg:') ? decodeURIComponent(purl) : null;
  } catch {
    return null;
  }
}
