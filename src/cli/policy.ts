import { createHash } from 'node:crypto';
import path from 'node:path';
import type { ExpectedSigner } from '../check-attestation.ts';
import { readPublicKey } from '../keys/key-file.ts';
import { readSmallFile } from '../small-file.ts';
import type { StatedPolicy } from '../policy/apply.ts';
import type { Policy } from '../policy/schema.ts';

/**
 * Reads a policy file; null when none is named.
 *
 * @throws ReproveError `usage` when it cannot be used
 */
export async function readPolicy(file: string | undefined): Promise<StatedPolicy | null> {
  if (file === undefined) return null;
  const { bytes, text } = await readSmallFile(file, 'policy');
  // Loaded for this alone: YAML's parser is as large as all else that an attestation is checked with.
  const { parsePolicy } = await import('../policy/parse.ts');
  return { policy: parsePolicy(text, file), sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** The signers that a policy names; key files are found from where the policy is. */
export function signersOf({ signers = [] }: Policy, file: string): Promise<readonly ExpectedSigner[]> {
  const all = signers.map(async (signer): Promise<ExpectedSigner> => {
    if (!('key' in signer)) return { kind: 'certificate', ...signer };
    return { kind: 'key', key: await readPublicKey(path.resolve(path.dirname(file), signer.key)) };
  });
  return Promise.all(all);
}
