import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { ReproveError } from '../errors.ts';
import { kindOf } from './kinds.ts';
import { readSmallFile } from '../small-file.ts';

const ENCRYPTED = '-----BEGIN ENCRYPTED PRIVATE KEY-----';
const PUBLIC = '-----BEGIN PUBLIC KEY-----';
/** Whatever of a mode lets anybody but the owner in. */
const OTHERS = 0o077;

/**
 * Reads what can be known of a private key's file without its passphrase, so that what is wrong with it is said before hours of
 * building and not after them.
 *
 * @throws ReproveError `usage` for a file that others can read, or that is no encrypted PKCS#8
 */
export async function checkPrivateKeyFile(file: string): Promise<string> {
  const { text, mode } = await readSmallFile(file, 'key file');
  if (process.platform !== 'win32' && (mode & OTHERS) !== 0) {
    throw unusable(
      file,
      `Others than its owner can get at it (mode 0${mode.toString(8)}): they may have it already.`,
      `If nobody has: chmod 600 ${file}. Else make a new one: reprove keygen.`,
    );
  }
  if (text.trimStart().startsWith(ENCRYPTED)) return text;
  const isPlain = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/.test(text);
  throw unusable(
    file,
    isPlain
      ? 'It is a private key that no passphrase protects.'
      : 'It is no encrypted private key (PKCS#8, PEM).',
    'Make one with reprove keygen, or encrypt your own: openssl pkcs8 -topk8 -scrypt -in <key> -out <file>.',
  );
}

/**
 * Opens a private key.
 *
 * @throws ReproveError `usage` for a wrong passphrase, a kind of key that is not used, and all of `checkPrivateKeyFile`
 */
export async function readPrivateKey(file: string, passphrase: string): Promise<KeyObject> {
  const text = await checkPrivateKeyFile(file);
  const key = opened(file, text, passphrase);
  if (kindOf(key) === null) throw wrongKind(file, key);
  return key;
}

function opened(file: string, key: string, passphrase: string): KeyObject {
  try {
    return createPrivateKey({ key, passphrase });
  } catch {
    // OpenSSL's words for it are "bad decrypt", or of the ASN.1 that a wrong passphrase makes of it.
    throw unusable(file, 'The passphrase is not that of this key, or the file is damaged.', 'Try another.');
  }
}

/**
 * Reads a public key.
 *
 * @throws ReproveError `usage` for anything but a public key of a kind that is used
 */
export async function readPublicKey(file: string): Promise<KeyObject> {
  const { text } = await readSmallFile(file, 'key file');
  if (!text.trimStart().startsWith(PUBLIC)) {
    const isPrivate = text.includes('PRIVATE KEY-----');
    throw unusable(
      file,
      isPrivate ? 'It is a private key; a check needs the public one.' : 'It is no public key (PEM).',
      'Name the .pub file that reprove keygen wrote beside the key.',
    );
  }
  const key = publicKeyOf(file, text);
  if (kindOf(key) === null) throw wrongKind(file, key);
  return key;
}

function publicKeyOf(file: string, text: string): KeyObject {
  try {
    return createPublicKey(text);
  } catch {
    throw unusable(file, 'It is damaged: no public key can be read from it.', 'Get it again from its owner.');
  }
}

function wrongKind(file: string, key: KeyObject): ReproveError {
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {};
  const detail = namedCurve ?? (modulusLength === undefined ? '' : `${modulusLength} bits`);
  const kind = [key.asymmetricKeyType, detail].filter((word) => word !== '' && word !== undefined).join(' ');
  return unusable(
    file,
    `It is a key of the kind ${kind}; P-256 and Ed25519 are used.`,
    'Make one with reprove keygen.',
  );
}

function unusable(file: string, why: string, next: string): ReproveError {
  return new ReproveError('usage', { what: `The key file ${file} cannot be used.`, why, next });
}
