/** What a key of pnpm's `packages` says (pnpm/pnpm, packages/dependency-path). */
export interface PnpmKey {
  /** Null when it names no package of a registry: then `reference` says what. */
  readonly name: string | null;
  readonly version: string | null;
  /** An address, `file:` ...; null for a package of a registry. */
  readonly reference: string | null;
}

/**
 * Reads `/name/1.0.0_peers` (versions 5), `/name@1.0.0(peers)` (6 and 7) and `name@1.0.0(peers)` (9), with or without a
 * registry's host in front, and `name@<address>`.
 */
export function readPnpmKey(key: string): PnpmKey {
  const plain = withoutPeers(key);
  const [, oldName, oldVersion] =
    /^(?:[^/@]+\.[^/@]+)?\/((?:@[^/@]+\/)?[^/@]+)\/(\d[^/_]*)(?:_.*)?$/.exec(plain) ?? [];
  if (oldName !== undefined && oldVersion !== undefined)
    return { name: oldName, version: oldVersion, reference: null };
  const [, name, wanted] = /^(?:[^/@]*\.[^/@]+\/|\/)?((?:@[^/@]+\/)?[^/@:]+)@(.+)$/.exec(plain) ?? [];
  if (name === undefined || wanted === undefined) return { name: null, version: null, reference: plain };
  return /^\d/.test(wanted) && !wanted.includes('/')
    ? { name, version: wanted.replace(/_.*$/, ''), reference: null }
    : { name, version: null, reference: wanted };
}

/** Less the peers in brackets, and the hash of a patch: the artifact is the same with and without. */
export function withoutPeers(key: string): string {
  const bracket = key.indexOf('(');
  return bracket === -1 ? key : key.slice(0, bracket);
}

/** The keys that what a table of dependencies says of `name` can stand for, in the order in which to look for them. */
export function keysOfReference(name: string, reference: string): readonly string[] {
  return [reference, `${name}@${reference}`, `/${name}@${reference}`, `/${name}/${reference}`];
}
