import { readFileSync } from 'node:fs';

/**
 * One archive, compressed at level 6 by the zlib of Node 22.12.0 (`chromium-zlib`), 14.21.3 (`early-chromium-zlib`) and
 * 12.16.3 (`classic-zlib`), and by that of Bun 1.4.4 (`zlib-ng`); no two give the same bytes. XFL 0, OS 19.
 */
export const ENCODED_BY = ['chromium-zlib', 'classic-zlib', 'early-chromium-zlib', 'zlib-ng'] as const;

/** The archive as one of the encoders gives it. */
export function encodedBy(encoder: (typeof ENCODED_BY)[number]): Buffer {
  return readFileSync(new URL(`../../fixtures/encoders/${encoder}.tgz`, import.meta.url));
}
