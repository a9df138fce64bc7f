import { ReproveError } from '../../src/errors.ts';
import type { RegistryClient } from './registry/client.ts';
import { type KeyUse, pinnedKeys, type RegistryKey } from './registry/keys.ts';

/** Registries change their keys every few years, and state a new one long before they use it. */
const KEYS_MS = 24 * 3_600_000;

/**
 * The keys among which some should be: those that came with this program, and where they do not do, the registry's own.
 *
 * @returns in words why there are none, when the registry states none or does not answer
 */
export async function keysFor(wanted: {
  readonly client: RegistryClient;
  readonly name: string;
  readonly ids: readonly string[];
  readonly use: KeyUse;
}): Promise<readonly RegistryKey[] | { readonly why: string }> {
  const { client, name, ids, use } = wanted;
  const pinned = pinnedKeys().filter(({ uses }) => uses.includes(use));
  const isIn = (keys: readonly RegistryKey[]) => ids.every((id) => keys.some((key) => key.id === id));
  if (isIn(pinned)) return pinned;
  try {
    const known = await client.keys(name, { notBefore: new Date(Date.now() - KEYS_MS) });
    if (known !== null && isIn([...pinned, ...known])) return [...pinned, ...known];
    // One that is missing may be new.
    const stated = await client.keys(name);
    return stated === null ? { why: 'the registry states no keys' } : [...pinned, ...stated];
  } catch (error) {
    return { why: whyNot(error) };
  }
}

/** Why a registry did not give something, in words for a sentence. Throws whatever is no failure of the registry. */
export function whyNot(error: unknown): string {
  if (!(error instanceof ReproveError)) throw error;
  return `${error.text.what} ${error.text.why}`.replace(/\.$/, '');
}
