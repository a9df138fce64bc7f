import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { create } from 'tar';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Archive } from '../../src/model/artifact.ts';
import { readArchive } from '../../src/published/archive.ts';
import { bothReadings } from '../support/readings.ts';
import {
  gzipOf,
  npmTar,
  npmTarball,
  paxHeader,
  paxRecord,
  tarball,
  tarEntry,
  tarOf,
} from '../support/tarball.ts';

/** Every file that a test reads. */
const files: Uint8Array[] = [];

function read(bytes: Uint8Array): Archive {
  files.push(bytes);
  const outcome = readArchive(bytes);
  if (!outcome.ok) throw new Error(outcome.reason.message);
  return outcome.value;
}

function refusal(bytes: Uint8Array): string {
  files.push(bytes);
  const outcome = readArchive(bytes);
  if (outcome.ok) throw new Error(`was read: ${outcome.value.entries.map((entry) => entry.path).join(', ')}`);
  expect(outcome.reason.code).toBe('artifact-invalid');
  return outcome.reason.message;
}

const kinds = (bytes: Uint8Array): string[] => read(bytes).anomalies.map(({ kind }) => kind);
const longPath = (depth: number): string => `package/${'directory-name/'.repeat(depth)}file.js`;

describe('an ordinary archive', () => {
  const archive = read(npmTarball({ 'package.json': '{}', 'lib/a.js': 'a()', empty: '' }));

  test('gives its entries with path, digests and header fields', () => {
    expect(archive.anomalies).toEqual([]);
    expect(archive.entries.map(({ path }) => path)).toEqual(['package.json', 'lib/a.js', 'empty']);
    const [, entry] = archive.entries;
    expect(entry).toMatchObject({
      storedName: 'package/lib/a.js',
      type: 'file',
      mode: 0o644,
      size: 3,
      uid: null,
      gid: null,
      mtime: 499_162_500,
      sha256: createHash('sha256').update('a()').digest('hex'),
      // git hash-object
      blobId: createHash('sha1').update('blob 3\0a()').digest('hex'),
    });
    expect(entry?.offset).toBe(1024);
  });

  test('knows the empty blob by the id that git gives to it', () => {
    expect(archive.entries[2]?.blobId).toBe('e69de29bb2d1d6434b8b29ae775ad8c2e48c5391');
  });

  test('of node-tar, with names that need PAX headers, has no anomalies', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'reprove-tar-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const names = [
      `package/${'x'.repeat(120)}.js`,
      longPath(20),
      'package/größe.js',
      longPath(8),
      'package/a.js',
    ];
    for (const name of names) {
      mkdirSync(join(folder, dirname(name)), { recursive: true });
      writeFileSync(join(folder, name), name);
    }
    const file = join(folder, 'out.tgz');
    await create(
      { cwd: folder, gzip: true, portable: true, file, prefix: '', mtime: new Date(499_162_500_000) },
      names,
    );
    const { entries, anomalies } = read(readFileSync(file));
    expect(entries.map(({ storedName }) => storedName)).toEqual(names);
    expect(entries.some(({ pax }) => pax['path'] !== undefined)).toBe(true);
    expect(anomalies).toEqual([]);
  });

  test('with a ustar prefix, a GNU long name, a binary uid, folders and a v7 header', () => {
    const long = longPath(12);
    const { entries, anomalies } = read(
      tarball([
        tarEntry({ name: 'package/', type: '5' }),
        tarEntry({ name: 'a.js', prefix: 'package/lib' }),
        tarEntry({ name: '././@LongLink', type: 'L', content: `${long}\0` }),
        tarEntry({ name: long, content: 'long' }),
        tarEntry({
          name: 'package/uid.js',
          tamper: (block) => block.set([0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff], 108),
        }),
        tarEntry({ name: 'package/old.js', type: '\0', tamper: (block) => block.fill(0, 257, 265) }),
      ]),
    );
    expect(anomalies).toEqual([]);
    expect(entries.map(({ storedName }) => storedName)).toEqual([
      'package/',
      'package/lib/a.js',
      long,
      'package/uid.js',
      'package/old.js',
    ]);
    expect(entries[0]).toMatchObject({ path: '', type: 'directory' });
    expect(entries[3]?.uid).toBe(0x7fffffff);
  });

  test('of GNU tar or star, with times in unused parts of the header, has no anomalies', () => {
    const times = '14000000000\u000014000000001';
    const gnu = (block: Buffer): void => {
      block.write('ustar  \u0000', 257, 'latin1');
      block.write(times, 345, 'latin1');
    };
    const star = (block: Buffer): void => void block.write(times, 476, 'latin1');
    const { entries, anomalies } = read(
      tarball([
        tarEntry({ name: 'node/a.js', tamper: gnu }),
        tarEntry({ name: 'b.js', prefix: 'node', tamper: star }),
      ]),
    );
    expect(anomalies).toEqual([]);
    expect(entries.map(({ storedName }) => storedName)).toEqual(['node/a.js', 'node/b.js']);
  });

  test('may be filled with zeros up to a record', () => {
    expect(kinds(gzipOf(Buffer.concat([npmTar({ a: 'a' }), Buffer.alloc(8192)])))).toEqual([]);
  });
});

describe('names that are not what they seem', () => {
  const one = (name: string | Uint8Array): string[] => kinds(tarball([tarEntry({ name, content: 'x' })]));

  test.each([
    '../evil.js',
    'package/../../evil.js',
    '/etc/passwd',
    'package//etc/passwd',
    'package/./a',
    './package/a',
    'C:/evil',
    'package/C:/evil',
    'package/..\\evil.js',
    'package\\evil.js',
    'package/a\u0007.js',
    'package/\u202Egpj.js',
    'package/in\u200Bdex.js',
    'package/\u0430.js/a\u0430b',
    'package/trailing.',
    'package/trailing ',
    'nothing-left',
  ])('%j is flagged as unsafe', (name) => expect(one(name)).toContain('unsafe-path'));

  test('an ordinary name in another script is not', () => expect(one('package/документ.txt')).toEqual([]));

  test('bytes that are no UTF-8 are flagged', () => {
    expect(one(Buffer.from([...Buffer.from('package/'), 0xff, 0xfe]))).toContain('name-not-utf8');
  });

  test('flagged details never print what they warn of', () => {
    const { anomalies } = read(tarball([tarEntry({ name: 'package/\u001b[2J\u202e.js' })]));
    expect(anomalies[0]?.detail).toContain('<U+001B>[2J<U+202E>');
    expect(anomalies[0]?.detail).not.toMatch(/[\u001b\u202e]/);
  });

  test('the same path twice', () => {
    const twice = [
      tarEntry({ name: 'package/a.js', content: 'good' }),
      tarEntry({ name: 'package/a.js', content: 'evil' }),
    ];
    expect(kinds(tarball(twice))).toEqual(['duplicate-entry']);
  });
  test('the same path below two first components, which installing removes', () => {
    const other = tarEntry({ name: 'other/a.js', content: 'evil' });
    expect(kinds(tarball([tarEntry({ name: 'package/a.js' }), other]))).toEqual(['duplicate-entry']);
  });
  test.each([
    ['package/a.js', 'package/a.js'],
    ['package/a.js', 'other/a.js'],
    ['package/A.js', 'package/a.js'],
  ])('%j and %j with the same bytes are the same file', (a, b) => {
    const [first, second] = [a, b].map((name) => tarEntry({ name, content: 'good' })) as [Buffer, Buffer];
    expect(kinds(tarball([first, second]))).toEqual(['repeated-entry']);
    // With other permissions they are not.
    const program = tarEntry({ name: b, content: 'good', mode: 0o755 });
    expect(kinds(tarball([first, program]))).not.toContain('repeated-entry');
    const evil = tarEntry({ name: b, content: 'evil' });
    expect(kinds(tarball([first, second, evil]))).toContainEqual(
      expect.stringMatching(/^(?:duplicate|colliding)-entry$/),
    );
  });
  test('what some versions of pnpm write', () => {
    const both = ['package/./dist/index.js', 'package/dist/index.js'];
    for (const names of [both, both.toReversed()])
      expect(kinds(tarball(names.map((name) => tarEntry({ name, content: 'good' }))))).toEqual([
        'repeated-entry',
      ]);
    // Without the plain name nothing tells what is installed there.
    const hidden = tarEntry({ name: 'package/./package.json', content: 'evil' });
    expect(kinds(tarball([hidden, hidden]))).toContain('unsafe-path');
    const evil = tarEntry({ name: both[1] as string, content: 'evil' });
    expect(kinds(tarball([tarEntry({ name: both[0] as string, content: 'good' }), evil]))).toContain(
      'colliding-entry',
    );
  });
  test('the same folder twice is what some packers write', () => {
    const folder = tarEntry({ name: 'package/lib/', type: '5' });
    expect(kinds(tarball([folder, folder, tarEntry({ name: 'package/lib/a' })]))).toEqual([]);
  });
  test.each([
    ['package/Index.js', 'package/index.js'],
    ['package/caf\u00e9.js', 'package/cafe\u0301.js'],
    ['package/stra\u00dfe', 'package/STRASSE'],
    ['package/\ufb01le', 'package/file'],
  ])('%j and %j collide', (a, b) => {
    const evil = tarEntry({ name: b, content: 'evil' });
    expect(kinds(tarball([tarEntry({ name: a }), evil]))).toContain('colliding-entry');
  });
  test('a file where another entry needs a folder', () => {
    expect(
      kinds(tarball([tarEntry({ name: 'package/lib' }), tarEntry({ name: 'package/lib/a.js' })])),
    ).toEqual(['colliding-entry']);
    expect(
      kinds(tarball([tarEntry({ name: 'package/Lib/a.js' }), tarEntry({ name: 'package/lib' })])),
    ).toEqual(['colliding-entry']);
  });
});

describe('entries that are no files', () => {
  test('links', () => {
    const link = tarEntry({ name: 'package/l', type: '2', linkName: '../../../etc/passwd' });
    const hard = tarEntry({ name: 'package/h', type: '1', linkName: 'package/a' });
    const { entries, anomalies } = read(tarball([tarEntry({ name: 'package/a' }), link, hard]));
    expect(anomalies.map(({ kind }) => kind)).toEqual(['link-entry', 'link-entry']);
    expect(entries.map(({ type, linkTarget }) => [type, linkTarget])).toEqual([
      ['file', null],
      ['symlink', '../../../etc/passwd'],
      ['hardlink', 'package/a'],
    ]);
  });
  test.each(['3', '4', '6', 'S', 'V', '9'])('type %s', (type) => {
    expect(kinds(tarball([tarEntry({ name: 'package/a' }), tarEntry({ name: 'package/d', type })]))).toEqual([
      'special-entry',
    ]);
  });
  test('a GNU dump folder, which node-tar takes for a folder and others for something else', () => {
    expect(refusal(tarball([tarEntry({ name: 'package/d', type: 'D' })]))).toContain('two readers');
  });
  test('a link without target, a file with one, a folder with content', () => {
    expect(refusal(tarball([tarEntry({ name: 'package/l', type: '2' })]))).toContain('link without a target');
    expect(refusal(tarball([tarEntry({ name: 'package/l', linkName: 'x' })]))).toContain('no link');
    expect(refusal(tarball([tarEntry({ name: 'package/d/', type: '5', content: 'x' })]))).toContain(
      'cannot have content',
    );
    expect(refusal(tarball([tarEntry({ name: 'package/d/', content: 'x' })]))).toContain(
      'cannot have content',
    );
  });
});

describe('bytes that nobody should read', () => {
  const file = tarEntry({ name: 'package/a.js', content: 'a' });
  test('after the end mark', () => {
    const { anomalies } = read(
      gzipOf(Buffer.concat([tarOf([file]), Buffer.alloc(512), tarEntry({ name: 'package/evil.js' })])),
    );
    expect(anomalies).toMatchObject([{ kind: 'tar-trailing-bytes', path: null }]);
    expect(anomalies[0]?.detail).toContain('at byte 2560');
  });
  test('a lone byte after the end mark', () => {
    expect(kinds(gzipOf(Buffer.concat([tarOf([file]), Buffer.from([0, 7])])))).toEqual([
      'tar-trailing-bytes',
    ]);
  });
  test('in the padding of an entry', () => {
    expect(kinds(tarball([tarEntry({ name: 'package/a.js', content: 'a', padding: 0x41 })]))).toEqual([
      'tar-padding',
    ]);
  });
  test('in unused parts of a header', () => {
    const hidden = (at: number) =>
      tarball([tarEntry({ name: 'package/a.js', tamper: (block) => (block[at] = 0x41) })]);
    for (const at of [60, 250, 290, 400, 480, 505])
      expect(kinds(hidden(at)), `byte ${at}`).toEqual(['tar-padding']);
  });
});

describe('PAX headers', () => {
  const file = tarEntry({ name: 'package/a.js', content: 'a' });
  test('plain metadata and a git commit id are no anomaly', () => {
    const global = paxHeader({ comment: 'a'.repeat(40) }, 'g');
    expect(kinds(tarball([global, paxHeader({ mtime: '1.25', uid: '1000', uname: 'me' }), file]))).toEqual(
      [],
    );
  });
  test('a name that the header could hold is hidden renaming', () => {
    const { entries, anomalies } = read(tarball([paxHeader({ path: 'package/evil.js' }), file]));
    expect(entries[0]?.path).toBe('evil.js');
    expect(anomalies.map(({ kind }) => kind)).toEqual(['pax-record']);
  });
  test('a GNU long name that the header could hold is hidden renaming', () => {
    const long = tarEntry({ name: '././@LongLink', type: 'L', content: 'package/evil.js\0' });
    expect(kinds(tarball([long, file]))).toEqual(['pax-record']);
  });
  test('a payload in a comment, a record or a global header', () => {
    expect(kinds(tarball([paxHeader({ comment: 'eval(this)' }), file]))).toEqual(['pax-record']);
    expect(kinds(tarball([paxHeader({ 'X.payload': 'eval(this)' }), file]))).toEqual(['pax-record']);
    expect(kinds(tarball([paxHeader({ comment: 'eval(this)' }, 'g'), file]))).toEqual(['pax-record']);
    expect(kinds(tarball([paxHeader({ mtime: '1'.repeat(200) }), file]))).toEqual(['pax-record']);
  });
  test('a link target', () => {
    const { entries } = read(
      tarball([
        paxHeader({ linkpath: 'elsewhere' }),
        tarEntry({ name: 'package/l', type: '2', linkName: 'x' }),
      ]),
    );
    expect(entries[0]?.linkTarget).toBe('elsewhere');
    expect(refusal(tarball([paxHeader({ linkpath: 'elsewhere' }), file]))).toContain('no link');
  });
  test.each([
    ['another size', [paxHeader({ size: '0' }), file]],
    ['a global name', [paxHeader({ path: 'package/evil.js' }, 'g'), file]],
    ['a global size', [paxHeader({ size: '0' }, 'g'), file]],
    ['two headers', [paxHeader({ path: 'package/b.js' }), paxHeader({ path: 'package/c.js' }), file]],
    [
      'two long names',
      [
        tarEntry({ name: 'L', type: 'L', content: 'x\0' }),
        tarEntry({ name: 'L', type: 'L', content: 'y\0' }),
        file,
      ],
    ],
    [
      'a PAX and a GNU name',
      [paxHeader({ path: 'package/b' }), tarEntry({ name: 'L', type: 'L', content: 'package/c\0' }), file],
    ],
    ['a NUL in a name', [paxHeader({ path: 'package/b.js\0.txt' }), file]],
    ['a line feed in a name', [paxHeader({ path: 'package/b\n20 path=package/e.js' }), file]],
    [
      'the same key twice',
      [
        tarEntry({ name: 'P', type: 'x', content: paxRecord('path', 'a/b') + paxRecord('path', 'a/c') }),
        file,
      ],
    ],
    ['a wrong length', [tarEntry({ name: 'P', type: 'x', content: '99 path=a\n' }), file]],
    ['no length', [tarEntry({ name: 'P', type: 'x', content: 'path=package/evil\n' }), file]],
    ['no entry after it', [file, paxHeader({ path: 'package/b.js' })]],
    [
      'a size beyond what readers accept',
      [tarEntry({ name: 'P', type: 'x', content: paxRecord('comment', 'x'.repeat(99999)).repeat(11) }), file],
    ],
  ])('%s is refused', (_what, parts) =>
    expect(refusal(tarball(parts))).toMatch(/PAX|long name|extended header/),
  );
});

describe('structural nonsense', () => {
  const file = tarEntry({ name: 'package/a.js', content: 'a'.repeat(700) });
  const twice = tarOf([file, tarEntry({ name: 'package/b.js', content: 'b' })]);

  test('cut off at every block boundary', () => {
    for (let length = 0; length < twice.length; length += 512) {
      expect(readArchive(gzipOf(twice.subarray(0, length))).ok, `${length} bytes`).toBe(false);
    }
    expect(readArchive(gzipOf(twice)).ok).toBe(true);
  });
  test('a wrong checksum, with its offset', () => {
    const broken = Buffer.from(twice);
    broken[1536 + 3] = 0x58;
    expect(refusal(gzipOf(broken))).toMatch(/byte 1536.*checksum/);
  });
  test('sizes that lie', () => {
    expect(refusal(tarball([tarEntry({ name: 'package/a', content: 'a', claimedSize: 99999 })]))).toContain(
      'claims 99999 bytes',
    );
    expect(
      refusal(tarball([tarEntry({ name: 'package/a', content: 'a'.repeat(600), claimedSize: 1 })])),
    ).toContain('unreadable');
  });
  test.each([
    ['negative', [0xff, ...Array<number>(10).fill(0xff), 0xf0]],
    ['binary', [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]],
    ['huge', [0x80, ...Array<number>(11).fill(0x7f)]],
    ['two numbers', [...Buffer.from('0000001 0007')]],
    ['not octal', [...Buffer.from('0000000009\0\0')]],
    ['blank', Array<number>(12).fill(0)],
  ])('a %s size is refused', (_what, bytes) => {
    const entry = tarEntry({ name: 'package/a', content: 'a', tamper: (block) => block.set(bytes, 124) });
    expect(refusal(tarball([entry]))).toContain('size');
  });
  test('no entries, no end mark, a lone zero block, no name', () => {
    expect(refusal(tarball([]))).toContain('no entries');
    expect(refusal(tarball([file], Buffer.alloc(0)))).toContain('without an end mark');
    expect(refusal(tarball([file], Buffer.alloc(512)))).toContain('end mark');
    expect(refusal(gzipOf(Buffer.concat([file, Buffer.alloc(512), twice])))).toContain('end mark');
    expect(refusal(tarball([tarEntry({ name: '' })]))).toContain('no name');
  });
  test('a name longer than any system allows', () => {
    const name = `package/${'a/'.repeat(5000)}b`;
    expect(refusal(tarball([paxHeader({ path: name }), tarEntry({ name: 'x' })]))).toContain('longer than');
  });
  test('millions of folders in few bytes are a resource limit, not a hang', () => {
    const deep = (index: number): Buffer[] => [
      paxHeader({ path: `package/${index}/${'a/'.repeat(2000)}b` }),
      tarEntry({ name: 'x' }),
    ];
    const outcome = readArchive(tarball(Array.from({ length: 1100 }, (_, index) => deep(index)).flat()));
    expect(outcome).toMatchObject({ ok: false, reason: { code: 'resource-limit' } });
  });
  test('unknown magic bytes', () => {
    expect(
      refusal(tarball([tarEntry({ name: 'package/a', tamper: (block) => block.write('USTAR', 257) })])),
    ).toContain('magic');
  });
});

describe('readers that disagree', () => {
  test('a NUL in the name, then a line feed and more: node-tar reads on', () => {
    const entry = tarEntry({
      name: 'package/a.js',
      tamper: (block) => block.write('\0\nevil', 12, 'latin1'),
    });
    expect(refusal(tarball([entry]))).toContain('two readers understand it differently');
  });
  test('a device number at which node-tar gives the entry up', () => {
    const entry = tarEntry({ name: 'package/a.js', tamper: (block) => (block[329] = 0x81) });
    expect(refusal(tarball([entry, tarEntry({ name: 'package/b.js' })]))).toContain(
      'the installing reader stops',
    );
  });
  test('a second archive behind a gzip member that node-tar cannot read', () => {
    const bytes = Buffer.concat([
      npmTarball({ 'a.js': 'a' }),
      Buffer.from([0x1f, 0x8b, 8, 0xe0]),
      Buffer.alloc(30),
    ]);
    expect(readArchive(bytes).ok).toBe(false);
  });
  test('both readers see what lies in a second member', () => {
    const tar = npmTar({ 'a.js': 'a' });
    const { entries, anomalies } = read(
      Buffer.concat([gzipOf(tar.subarray(0, 1024)), gzipOf(tar.subarray(1024))]),
    );
    expect(entries.map(({ path }) => path)).toEqual(['a.js']);
    expect(anomalies.map(({ kind }) => kind)).toEqual(['gzip-extra-member']);
  });
});

test('__proto__ and constructor are paths like any other', () => {
  const { entries } = read(npmTarball({ ['__proto__']: 'a', constructor: 'b', 'a/__proto__/b': 'c' }));
  expect(entries.map(({ path }) => path)).toContain('constructor');
});

test('an archive that is too large for memory is read as one that is not, for each file of the tests above', async () => {
  expect(files.length).toBeGreaterThan(80);
  for (const bytes of files) {
    const [whole, stored] = await bothReadings(bytes);
    expect(stored).toEqual(whole);
  }
});
