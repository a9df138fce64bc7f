import type { Bundle, SerializedBundle } from '@sigstore/bundle';
import type { Witness } from '@sigstore/sign';
import { messageOf, ReproveError } from '../errors.ts';
import { timestampOf } from './timestamp-authority.ts';

/** Who else is to see a signature; null: nobody. */
export interface Witnesses {
  /** Transparency log (Rekor). */
  readonly rekorUrl: string | null;
  /** Timestamp authority (RFC 3161): the whole address that takes queries. */
  readonly tsaUrl: string | null;
}

export const PATIENCE = { timeout: 20_000, retry: { retries: 2 } } as const;

/**
 * Has a bundle that a key has signed taken by a log, and by a timestamp authority. The log then has the signature and a digest of
 * what was signed for everybody to see.
 *
 * @param publicKey PEM
 * @throws ReproveError `signing-failed` when one does not answer as it should
 */
export async function witnessed(
  json: unknown,
  publicKey: string,
  witnesses: Witnesses,
): Promise<SerializedBundle> {
  const { bundleFromJSON, bundleToJSON } = await import('@sigstore/bundle');
  const bundle = bundleFromJSON(json);
  const [log, clock] = await Promise.all([
    witnesses.rekorUrl === null ? null : logged(bundle, publicKey, witnesses.rekorUrl),
    witnesses.tsaUrl === null ? null : timestampWitness(witnesses.tsaUrl).testify(bundle.content, publicKey),
  ]);
  const material = bundle.verificationMaterial;
  material.tlogEntries = log?.tlogEntries ?? [];
  if (clock?.rfc3161Timestamps !== undefined)
    material.timestampVerificationData = { rfc3161Timestamps: clock.rfc3161Timestamps };
  return bundleToJSON(bundle);
}

type Testimony = Awaited<ReturnType<Witness['testify']>>;

async function logged({ content }: Bundle, publicKey: string, url: string): Promise<Testimony> {
  const { RekorWitness } = await import('@sigstore/sign');
  try {
    return await new RekorWitness({ rekorBaseURL: url, ...PATIENCE }).testify(content, publicKey);
  } catch (error) {
    throw unwitnessed(`The log ${url} did not take the signature.`, error);
  }
}

/** A timestamp authority as a witness. */
export function timestampWitness(url: string): Witness {
  return {
    async testify(content) {
      const signature =
        content.$case === 'dsseEnvelope'
          ? content.dsseEnvelope.signatures[0]?.sig
          : content.messageSignature.signature;
      try {
        if (signature === undefined) throw new Error('there is no signature to show it');
        return { rfc3161Timestamps: [{ signedTimestamp: await timestampOf(signature, url) }] };
      } catch (error) {
        throw unwitnessed(`The timestamp authority ${url} gave no timestamp.`, error);
      }
    },
  };
}

function unwitnessed(what: string, error: unknown): ReproveError {
  const cause = error instanceof Error && error.cause !== undefined ? ` (${messageOf(error.cause)})` : '';
  return new ReproveError('signing-failed', {
    what,
    why: `${messageOf(error)}${cause}.`,
    next: 'Try again, name another one, or leave the option out: nothing was signed.',
  });
}
