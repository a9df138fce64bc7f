import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { EngineName, Limits } from '../../src/sandbox/engine.ts';
import {
  detached,
  enginesUnderTest,
  LIMITS,
  openOn,
  processesWith,
  sourceTar,
  temporary,
  testRootfs,
  type Opened,
} from './harness.ts';

const MINUTE = 60_000;
const engines = await enginesUnderTest();
const folder = temporary();
/** Makes what runs in a sandbox recognisable among the host's processes, beside other runs of these tests. */
const mark = process.pid;
let source: string;

beforeAll(async () => {
  await testRootfs();
  const tree = join(folder.path, 'source');
  mkdirSync(join(tree, 'lib'), { recursive: true });
  writeFileSync(join(tree, 'index.js'), 'export {};\n');
  source = sourceTar(tree, join(folder.path, 'source.tar'));
}, 5 * MINUTE);
afterAll(() => folder.remove());

describe.each(engines)('%s', (name: EngineName) => {
  const open: Opened[] = [];
  const small = async (limits: Partial<Limits>): Promise<Opened> => {
    const box = await openOn(name, { sourceArchive: source, limits: { ...LIMITS, ...limits } });
    open.push(box);
    return box;
  };
  afterEach(async () => {
    for (const box of open.splice(0)) await box.sandbox.close();
  });

  test('attack: a fork bomb', { timeout: MINUTE }, async () => {
    const box = await small({ processes: 48, stepMs: 8000 });
    const outcome = await box.sh(`bomb() { bomb 1.4142${mark} | bomb & }; bomb; sleep 60`);
    expect(outcome).toMatchObject({ kind: 'limit', limit: 'processes' });
    await box.sandbox.close();
    expect(processesWith(`1.4142${mark}`)).toEqual([]);
  });

  test('attack: more processes than allowed, in a step that gives up', { timeout: MINUTE }, async () => {
    const box = await small({ processes: 32, stepMs: 30_000 });
    const spawn =
      'perl -e \'for (1..100) { defined(my $p = fork) or die "no more\\n"; if (!$p) { sleep 60; exit } }\'';
    expect(await box.sh(spawn)).toMatchObject({ kind: 'limit', limit: 'processes' });
  });

  test('attack: filling the disk', { timeout: MINUTE }, async () => {
    const box = await small({ diskBytes: 16 << 20 });
    expect(await box.sh('cat /dev/zero > /work/home/x')).toMatchObject({ kind: 'limit', limit: 'disk' });
  });

  test('attack: filling the disk through /tmp, and hiding it', { timeout: MINUTE }, async () => {
    const box = await small({ diskBytes: 16 << 20 });
    expect(await box.sh('cat /dev/zero > /tmp/x || { rm /tmp/x; exit 1; }')).toMatchObject({
      kind: 'limit',
      limit: 'disk',
    });
  });

  test('attack: filling the disk with empty files', { timeout: MINUTE }, async () => {
    const box = await small({ diskBytes: 4 << 20 });
    const many = 'perl -e \'for (1..100000) { open(my $f, ">", "f$_") or die "full\\n" }\'';
    expect(await box.sh(many)).toMatchObject({ kind: 'limit', limit: 'disk' });
  });

  test('attack: a source that is larger than the disk', { timeout: MINUTE }, async () => {
    const tree = join(folder.path, `${name}-large`);
    mkdirSync(tree);
    writeFileSync(join(tree, 'large'), Buffer.alloc(8 << 20, 1));
    const sourceArchive = sourceTar(tree, join(folder.path, `${name}-large.tar`));
    const box = await openOn(name, { sourceArchive, limits: { ...LIMITS, diskBytes: 4 << 20 } });
    open.push(box);
    expect(await box.sh('true')).toMatchObject({ kind: 'limit', limit: 'disk' });
  });

  test('attack: eating memory', { timeout: MINUTE }, async () => {
    const box = await small({ memoryBytes: 96 << 20 });
    const eat = 'perl -e \'$x .= "a" x 1000000 for 1..2000\'';
    expect(await box.sh(eat)).toMatchObject({ kind: 'limit', limit: 'memory' });
  });

  test('attack: eating memory through /dev/shm', { timeout: MINUTE }, async () => {
    const box = await small({});
    expect(await box.sh('head -c 100M /dev/zero > /dev/shm/x')).toMatchObject({
      kind: 'limit',
      limit: 'disk',
    });
  });

  test('attack: never ending, deaf to signals, with children', { timeout: MINUTE }, async () => {
    const box = await small({ stepMs: 2000 });
    const deaf = `trap : TERM INT HUP; echo started; ${detached(`sleep 57721.5${mark}`)}; while :; do sleep 57721.5${mark}; done`;
    expect(await box.sh(deaf)).toEqual({ kind: 'timed-out', log: 'started\n' });
    await box.sandbox.close();
    expect(processesWith(`57721.5${mark}`)).toEqual([]);
  });

  test('attack: printing forever', { timeout: MINUTE }, async () => {
    const box = await small({ stepMs: 2000, logBytes: 5000 });
    const outcome = await box.sh('i=0; while :; do echo $((i++)); done');
    expect(outcome.kind).toBe('timed-out');
    expect(outcome.log.length).toBeLessThan(5100);
    expect(outcome.log).toMatch(/not kept[^\n]*\n/);
    expect(outcome.log).toMatch(/\n[0-9]{4,}\n/);
  });

  test('a sandbox is over after a step that met a limit', { timeout: MINUTE }, async () => {
    const box = await small({ diskBytes: 4 << 20 });
    await box.sh('cat /dev/zero > /work/x');
    await expect(box.sh('true')).rejects.toMatchObject({ code: 'engine-failed' });
  });

  test('no core is dumped', { timeout: MINUTE }, async () => {
    const box = await small({});
    expect(await box.told(`ulimit -c; perl -e 'kill 6, $$' || ls -A`)).toMatch(
      /^0\n.*Aborted.*\nindex.js\nlib\n$/,
    );
  });
});
