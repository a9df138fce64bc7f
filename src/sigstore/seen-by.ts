import type { SeenSignature } from '../model/seen-signature.ts';

/**
 * Who has seen a bundle's signature.
 *
 * @param json a bundle that has been verified: nothing is verified here
 */
export async function seenBy(json: unknown): Promise<readonly SeenSignature[]> {
  const [{ bundleFromJSON }, { toSignedEntity }] = await Promise.all([
    import('@sigstore/bundle'),
    import('@sigstore/verify'),
  ]);
  const { tlogEntries, timestamps } = toSignedEntity(bundleFromJSON(json));
  return [
    ...tlogEntries.map(({ logIndex, integratedTime, inclusionPromise }) => {
      const isSigned = inclusionPromise !== undefined && integratedTime !== '0';
      const time = isSigned ? new Date(Number(integratedTime) * 1000).toISOString() : null;
      return { kind: 'log', time, index: logIndex } as const;
    }),
    ...timestamps.flatMap((one) =>
      one.$case === 'timestamp-authority'
        ? [{ kind: 'timestamp', time: one.timestamp.signingTime.toISOString(), index: null } as const]
        : [],
    ),
  ];
}
