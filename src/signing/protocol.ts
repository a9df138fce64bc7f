import { z } from 'zod';
import { ERROR_CODES } from '../errors.ts';

/** What the signing process is asked, on its stdin. */
export const SignRequest = z.strictObject({
  key: z.string(),
  passphraseFile: z.string().nullable(),
  payloadType: z.string(),
  /** base64 */
  payloads: z.array(z.base64()),
});
export type SignRequest = z.infer<typeof SignRequest>;

/** What it answers, on its stdout. */
export const SignAnswer = z.discriminatedUnion('ok', [
  z.strictObject({
    ok: z.literal(true),
    keyId: z.string(),
    bundles: z.array(z.record(z.string(), z.unknown())),
  }),
  z.strictObject({
    ok: z.literal(false),
    code: z.enum(ERROR_CODES),
    text: z.strictObject({ what: z.string(), why: z.string(), next: z.string() }),
  }),
]);
export type SignAnswer = z.infer<typeof SignAnswer>;
