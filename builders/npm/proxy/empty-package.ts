import { gzipSync } from 'node:zlib';

const BLOCK = 512;

/** An npm artifact that holds nothing but a package.json with a name and a version (POSIX ustar, gzip). */
export function emptyPackage(name: string, version: string): Uint8Array {
  const content = Buffer.from(JSON.stringify({ name, version }));
  const body = Buffer.alloc(Math.ceil(content.length / BLOCK) * BLOCK);
  content.copy(body);
  const end = Buffer.alloc(2 * BLOCK);
  return gzipSync(Buffer.concat([header(content.length), body, end]));
}

function header(size: number): Uint8Array {
  const block = Buffer.alloc(BLOCK);
  const write = (text: string, offset: number) => block.write(text, offset, 'latin1');
  write('package/package.json', 0);
  write('0000644\0', 100);
  write('0000000\0', 108);
  write('0000000\0', 116);
  write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  write('00000000000\0', 136);
  // The checksum counts its own field as spaces.
  write('        ', 148);
  write('0', 156);
  write('ustar\u000000', 257);
  const sum = block.reduce((all, byte) => all + byte, 0);
  write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}
