import { X509Certificate } from 'node:crypto';
import type { Bundle, SerializedBundle } from '@sigstore/bundle';
import { messageOf, ReproveError } from '../errors.ts';
import type { Signable } from './sign-bundle.ts';
import { PATIENCE, timestampWitness } from './witness.ts';

/** The services that stand behind a signature without a key of one's own. */
export interface SigningServices {
  /** Certificate authority (Fulcio). */
  readonly fulcioUrl: string;
  /** Transparency log (Rekor). */
  readonly rekorUrl: string;
  /** Timestamp authority (RFC 3161); null: the log's time is enough. */
  readonly tsaUrl: string | null;
}

export interface KeylessSigned {
  /** Whom the certificate names. */
  readonly identity: string;
  readonly bundles: readonly SerializedBundle[];
}

/**
 * Signs with keys that are made for it and forgotten, under a certificate for who the CI system says that this is, and has each
 * signature logged. The token comes from the CI system, or from SIGSTORE_ID_TOKEN.
 *
 * @throws ReproveError `signing-failed` when there is no token, or a service does not answer as it should
 */
export async function signKeyless(
  signables: readonly Signable[],
  services: SigningServices,
): Promise<KeylessSigned> {
  const [{ bundleToJSON }, { CIContextProvider, DSSEBundleBuilder, FulcioSigner, RekorWitness }] =
    await Promise.all([import('@sigstore/bundle'), import('@sigstore/sign')]);
  const identityProvider = new CIContextProvider();
  const make = ({ payload, payloadType }: Signable): Promise<Bundle> => {
    const signer = new FulcioSigner({ fulcioBaseURL: services.fulcioUrl, identityProvider, ...PATIENCE });
    const log = new RekorWitness({ rekorBaseURL: services.rekorUrl, ...PATIENCE });
    const clocks = services.tsaUrl === null ? [] : [timestampWitness(services.tsaUrl)];
    const builder = new DSSEBundleBuilder({ signer, witnesses: [log, ...clocks] });
    return builder.create({ data: payload, type: payloadType });
  };
  try {
    const bundles = await Promise.all(signables.map(make));
    return { identity: identityOf(bundles[0]), bundles: bundles.map((bundle) => bundleToJSON(bundle)) };
  } catch (error) {
    if (error instanceof ReproveError) throw error;
    throw new ReproveError('signing-failed', {
      what: 'The result could not be signed without a key.',
      why: `${messageOf(error)}${error instanceof Error && error.cause !== undefined ? ` (${messageOf(error.cause)})` : ''}.`,
      next: 'Run it where a CI system gives out identity tokens (on GitHub: permissions, id-token: write), or sign with --key.',
    });
  }
}

/** The first name that a certificate has beside its subject. */
function identityOf(bundle: Bundle | undefined): string {
  const content = bundle?.verificationMaterial.content;
  if (content?.$case !== 'certificate') throw new Error('The certificate authority gave no certificate');
  const name = new X509Certificate(content.certificate.rawBytes).subjectAltName ?? '';
  return name.replace(/^[^:]+:/, '');
}
