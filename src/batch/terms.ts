import { createHash } from 'node:crypto';
import { z } from 'zod';

/** Everything but the package that a result depends on. */
export const Terms = z.strictObject({
  tool: z.string(),
  /** As named with `--registry`; null: what npm is configured with. */
  registry: z.string().nullable(),
  /** sha256 of the policy's file. */
  policy: z.string().nullable(),
  /** What tells the signer: of a key, the sha256 of its file. */
  signer: z.string().nullable(),
});
export type Terms = z.infer<typeof Terms>;

/** What names some terms: equal only for equal terms. Hex. Pure. */
export function termsId(terms: Terms): string {
  return sha256(terms);
}

/** Terms as a store has them. */
export function parseTerms(text: string): Terms | null {
  const terms = Terms.safeParse(JSON.parse(text));
  return terms.success ? terms.data : null;
}

/** In words, in what some terms are other than those that are wanted; empty when they are the same. Pure. */
export function differences(theirs: Terms | null, wanted: Omit<Terms, 'signer'>): readonly string[] {
  if (theirs === null) return ['terms that this version cannot read'];
  return (['tool', 'registry', 'policy'] as const).flatMap((name) =>
    theirs[name] === wanted[name] ? [] : [`${WORDS[name](theirs[name])}, not ${WORDS[name](wanted[name])}`],
  );
}

const WORDS = {
  tool: (value) => `reprove ${value ?? ''}`,
  registry: (value) => (value === null ? 'the configured registry' : `--registry ${value}`),
  policy: (value) => (value === null ? 'no policy' : `the policy with sha256 ${value.slice(0, 12)}`),
} as const satisfies Record<string, (value: string | null) => string>;

/** Of anything that JSON can say, hex. */
export function sha256(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
