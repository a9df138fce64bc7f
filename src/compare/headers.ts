import type { Archive, Entry } from '../model/artifact.ts';
import { BLOCK } from '../published/tar-header.ts';

/** Octal fields of a tar header (POSIX.1-2017 pax, "ustar Interchange Format"): offset and length. */
const FIELDS = { mode: [100, 8], uid: [108, 8], gid: [116, 8], mtime: [136, 12] } as const;
const CHECKSUM = { offset: 148, length: 8, digits: 6 } as const;

export type HeaderNumbers = Partial<Record<keyof typeof FIELDS, number>>;

/**
 * A copy of an archive's tar stream with other numbers in the headers of its entries. Nothing but these fields and the
 * checksums changes; a number that its field cannot hold is left as it is.
 */
export function withHeaderNumbers(
  { tar, entries }: Archive,
  numbersOf: (entry: Entry) => HeaderNumbers,
): Uint8Array {
  const copy = Buffer.from(tar.subarray());
  for (const entry of entries) {
    const block = copy.subarray(entry.offset, entry.offset + BLOCK);
    for (const [name, [offset, length]] of Object.entries(FIELDS)) {
      const value = numbersOf(entry)[name as keyof typeof FIELDS];
      if (value !== undefined) writeNumber(block.subarray(offset, offset + length), value);
    }
    writeChecksum(block);
  }
  return copy;
}

/** In the way in which the field was written before, as far as the number is not longer. */
function writeNumber(field: Buffer, value: number): void {
  const before = /^[0-7]*/.exec(field.toString('latin1'))?.[0].length ?? 0;
  const octal = value.toString(8);
  if (!Number.isSafeInteger(value) || value < 0 || octal.length >= field.length) return;
  if (octal.length <= before) field.write(octal.padStart(before, '0'), 'latin1');
  else field.fill(0).write(octal.padStart(field.length - 1, '0'), 'latin1');
}

/** The sum of all bytes, with spaces in place of the checksum, ended as it was ended before. */
function writeChecksum(block: Buffer): void {
  const field = block.subarray(CHECKSUM.offset, CHECKSUM.offset + CHECKSUM.length);
  const end = Buffer.from(field.subarray(CHECKSUM.digits));
  field.fill(0x20);
  const sum = block.reduce((total, byte) => total + byte, 0);
  field.write(sum.toString(8).padStart(CHECKSUM.digits, '0'), 'latin1');
  end.copy(field, CHECKSUM.digits);
}
