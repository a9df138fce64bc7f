import { z } from 'zod';

export type StringMap = Readonly<Record<string, string>>;

/** Old manifests and documents hold arrays and nulls anywhere: what is no text says nothing. */
export const Text = z.string().nullable().catch(null).default(null);

/** A table of texts, such as `scripts`; what is none in it is left out. */
export const Texts = z
  .record(z.string(), z.unknown())
  .catch({})
  .default({})
  .transform((table): StringMap => {
    const texts = Object.entries(table).filter(
      (pair): pair is [string, string] => typeof pair[1] === 'string',
    );
    return Object.freeze(Object.fromEntries(texts));
  });

/** `repository` in both of its forms. */
export const Repository = z
  .union([
    z.string().transform((url) => ({ url, directory: null })),
    z.object({ url: z.string(), directory: Text }),
  ])
  .nullable()
  .catch(null)
  .default(null);

const LONGEST_LICENSE = 200;
const License = z
  .string()
  .regex(/^\P{Cc}+$/u)
  .max(LONGEST_LICENSE);
const Licensed = z.object({
  license: z
    .union([License, z.object({ type: License }).transform(({ type }) => type)])
    .nullable()
    .catch(null)
    .default(null),
});

/** The licence that a manifest states, in npm's present form or as the object of old ones; null when it states none. */
export function licenseIn(manifest: unknown): string | null {
  return Licensed.safeParse(manifest).data?.license ?? null;
}
