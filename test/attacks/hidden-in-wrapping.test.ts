import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Comparison } from '../../src/model/comparison.ts';
import type { ResultDocument } from '../../src/report/document.ts';
import { selectEngine } from '../../src/sandbox/select.ts';
import { openEcosystem, repacked, search } from '../exact/harness.ts';
import { archiveOf } from '../support/artifacts.ts';
import { gzipOf, writeChecksum } from '../support/tarball.ts';
import { ENGINE, TestWorld } from '../support/world.ts';
import { packedBy } from '../support/wrapped.ts';

// The search for the exact bytes must find packers and encoders, never an excuse for what somebody hid around the files.
const engine = ENGINE;
const FILES = { 'index.js': 'module.exports = 1;\n' };
const PAYLOAD = Buffer.from('payload');

let world: TestWorld;
let honest: Buffer;
beforeAll(async () => {
  world = await TestWorld.open();
  honest = Buffer.from(await world.publishPacked('wrapped', world.source('wrapped', FILES)));
});
afterAll(() => world.close());

/** Verifies a file in place of the published one. */
async function verdictOn(bytes: Uint8Array): Promise<ResultDocument> {
  const file = path.join(world.folder.path, 'wrapped-1.0.0.tgz');
  writeFileSync(file, bytes);
  return world.verify(file, { engine });
}

function withFlag(flag: number, field: Buffer): Buffer {
  const header = Buffer.from(honest.subarray(0, 10));
  header[3] = flag;
  return Buffer.concat([header, field, honest.subarray(10)]);
}

/** The honest tar stream, changed, in the stream that the same encoder gives. */
function withTar(change: (tar: Buffer) => void): Buffer {
  const tar = Buffer.from(gunzipSync(honest));
  change(tar);
  return gzipOf(tar);
}

describe('of a file whose files are all equal', () => {
  test('(the honest one is exact)', async () => {
    const document = await verdictOn(honest);
    expect([document.verdict, document.level]).toEqual(['reproduced', 'bytes']);
  });

  test.each<[string, () => Buffer, ResultDocument['verdict']]>([
    ['a file name in the gzip header', () => withFlag(8, Buffer.from('payload.sh\0')), 'reproduced'],
    ['a comment in the gzip header', () => withFlag(16, Buffer.from('payload\0')), 'diverged'],
    ['an extra field in the gzip header', () => withFlag(4, Buffer.from([4, 0, 1, 2, 3, 4])), 'diverged'],
    ['an extra gzip member', () => Buffer.concat([honest, gzipOf(Buffer.alloc(0))]), 'diverged'],
    ['bytes after the gzip stream', () => Buffer.concat([honest, PAYLOAD]), 'diverged'],
    ['bytes in the padding of a file', () => withTar((tar) => tar.set(PAYLOAD, 512 + 400)), 'diverged'],
    [
      'bytes after the end of the archive',
      () => gzipOf(Buffer.concat([gunzipSync(honest), Buffer.alloc(512), PAYLOAD, Buffer.alloc(505)])),
      'diverged',
    ],
  ])('%s stays below level bytes', async (_name, hide, verdict) => {
    const document = await verdictOn(hide());
    expect(document.verdict).toBe(verdict);
    expect(document.level).not.toBe('bytes');
    expect(document.comparison?.exact).toBeNull();
    expect(document.comparison?.wrapping).not.toEqual([]);
  });
});

describe('in what an old packer takes from the disk', () => {
  /** Searches for an archive of npm 4 whose headers somebody changed. */
  async function searched(change: (header: Buffer, index: number) => void): Promise<Comparison> {
    const published = packedBy('npm-4');
    const archive = archiveOf(published);
    const tar = Buffer.from(archive.tar.subarray());
    for (const [index, entry] of archive.entries.entries()) {
      const start = entry.offset;
      const header = tar.subarray(start, start + 512);
      change(header, index);
      writeChecksum(header);
      // As npm 4 ends it.
      header.write(' \0', 154, 'latin1');
    }
    const { comparison } = await search({
      published: gzipOf(tar, { extraFlags: 0, operatingSystem: 3 }),
      rebuilt: repacked(published),
      engine: await selectEngine({ requested: engine }),
      ecosystem: await openEcosystem(),
    });
    return comparison;
  }

  test('(ids that are those of one user are replayed)', async () => {
    const { wrapping } = await searched((header) => header.write('001750', 108, 'latin1'));
    expect(wrapping.join()).toMatch(/the archive is that of npm 4/);
  });

  test.each<[string, (header: Buffer, index: number) => void]>([
    [
      'ids that differ from entry to entry',
      (header, index) => header.write(`00${(1000 + index).toString(8)}`, 108, 'latin1'),
    ],
    ['a user name', (header) => header.write('payload', 265, 'latin1')],
    ['a device number', (header) => header.write('0000007', 329, 'latin1')],
    ['a mode that says the same', (header) => header.write('100644', 100, 'latin1')],
  ])('%s: no packer gives it', async (_name, change) => {
    const { level, exact, wrapping } = await searched(change);
    expect([level, exact]).toEqual(['contents', null]);
    expect(wrapping.join()).not.toMatch(/the archive is that of/);
  });
});
