import { createCipheriv, type KeyObject, randomBytes, scryptSync } from 'node:crypto';
import { integer, objectIdentifier, octets, sequence } from './der.ts';

/** RFC 8018, PBES2; RFC 7914, scrypt; NIST, AES-256-CBC. */
const PBES2 = '1.2.840.113549.1.5.13';
const SCRYPT = '1.3.6.1.4.1.11591.4.11';
const AES_256_CBC = '2.16.840.1.101.3.4.1.42';

/** The most that OpenSSL reads back with the memory that it allows (32 MiB); its own choice for `pkcs8 -scrypt`. */
const COST = { N: 2 ** 14, r: 8, p: 1 };
const KEY_BYTES = 32;

/**
 * A private key as encrypted PKCS#8, PEM. Node itself would derive the cipher's key with 2048 rounds of PBKDF2, which a
 * single machine tries a million times a second; scrypt costs 16 MiB and a twentieth of a second a try.
 */
export function encryptedPem(key: KeyObject, passphrase: string): string {
  const salt = randomBytes(16);
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', scryptSync(passphrase, salt, KEY_BYTES, COST), iv);
  const plain = key.export({ format: 'der', type: 'pkcs8' });
  const encrypted = Buffer.concat([cipher.update(plain), cipher.final()]);
  const derivation = sequence(
    objectIdentifier(SCRYPT),
    sequence(octets(salt), integer(COST.N), integer(COST.r), integer(COST.p), integer(KEY_BYTES)),
  );
  const scheme = sequence(derivation, sequence(objectIdentifier(AES_256_CBC), octets(iv)));
  const der = sequence(sequence(objectIdentifier(PBES2), scheme), octets(encrypted));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN ENCRYPTED PRIVATE KEY-----', ...lines, '-----END ENCRYPTED PRIVATE KEY-----', ''].join(
    '\n',
  );
}
