import { readFileSync } from 'node:fs';

/**
 * One archive, compressed at level 6 by the zlib of Node 22.12.0 (`chromium-zlib`), 14.21.3 (`early-chromium-zlib`) and
 * 12.16.3 (`classic-zlib`), and by that of Bun 1.4.4 (`zlib-ng`); no two give the same bytes. XFL 0, OS 19.
 */
export const ENCODED_BY = ['chromium-zlib', 'classic-zlib', 'early-chromium-zlib', 'zlib-ng'] as const;

/** The archive as one of the encoders gives it. */
export function encodedBy(encoder: (typeof ENCODED_BY)[number]): Buffer {
  return fixture(`encoders/${encoder}.tgz`);
}

/**
 * One folder, packed by npm 4.6.1, 5.6.0 and 6.4.1 as user 501 of group 20, in May 2016; beside what is packed it had
 * other files, on which npm 4's order depends. And others: one of folders within folders, each of another day, by yarn 1.22.22, and
 * one by pnpm 8.6.12.
 */
export type OldPacker = 'npm-4' | 'npm-5.6' | 'npm-6.4' | 'yarn-1' | 'pnpm-8.6';

/** The folder as an old packer gives it. */
export function packedBy(packer: OldPacker): Buffer {
  return fixture(`packers/${packer}.tgz`);
}

function fixture(name: string): Buffer {
  return readFileSync(new URL(`../../fixtures/${name}`, import.meta.url));
}
