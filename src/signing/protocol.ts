import { z } from 'zod';
import { ErrorAnswerSchema } from '../error-answer-schema.ts';

/** With what is signed. */
export type SignWith =
  | { readonly kind: 'key'; readonly file: string; readonly passphraseFile: string | null }
  | {
      readonly kind: 'command';
      readonly argv: readonly [string, ...string[]];
      readonly publicKeyFile: string;
    }
  | {
      readonly kind: 'keyless';
      readonly fulcioUrl: string;
      readonly rekorUrl: string;
      readonly tsaUrl: string | null;
    };

/** What the signing process is asked, on its stdin, by nobody but whoever started it: no schema is between them. */
export interface SignRequest {
  readonly with: SignWith;
  readonly payloadType: string;
  /** base64 */
  readonly payloads: readonly string[];
}

/** Who has signed. */
export const SignedAs = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('key'), id: z.string() }),
  z.strictObject({ kind: z.literal('certificate'), identity: z.string() }),
]);

/** What it answers, on its stdout. */
export const SignAnswer = z.discriminatedUnion('ok', [
  z.strictObject({
    ok: z.literal(true),
    signer: SignedAs,
    /** Of a key that has a name: its public part, PEM. */
    publicKey: z.string().nullable(),
    bundles: z.array(z.record(z.string(), z.unknown())),
  }),
  ErrorAnswerSchema,
]);
export type SignAnswer = z.infer<typeof SignAnswer>;
