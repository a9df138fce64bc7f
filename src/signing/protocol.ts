import { z } from 'zod';
import { ErrorAnswer } from '../error-answer.ts';

/** With what is signed. */
export const SignWith = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('key'), file: z.string(), passphraseFile: z.string().nullable() }),
  z.strictObject({
    kind: z.literal('command'),
    argv: z.tuple([z.string()], z.string()),
    publicKeyFile: z.string(),
  }),
  z.strictObject({
    kind: z.literal('keyless'),
    fulcioUrl: z.string(),
    rekorUrl: z.string(),
    tsaUrl: z.string().nullable(),
  }),
]);
export type SignWith = z.infer<typeof SignWith>;

/** What the signing process is asked, on its stdin. */
export const SignRequest = z.strictObject({
  with: SignWith,
  payloadType: z.string(),
  /** base64 */
  payloads: z.array(z.base64()),
});
export type SignRequest = z.infer<typeof SignRequest>;

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
  ErrorAnswer,
]);
export type SignAnswer = z.infer<typeof SignAnswer>;
