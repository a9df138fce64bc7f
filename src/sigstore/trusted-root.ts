import { createRequire } from 'node:module';
import path from 'node:path';
import type { TrustedRoot } from '@sigstore/protobuf-specs';
import { z } from 'zod';
import { messageOf, ReproveError } from '../errors.ts';
import { readSmallFile } from '../small-file.ts';

/** Where the certificate authorities and logs come from that are trusted. */
export interface TrustOptions {
  /** A trusted root in Sigstore's own form (`trustedroot+json`); null: that of the public instance. */
  readonly file: string | null;
  /** Where a newer root of the public instance is kept. */
  readonly cacheDir: string;
}

const PUBLIC_INSTANCE = 'https://tuf-repo-cdn.sigstore.dev';
const ROOT_TARGET = 'trusted_root.json';
const RENEWAL_MS = 5000;
/** Bytes; that of the public instance has seven thousand. */
const LARGEST_ROOT = 1024 * 1024;

const Seeds = z.record(z.string(), z.object({ targets: z.record(z.string(), z.base64()) }));

/**
 * A file that Sigstore's public instance distributes, as it was when @sigstore/tuf was published: the lockfile names that
 * package by its digest, and nothing is asked of a network.
 *
 * @param target for example `registry.npmjs.org/keys.json`
 */
export function seededTarget(target: string): unknown {
  const seeds = Seeds.parse(createRequire(import.meta.url)('@sigstore/tuf/seeds.json'));
  const content = seeds[PUBLIC_INSTANCE]?.targets[encodeURIComponent(target)];
  return content === undefined ? null : JSON.parse(Buffer.from(content, 'base64').toString('utf8'));
}

/**
 * The trusted root: the user's own, or that which comes with @sigstore/tuf.
 *
 * @throws ReproveError `usage` when the user's file is none
 */
export async function loadTrustedRoot({ file }: TrustOptions): Promise<TrustedRoot> {
  const { TrustedRoot: Root } = await import('@sigstore/protobuf-specs');
  if (file === null) return Root.fromJSON(seededTarget(ROOT_TARGET));
  const { text } = await readSmallFile(file, 'trusted root', LARGEST_ROOT);
  try {
    const root = Root.fromJSON(JSON.parse(text));
    const { tlogs, certificateAuthorities, timestampAuthorities } = root;
    if ([tlogs, certificateAuthorities, timestampAuthorities].some(({ length }) => length > 0)) return root;
    throw new Error('It names no log and no authority');
  } catch (error) {
    throw new ReproveError('usage', {
      what: `The trusted root ${file} cannot be used.`,
      why: `${messageOf(error)}.`,
      next: "Name a file in the form of Sigstore's trusted_root.json with --trusted-root, or leave the option out.",
    });
  }
}

/** The root of the public instance as it is now, through TUF, or in words why it cannot be had. */
export async function renewedRoot({
  cacheDir,
}: TrustOptions): Promise<TrustedRoot | { readonly why: string }> {
  try {
    const { getTrustedRoot } = await import('@sigstore/tuf');
    const cachePath = path.join(cacheDir, 'tuf');
    return await getTrustedRoot({ cachePath, timeout: RENEWAL_MS, retry: { retries: 0 } });
  } catch (error) {
    return { why: messageOf(error) };
  }
}
