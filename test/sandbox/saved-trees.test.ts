import { createWriteStream, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LAYOUT, type EngineName, type SandboxSpec } from '../../src/sandbox/engine.ts';
import {
  detached,
  enginesUnderTest,
  LIMITS,
  openOn,
  sourceTar,
  temporary,
  testRootfs,
  type Opened,
} from './harness.ts';

const MINUTE = 60_000;
const ROOM = 1 << 30;
const engines = await enginesUnderTest();
const folder = temporary();
const fetchPhase = { phase: 'fetch' } as const;
let source: string;

beforeAll(async () => {
  await testRootfs();
  const tree = join(folder.path, 'source');
  mkdirSync(tree);
  writeFileSync(join(tree, 'index.js'), 'export {};\n');
  source = sourceTar(tree, join(folder.path, 'source.tar'));
}, 5 * MINUTE);
afterAll(() => folder.remove());

/** A sandbox with a fetch phase. */
function openFetching(name: EngineName, spec: Partial<SandboxSpec> = {}): Promise<Opened> {
  const phases = ['fetch', 'build', 'pack'] as const;
  return openOn(name, { sourceArchive: source, socketDirectory: folder.path, phases, ...spec });
}

function openRestored(
  name: EngineName,
  sourceArchive: string,
  spec: Partial<SandboxSpec> = {},
): Promise<Opened> {
  return openOn(name, { sourceArchive, unpackInto: LAYOUT.work, ...spec });
}

/** Saves a sandbox and gives the file, or null. */
async function save({ sandbox }: Opened, file: string, maxBytes = ROOM): Promise<string | null> {
  const into = createWriteStream(join(folder.path, file));
  const isSaved = await sandbox.save(into, maxBytes);
  into.end();
  await finished(into);
  return isSaved ? join(folder.path, file) : null;
}

/** Everything that a program could see of a tree, in the order in which folders list it. */
const SEEN = `cd /work && find . -mindepth 1 -printf '%p %y %m %U:%G %n %s %T@ %l\\n' | sed '/^[^ ]* d/s/ [0-9]* \\([0-9.]*\\) $/ \\1 /'
find . -type f -print0 | sort -z | xargs -0 sha256sum`;

const LARGE_TREE = `cd /work/source
mkdir -p node_modules/b/lib node_modules/a node_modules/.bin ../home/.npm empty locked
echo code > node_modules/b/lib/z.js; echo code > node_modules/b/lib/a.js; echo exec > node_modules/a/cli.js
chmod 755 node_modules/a/cli.js; chmod 400 node_modules/b/lib/a.js; chmod 2750 empty
ln node_modules/a/cli.js ../home/.npm/stored
ln -s ../a/cli.js node_modules/.bin/a; ln -s /opt/none node_modules/.bin/c; ln -s loop node_modules/.bin/loop
touch -d '2001-02-03 04:05:06.789012345Z' node_modules/b/lib/z.js; touch -h -d '2002-01-01Z' node_modules/.bin/a
echo odd > "$(printf 'line\\nbreak')"; echo odd > "$(printf 'latin\\351')"; echo odd > -n; echo odd > 'ünïcode'
long=$(printf 'd%.0s' $(seq 200)); mkdir -p "$long/$long"; echo deep > "$long/$long/$long"
mv node_modules/b node_modules/renamed
for n in 9 3 7 1 8; do echo $n > node_modules/$n; done; rm node_modules/7; echo back > node_modules/7
mkfifo pipe; echo x > locked/x; chmod 555 locked; touch -d '1999-01-01Z' locked node_modules`;

describe.each(engines)('%s', (name) => {
  test(
    'restores what was saved: bytes, links, modes, times, odd names, and the order of files',
    async () => {
      const fetched = await openFetching(name);
      await fetched.told(LARGE_TREE, fetchPhase);
      const file = await save(fetched, `${name}.tar`);
      const before = await fetched.told(SEEN);
      await fetched.sandbox.close();
      expect(before).toContain('./home/.npm/stored f 755 10001:10001 2 5');
      for (const other of engines) {
        const restored = await openRestored(other, file ?? '');
        expect(await restored.told(SEEN), other).toBe(before);
        await restored.sandbox.close();
      }
    },
    MINUTE,
  );

  test('attack: a fetch step cannot change what is saved once it has ended, nor come back', async () => {
    const fetched = await openFetching(name);
    const writer = `bash -c 'while :; do date +%N > /work/source/changing; done'`;
    await fetched.told(`${detached(writer)}; until [ -s changing ]; do :; done`, fetchPhase);
    const one = await save(fetched, `${name}-one.tar`);
    const restored = await openRestored(name, one ?? '');
    const saved = await restored.told('cat changing');
    expect(await fetched.told('sleep 0.2; cat changing')).toBe(saved);
    await expect(fetched.sh('true', fetchPhase)).rejects.toMatchObject({ code: 'internal' });
    await expect(restored.sh('true', fetchPhase)).rejects.toMatchObject({ code: 'internal' });
    await fetched.sandbox.close();
    await restored.sandbox.close();
  });

  test('attack: a build step cannot reach the file that it was restored from', async () => {
    const fetched = await openFetching(name);
    await fetched.told('echo kept > kept', fetchPhase);
    const file = (await save(fetched, `${name}-reach.tar`)) ?? '';
    const { size, mtimeMs } = statSync(file);
    await fetched.told('echo more > kept');
    await fetched.sandbox.close();
    const restored = await openRestored(name, file);
    expect(
      await restored.told(`cat kept; wc -c < ${LAYOUT.sourceArchive}; ls ${file} 2>&1 | tail -c 26`),
    ).toBe('kept\n0\nNo such file or directory\n');
    expect(await restored.sh(`echo poison >> ${LAYOUT.sourceArchive}`)).toMatchObject({ exitCode: 1 });
    await restored.sandbox.close();
    expect(statSync(file)).toMatchObject({ size, mtimeMs });
  });

  test.each([
    ['a folder that cannot be read', 'mkdir none; echo x > none/x; chmod 0 none'],
    ['a file that cannot be read', 'echo x > none; chmod 0 none'],
    ['more than is wanted', 'head -c 2M /dev/zero > large'],
    ['more than is wanted, most of it a hole', 'truncate -s 100M large'],
  ])('does not save a tree with %s, and builds on', async (what, line) => {
    const fetched = await openFetching(name);
    await fetched.told(line, fetchPhase);
    expect(await save(fetched, `${name}-not.tar`, 1 << 20), what).toBeNull();
    expect(await fetched.told('ls index.js')).toBe('index.js\n');
    await fetched.sandbox.close();
  });

  test('builds on when the stream breaks into which it saves', async () => {
    const fetched = await openFetching(name);
    await fetched.told('head -c 20M /dev/urandom > large', fetchPhase);
    const into = new PassThrough();
    into.once('data', () => into.destroy());
    await fetched.sandbox.save(into, ROOM);
    expect(into.destroyed).toBe(true);
    expect(await fetched.told('wc -c < large')).toBe(`${20 << 20}\n`);
    await fetched.sandbox.close();
  });

  test('a slow reader gets all of it', async () => {
    const fetched = await openFetching(name);
    await fetched.told('head -c 8M /dev/urandom > large', fetchPhase);
    const into = new PassThrough();
    let size = 0;
    const reading = (async () => {
      for await (const chunk of into as AsyncIterable<Uint8Array>) {
        size += chunk.length;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    })();
    expect(await fetched.sandbox.save(into, ROOM)).toBe(true);
    into.end();
    await reading;
    expect(size).toBeGreaterThan(8 << 20);
    await fetched.sandbox.close();
  });

  test(
    'what is restored is not charged to the memory of the build',
    async () => {
      const limits = { ...LIMITS, memoryBytes: 192 << 20, diskBytes: 512 << 20 };
      const fetched = await openFetching(name, { limits });
      await fetched.told('head -c 120M /dev/zero > large', fetchPhase);
      const file = await save(fetched, `${name}-large.tar`);
      await fetched.sandbox.close();
      const restored = await openRestored(name, file ?? '', { limits });
      expect(await restored.told('cp large copy && wc -c < copy')).toBe(`${120 << 20}\n`);
      await restored.sandbox.close();
    },
    MINUTE,
  );

  test('a tree that does not fit is refused, and what is no tree', async () => {
    const fetched = await openFetching(name);
    await fetched.told('head -c 2M /dev/zero > large', fetchPhase);
    const large = await save(fetched, `${name}-2M.tar`);
    await fetched.sandbox.close();
    const none = join(folder.path, `${name}-none.tar`);
    writeFileSync(none, 'x'.repeat(20_000));
    for (const [file, limits] of [
      [large ?? '', { ...LIMITS, diskBytes: 1 << 20 }],
      [none, LIMITS],
    ] as const) {
      const restored = await openRestored(name, file, { limits });
      expect(await restored.sh('true')).toMatchObject({ kind: 'source-refused' });
      await restored.sandbox.close();
    }
  });
});
