import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync, gzipSync, constants } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { gunzipStrict, type Gunzipped } from '../../src/published/gzip.ts';
import { bothInflations } from '../support/readings.ts';
import { gzipOf } from '../support/tarball.ts';

const DATA = Buffer.from('the quick brown fox '.repeat(50));

/** Every file that a test reads, and the limit. */
const files: [bytes: Uint8Array, maxBytes: number | undefined][] = [];

function read(bytes: Uint8Array, maxBytes?: number): Gunzipped {
  files.push([bytes, maxBytes]);
  const outcome = gunzipStrict(bytes, maxBytes === undefined ? {} : { maxBytes });
  if (!outcome.ok) throw new Error(outcome.reason.message);
  return outcome.value;
}

function failure(bytes: Uint8Array, maxBytes?: number): { code: string; message: string } {
  files.push([bytes, maxBytes]);
  const outcome = gunzipStrict(bytes, maxBytes === undefined ? {} : { maxBytes });
  if (outcome.ok) throw new Error('was read');
  return outcome.reason;
}

const kinds = (bytes: Uint8Array): string[] => read(bytes).anomalies.map((anomaly) => anomaly.kind);

describe('an ordinary gzip file', () => {
  test('is read with its header and without anomalies', () => {
    const { header, bytes, anomalies } = read(gzipOf(DATA, { mtime: 7, extraFlags: 0, operatingSystem: 19 }));
    expect(Buffer.from(bytes).equals(DATA)).toBe(true);
    expect(header).toEqual({ flags: 0, mtime: 7, extraFlags: 0, operatingSystem: 19 });
    expect(anomalies).toEqual([]);
  });

  test('of Node itself is read', () => {
    expect(Buffer.from(read(gzipSync(DATA)).bytes).equals(DATA)).toBe(true);
  });

  test('of nothing is read', () => {
    expect(read(gzipOf(Buffer.alloc(0))).bytes).toHaveLength(0);
  });

  test('exactly as large as the limit is read, one byte more is not', () => {
    expect(read(gzipOf(DATA), DATA.length).bytes).toHaveLength(DATA.length);
    expect(failure(gzipOf(DATA), DATA.length - 1).code).toBe('resource-limit');
  });
});

describe('header fields that no packer writes', () => {
  const name = Buffer.from('debug.tar\0');
  test('FNAME with a plain name', () => {
    expect(kinds(gzipOf(DATA, { flags: 8, fields: name }))).toEqual(['gzip-file-name']);
  });
  test('FNAME that hides a payload', () => {
    const payload = Buffer.from(`${'A'.repeat(4000)}\0`);
    expect(kinds(gzipOf(DATA, { flags: 8, fields: payload }))).toEqual(['gzip-header-field']);
    const control = Buffer.from('a\u001b[2Jb\0');
    const [anomaly] = read(gzipOf(DATA, { flags: 8, fields: control })).anomalies;
    expect(anomaly?.kind).toBe('gzip-header-field');
    expect(anomaly?.detail).toContain('<U+001B>');
  });
  test('FEXTRA', () => {
    expect(kinds(gzipOf(DATA, { flags: 4, fields: Buffer.from([3, 0, 1, 2, 3]) }))).toEqual([
      'gzip-header-field',
    ]);
  });
  test('FCOMMENT', () => {
    expect(kinds(gzipOf(DATA, { flags: 16, fields: Buffer.from('hi\0') }))).toEqual(['gzip-header-field']);
  });
  test('FHCRC right and wrong', () => {
    const header = Buffer.from([0x1f, 0x8b, 8, 2, 0, 0, 0, 0, 2, 255]);
    const sum = Buffer.alloc(2);
    sum.writeUInt16LE(crc32(header) & 0xffff);
    expect(kinds(gzipOf(DATA, { flags: 2, fields: sum }))).toEqual(['gzip-header-field']);
    expect(failure(gzipOf(DATA, { flags: 2, fields: Buffer.from([1, 2]) })).code).toBe('artifact-invalid');
  });
  test.each([0x20, 0x40, 0x80])('reserved flag %i is refused, as RFC 1952 demands', (flags) => {
    expect(failure(gzipOf(DATA, { flags })).message).toContain('reserved');
  });
  test('a field that never ends', () => {
    const endless = Buffer.concat([
      Buffer.from([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 2, 255]),
      Buffer.alloc(50, 65),
    ]);
    expect(failure(endless).message).toContain('FNAME');
  });
});

describe('bytes beside the first member', () => {
  test('a second member is concatenated and flagged', () => {
    const { bytes, anomalies } = read(Buffer.concat([gzipOf(DATA), gzipOf(Buffer.from('second'))]));
    expect(Buffer.from(bytes).toString()).toBe(`${DATA.toString()}second`);
    expect(anomalies.map(({ kind }) => kind)).toEqual(['gzip-extra-member']);
  });
  test('an empty second member is flagged', () => {
    expect(kinds(Buffer.concat([gzipOf(DATA), gzipOf(Buffer.alloc(0))]))).toEqual(['gzip-extra-member']);
  });
  test('header fields of a second member are flagged too', () => {
    const second = gzipOf(Buffer.alloc(0), { flags: 16, fields: Buffer.from('payload\0') });
    expect(kinds(Buffer.concat([gzipOf(DATA), second])).toSorted()).toEqual([
      'gzip-extra-member',
      'gzip-header-field',
    ]);
  });
  test('trailing bytes, zero or not, are flagged with their offset', () => {
    const whole = gzipOf(DATA);
    expect(read(Buffer.concat([whole, Buffer.from('payload')])).anomalies[0]?.detail).toContain(
      `at byte ${whole.length}`,
    );
    expect(kinds(Buffer.concat([whole, Buffer.alloc(9)]))).toEqual(['gzip-trailing-bytes']);
  });
  test('a damaged second member is refused', () => {
    expect(failure(Buffer.concat([gzipOf(DATA), gzipOf(DATA).subarray(0, 40)])).code).toBe(
      'artifact-invalid',
    );
  });
  test('hundreds of members are refused', () => {
    const many = Buffer.concat(Array.from({ length: 500 }, () => gzipOf(Buffer.alloc(0))));
    expect(failure(many).message).toContain('members');
  });
});

describe('sizes and checksums that lie', () => {
  test('CRC-32', () => expect(failure(gzipOf(DATA, { crc: 1 })).message).toContain('CRC-32'));
  test('ISIZE too small', () => expect(failure(gzipOf(DATA, { size: 10 })).code).toBe('artifact-invalid'));
  test('ISIZE too large', () => expect(failure(gzipOf(DATA, { size: 5000 })).message).toContain('ISIZE'));
  test('ISIZE beyond every limit', () =>
    expect(failure(gzipOf(DATA, { size: 0xffffffff })).code).toBe('artifact-invalid'));
  test('not gzip, empty, another method', () => {
    expect(failure(Buffer.alloc(0)).code).toBe('artifact-invalid');
    expect(failure(Buffer.from('<html>not a tarball at all</html>')).message).toContain('1f 8b');
    expect(failure(Buffer.concat([Buffer.from([0x1f, 0x8b, 7]), Buffer.alloc(40)])).message).toContain(
      'method',
    );
  });
  test('cut off at every byte', () => {
    const whole = gzipOf(DATA);
    for (let length = 0; length < whole.length; length++) {
      expect(gunzipStrict(whole.subarray(0, length)).ok, `${length} bytes`).toBe(false);
    }
  });
});

describe('a bomb of 8 GiB in 8 MB', () => {
  const folder = mkdtempSync(join(tmpdir(), 'reprove-bomb-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const zeros = deflateRawSync(Buffer.alloc(64 * 1024 ** 2), {
    level: 9,
    finishFlush: constants.Z_FULL_FLUSH,
  });
  const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255]);
  const last = deflateRawSync(Buffer.from('x'));

  /** Reads a bomb in a process of its own and gives what came of it, with the most memory that it ever had. */
  function explode({
    size,
    trailing,
    maxBytes,
  }: {
    size: number;
    trailing: Buffer;
    maxBytes: number | null;
  }) {
    const trailer = Buffer.alloc(8);
    trailer.writeUInt32LE(size, 4);
    const file = join(folder, `${size}-${trailing.length}.gz`);
    writeFileSync(
      file,
      Buffer.concat([header, ...Array.from({ length: 128 }, () => zeros), last, trailer, trailing]),
    );
    const script = `
      import { readFileSync } from 'node:fs';
      import { gunzipStrict } from ${JSON.stringify(new URL('../../src/published/gzip.ts', import.meta.url).href)};
      const outcome = gunzipStrict(readFileSync(${JSON.stringify(file)}), ${JSON.stringify(maxBytes === null ? {} : { maxBytes })});
      console.log(JSON.stringify({ code: outcome.ok ? 'read' : outcome.reason.code, maxRss: process.resourceUsage().maxRSS }));`;
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    expect(run.stderr).toBe('');
    return JSON.parse(run.stdout) as { code: string; maxRss: number };
  }
  const none = Buffer.alloc(0);
  const megabytes = 1024;

  test('that says its size is refused at the limit', () => {
    const { code, maxRss } = explode({ size: 2 ** 31, trailing: none, maxBytes: 32 * 1024 ** 2 });
    expect(code).toBe('resource-limit');
    expect(maxRss).toBeLessThan(200 * megabytes);
  });
  test('that lies about its size stops at the lie', () => {
    const { code, maxRss } = explode({ size: 1, trailing: none, maxBytes: null });
    expect(code).not.toBe('read');
    expect(maxRss).toBeLessThan(500 * megabytes);
  });
  test('with trailing bytes stops at the smaller limit', () => {
    const { code, maxRss } = explode({ size: 1, trailing: Buffer.from('trailing'), maxBytes: 8 * 1024 ** 2 });
    expect(code).not.toBe('read');
    expect(maxRss).toBeLessThan(200 * megabytes);
  });
});

test('piece by piece, each file of the tests above has the same outcome', async () => {
  expect(files.length).toBeGreaterThan(20);
  for (const [bytes, maxBytes] of files) {
    const [whole, streamed] = await bothInflations(bytes, maxBytes ?? 1024 ** 3);
    expect(streamed).toEqual(whole);
  }
});
