/**
 * Whether a text is base64 that only one sequence of bytes has, in one of its two alphabets (RFC 4648, 4 and 5; DSSE 1.0.2 has
 * verifiers accept both). Node reads much else as base64 too: what it skips could be changed without anybody seeing it.
 */
export function isBase64(text: string): boolean {
  if (text === '' || (/[-_]/.test(text) && /[+/]/.test(text))) return false;
  const standard = text.replaceAll('-', '+').replaceAll('_', '/');
  const isPadded = text.includes('=');
  if (isPadded && text.length % 4 !== 0) return false;
  const encoded = Buffer.from(standard, 'base64').toString('base64');
  return (isPadded ? encoded : encoded.replaceAll('=', '')) === standard;
}
