import { makeKeyPair } from '../keys/keygen.ts';
import { passphraseFrom } from '../keys/passphrase.ts';
import { visible } from '../published/visible.ts';
import type { KeygenOptions } from './keygen-options.ts';

/**
 * `reprove keygen`: makes a key pair and says where it is.
 *
 * @returns the exit code
 */
export async function runKeygen({ out, passphraseFile, type }: KeygenOptions): Promise<number> {
  const passphrase = await passphraseFrom({ file: passphraseFile ?? null, twice: true });
  const { privateFile, publicFile, id } = await makeKeyPair({ prefix: out, kind: type, passphrase });
  const lines = [
    `private key  ${privateFile}  (encrypted; keep it and its passphrase to yourself)`,
    `public key   ${publicFile}  (give it to those who check your results)`,
    `key id       ${id}`,
  ];
  process.stdout.write(`${lines.map((line) => visible(line)).join('\n')}\n`);
  return 0;
}
