import { z } from 'zod';
import { seededTarget } from '../../../src/sigstore/trusted-root.ts';
import type { TrustedKey } from '../../../src/sigstore/verify-bundle.ts';

/** What a registry signs with a key. */
export type KeyUse = 'signatures' | 'attestations';

export interface RegistryKey extends TrustedKey {
  /** `pinned`: it came with this program. `registry`: the registry that is asked says so itself. */
  readonly origin: 'pinned' | 'registry';
  readonly uses: readonly KeyUse[];
}

/** The answer of `/-/npm/v1/keys`. */
const Answer = z.object({
  keys: z
    .array(
      z.object({
        keyid: z.string().max(200),
        key: z.base64().max(2000),
        expires: z.iso.datetime({ offset: true }).nullish(),
      }),
    )
    .max(100),
});

/** The keys of npm's public registry, as Sigstore's public instance distributes them. */
const Pinned = z.object({
  keys: z.array(
    z.object({
      keyId: z.string(),
      keyUsage: z.string(),
      publicKey: z.object({
        rawBytes: z.base64(),
        validFor: z.object({ start: z.iso.datetime(), end: z.iso.datetime().optional() }),
      }),
    }),
  ),
});

/** Reads what a registry answers; null when that is no list of keys. */
export function parseKeys(answer: unknown): readonly RegistryKey[] | null {
  const parsed = Answer.safeParse(answer);
  if (!parsed.success) return null;
  return parsed.data.keys.map(({ keyid, key, expires }) => ({
    id: keyid,
    spki: Buffer.from(key, 'base64'),
    validFor: { start: 0, end: expires == null ? Number.POSITIVE_INFINITY : Date.parse(expires) },
    origin: 'registry',
    uses: ['signatures', 'attestations'],
  }));
}

const USES: Readonly<Record<string, KeyUse>> = {
  'npm:signatures': 'signatures',
  'npm:attestations': 'attestations',
};

/** npm's keys: a registry that hands on what npm has signed need not be believed on its own keys. */
export function pinnedKeys(): readonly RegistryKey[] {
  return Pinned.parse(seededTarget('registry.npmjs.org/keys.json')).keys.flatMap(
    ({ keyId, keyUsage, publicKey: { rawBytes, validFor } }): RegistryKey[] => {
      const use = USES[keyUsage];
      if (use === undefined) return [];
      const end = validFor.end === undefined ? Number.POSITIVE_INFINITY : Date.parse(validFor.end);
      return [
        {
          id: keyId,
          spki: Buffer.from(rawBytes, 'base64'),
          validFor: { start: Date.parse(validFor.start), end },
          origin: 'pinned',
          uses: [use],
        },
      ];
    },
  );
}
