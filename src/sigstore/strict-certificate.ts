import { X509Certificate } from 'node:crypto';

const BIT_STRING = 0x03;

/**
 * Why the bytes of a certificate are not exactly a certificate, or null. @sigstore/core overlooks the tags of what surrounds
 * the part that is signed; bytes that can be changed unnoticed are refused here.
 */
export function whyNoCertificate(raw: Buffer): string | null {
  try {
    if (!new X509Certificate(raw).raw.equals(raw)) return 'the certificate is not in DER';
  } catch {
    return 'the certificate cannot be read';
  }
  // RFC 5280, 4.1: the part that is signed, the algorithm, the signature.
  const start = headerOf(raw, 0).content;
  const algorithm = headerOf(raw, start).end;
  const signature = headerOf(raw, algorithm).end;
  const { content } = headerOf(raw, signature);
  // X.690, 8.6.2: the first octet counts bits that are not used; signatures are whole octets.
  return raw[signature] === BIT_STRING && raw[content] === 0 ? null : 'its signature is no whole octets';
}

/** Where the content of the element at an offset begins and ends (X.690, 8.1.3). */
function headerOf(raw: Buffer, offset: number): { readonly content: number; readonly end: number } {
  const first = raw[offset + 1] ?? 0;
  const extra = first < 0x80 ? 0 : first & 0x7f;
  const content = offset + 2 + extra;
  // OpenSSL has read it: there are neither lengths of more than four octets nor any that end outside.
  const length = extra === 0 ? first : raw.readUIntBE(offset + 2, Math.min(extra, 6));
  return { content, end: content + length };
}
