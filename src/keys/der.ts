/*
 * As much of DER (X.690) as an encrypted private key and a question for a timestamp take to write.
 */

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const OCTET_STRING = 0x04;
const NULL = 0x05;
const OBJECT_IDENTIFIER = 0x06;

/** X.690, 8.9. */
export function sequence(...parts: readonly Uint8Array[]): Buffer {
  return element(SEQUENCE, Buffer.concat(parts));
}

/** X.690, 8.7. */
export function octets(bytes: Uint8Array): Buffer {
  return element(OCTET_STRING, bytes);
}

/** X.690, 8.8. */
export function nothing(): Buffer {
  return element(NULL, Buffer.alloc(0));
}

/** X.690, 8.3. @param value not negative */
export function integer(value: number): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  const isNegative = (bytes[0] ?? 0) >= 0x80;
  return element(INTEGER, isNegative ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
}

/** X.690, 8.19. @param dotted for example `1.2.840.113549.1.5.13` */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return element(OBJECT_IDENTIFIER, Buffer.from([first * 40 + second, ...rest].flatMap(base128)));
}

function base128(value: number): number[] {
  const digits = [value % 128];
  for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128)) {
    digits.unshift((left % 128) + 128);
  }
  return digits;
}

function element(tag: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(tag), lengthOf(content.length), content]);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  const hex = length.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return Buffer.concat([Buffer.of(0x80 + bytes.length), bytes]);
}
