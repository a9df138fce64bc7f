import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { link, rm, writeFile } from 'node:fs/promises';
import { messageOf, ReproveError } from '../errors.ts';
import { encryptedPem } from './encrypt.ts';
import { keyId, type KeyKind } from './kinds.ts';

export interface KeyPairFiles {
  readonly privateFile: string;
  readonly publicFile: string;
  readonly id: string;
}

const MAKERS: Readonly<Record<KeyKind, () => { publicKey: KeyObject; privateKey: KeyObject }>> = {
  p256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ed25519: () => generateKeyPairSync('ed25519'),
};

/**
 * Makes a key pair: `<prefix>.key`, encrypted and for its owner alone, and `<prefix>.pub`. Nothing is ever overwritten.
 *
 * @throws ReproveError `usage` when a file of these names is there, or none can be written
 */
export async function makeKeyPair(options: {
  readonly prefix: string;
  readonly kind: KeyKind;
  readonly passphrase: string;
}): Promise<KeyPairFiles> {
  const { prefix, kind, passphrase } = options;
  const { publicKey, privateKey } = MAKERS[kind]();
  const files = { privateFile: `${prefix}.key`, publicFile: `${prefix}.pub` };
  const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
  await writeNew(files.publicFile, pem, 0o644);
  try {
    await writeNew(files.privateFile, encryptedPem(privateKey, passphrase), 0o600);
  } catch (error) {
    await rm(files.publicFile);
    throw error;
  }
  return { ...files, id: keyId(publicKey) };
}

/** Whole or not at all, and only where nothing is. */
async function writeNew(file: string, text: string, mode: number): Promise<void> {
  const unfinished = `${file}.${process.pid}.new`;
  try {
    await writeFile(unfinished, text, { flag: 'wx', mode, flush: true });
    // Other than rename(2), link(2) never replaces a file.
    await link(unfinished, file);
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST';
    throw new ReproveError('usage', {
      what: `The key file ${file} was not written.`,
      why: isThere ? 'There is one already, and keys are never overwritten.' : `${messageOf(error)}.`,
      next: 'Name another place with --out.',
    });
  } finally {
    await rm(unfinished, { force: true });
  }
}
