/** A number of a tar header: its value, null for a blank field. */
export type TarNumber = { readonly ok: true; readonly value: number | null } | { readonly ok: false };

/** POSIX ustar: octal digits, perhaps after spaces, ended by spaces or NULs. */
const OCTAL = /^ *([0-7]*)[ \0]*$/;

/**
 * Reads a numeric field. GNU's binary form (first bit set) is accepted while it is a safe integer; anything else that
 * is not plain octal is refused, since readers guess differently at it.
 */
export function readNumber(field: Uint8Array): TarNumber {
  const first = field[0] ?? 0;
  if ((first & 0x80) !== 0) return readBinary(field);
  const match = OCTAL.exec(Buffer.from(field).toString('latin1'));
  if (match === null) return { ok: false };
  const digits = match[1] ?? '';
  return { ok: true, value: digits === '' ? null : Number.parseInt(digits, 8) };
}

/** Whether a numeric field is in GNU's binary form. */
export function isBinary(field: Uint8Array): boolean {
  return ((field[0] ?? 0) & 0x80) !== 0;
}

function readBinary(field: Uint8Array): TarNumber {
  const first = field[0] ?? 0;
  if (first !== 0x80 && first !== 0xff) return { ok: false };
  let value = 0n;
  for (const byte of field.subarray(1)) value = value * 256n + BigInt(byte);
  if (first === 0xff) value -= 256n ** BigInt(field.length - 1);
  const number = Number(value);
  return Number.isSafeInteger(number) ? { ok: true, value: number } : { ok: false };
}
