import { describe, expect, test } from 'vitest';
import { fingerprint } from '../../../builders/npm/fingerprint.ts';
import { archiveOf } from '../../support/artifacts.ts';
import { type EntrySpec, gzipOf, type GzipSpec, paxHeader, tarEntry, tarOf } from '../../support/tarball.ts';

/** tar-stream ends the digits of the time with one space, and no NUL. */
const tarStream = (block: Buffer): void => void block.write('03560116604 ', 136, 'latin1');
const files = (more: Partial<EntrySpec> = {}, names = ['package/index.js', 'package/package.json']) =>
  names.map((name) => tarEntry({ name, ...more }));
const print = (parts: Buffer[], gzip: GzipSpec = {}) => fingerprint(archiveOf(gzipOf(tarOf(parts), gzip)));
const first = ['package/package.json', 'package/index.js'];

describe('packers by the marks that they leave', () => {
  test.each([
    ['npm>=7.7', files(), {}],
    ['npm 7.0-7.6', files(), { extraFlags: 0 }],
    ['npm 6', files(), { extraFlags: 0, operatingSystem: 19 }],
    ['npm 5-6', files({}, first), { extraFlags: 0, operatingSystem: 3 }],
    ['npm 5', files({ mtime: 1_500_000_000 }, first), { extraFlags: 0, operatingSystem: 3 }],
    ['npm<5', files({ mtime: 1_500_000_000, uid: 501 }, first), { extraFlags: 0, operatingSystem: 19 }],
    ['pnpm', files({ uid: 0, tamper: tarStream }), { extraFlags: 0, operatingSystem: 3 }],
    ['bun', files({ uid: 0, tamper: tarStream }), { extraFlags: 2, operatingSystem: 255 }],
    ['yarn>=2', files({ uid: 0, mtime: 456_789_000 }), { extraFlags: 0, operatingSystem: 3 }],
    [
      'yarn 1',
      [tarEntry({ name: 'package/', type: '5', mtime: 9 }), ...files({ uid: 0, mtime: 9 })],
      { extraFlags: 0, operatingSystem: 19 },
    ],
    [
      'git archive',
      [paxHeader({ comment: '0'.repeat(40) }, 'g'), ...files({ userName: 'root', mtime: 9 }, ['a-b-0/a.js'])],
      { extraFlags: 0, operatingSystem: 3 },
    ],
    ['custom', files({ userName: 'runner', mtime: 9 }), { extraFlags: 0, operatingSystem: 3 }],
    ['custom', files({}, ['node/a.js']), { extraFlags: 0, operatingSystem: 3 }],
  ])('%s', (packer, parts, gzip) => expect(print(parts, gzip).packer).toBe(packer));
});

test.each([
  [{ extraFlags: 2, operatingSystem: 255 }, 'level 9, portable'],
  [{ extraFlags: 0, operatingSystem: 19 }, 'level 6, macOS'],
  [{ extraFlags: 0, operatingSystem: 3 }, 'level 6, Unix'],
  [{ extraFlags: 4, operatingSystem: 77 }, 'level 1, system 77'],
])('gzip header %j is %s', (gzip, words) => expect(print(files(), gzip).gzip).toBe(words));
