import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TreeSlot, treeKey, type FetchRecord, type TreeIngredients } from '../src/fetched-trees.ts';
import type { RebuildPlan, Step } from '../src/model/plan.ts';
import { ownerName } from '../src/owner.ts';
import { temporaryFolder } from './support/repository.ts';

let temporary: ReturnType<typeof temporaryFolder>;
let folder: string;
beforeEach(() => {
  temporary = temporaryFolder();
  folder = path.join(temporary.path, 'fetched');
});
afterEach(() => temporary.dispose());

const RECORD: FetchRecord = {
  materials: [
    {
      name: 'a',
      version: '1.0.0',
      uri: 'pkg:npm/a@1.0.0',
      sha512: 'ab',
      size: 1,
      license: 'MIT',
      afterCutoff: false,
    },
  ],
  repairs: ['a@1.0.0: why', 'b@1.0.0: gone'],
  standIns: ['b@1.0.0: gone'],
  skipped: ['a step'],
};
const MEBIBYTE = 1024 * 1024;

const slotOf = (key: string, maxBytes = 100 * MEBIBYTE) => new TreeSlot({ folder, key, maxBytes });
const saving = (text: string) => async (into: Writable) => {
  into.write(text);
  return true;
};

async function keep(key: string, text: string, maxBytes?: number): Promise<void> {
  const slot = slotOf(key, maxBytes);
  await slot.keep(RECORD, saving(text));
  await slot.settled();
}

/** A folder of one rebuild. */
function place(): string {
  const made = path.join(temporary.path, `place-${readdirSync(temporary.path).length}`);
  mkdirSync(made);
  return made;
}

describe('a kept tree', () => {
  it('is found with what was said beside it', async () => {
    await keep('one', 'the tree');
    const tree = await slotOf('one').find(place());
    expect(tree?.record).toEqual(RECORD);
    expect(readFileSync(tree?.archive ?? '', 'utf8')).toBe('the tree');
    expect(await tree?.isIntact()).toBe(true);
  });

  it('is not found under another key', async () => {
    await keep('one', 'the tree');
    expect(await slotOf('other').find(place())).toBeNull();
  });

  it.each([
    ['shorter', (file: string) => truncateSync(file, 3)],
    ['changed', (file: string) => writeFileSync(file, 'the trEe')],
    ['longer', (file: string) => writeFileSync(file, 'the tree and more')],
    ['gone while it is read', (file: string) => rmSync(file)],
  ])('that is %s is not intact', async (_what, damage) => {
    await keep('one', 'the tree');
    const tree = await slotOf('one').find(place());
    damage(tree?.archive ?? '');
    expect(await tree?.isIntact()).toBe(false);
  });

  it('whose description is damaged is none', async () => {
    await keep('one', 'the tree');
    const file = path.join(folder, 'one', 'tree.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"a"', '"b"'));
    expect(await slotOf('one').find(place())).toBeNull();
  });

  it('takes the place of what is left of one', async () => {
    mkdirSync(path.join(folder, 'one'), { recursive: true });
    writeFileSync(path.join(folder, 'one', 'tree.tar'), 'half of');
    await keep('one', 'the tree');
    expect(await (await slotOf('one').find(place()))?.isIntact()).toBe(true);
  });

  it('can be read on when another process removes it', async () => {
    await keep('one', 'the tree');
    const tree = await slotOf('one').find(place());
    await slotOf('one').drop();
    expect(existsSync(path.join(folder, 'one'))).toBe(false);
    expect(await tree?.isIntact()).toBe(true);
  });

  it('is kept once when many processes keep it at once', async () => {
    await Promise.all(Array.from({ length: 8 }, () => keep('one', 'the tree')));
    expect(readdirSync(folder)).toEqual(['one']);
    expect(await (await slotOf('one').find(place()))?.isIntact()).toBe(true);
  });
});

describe('nothing is kept', () => {
  it('of a tree that could not be saved', async () => {
    const slot = slotOf('one');
    await slot.keep(RECORD, async (into) => {
      into.write('half of');
      return false;
    });
    await slot.settled();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('of a tree larger than a quarter of the room', async () => {
    await keep('one', 'x'.repeat(26), 100);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('when saving throws, which is said', async () => {
    const failing = slotOf('one').keep(RECORD, () => Promise.reject(new Error('The engine failed.')));
    await expect(failing).rejects.toThrow('The engine failed.');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('where nothing is to be kept, and nothing found', async () => {
    await keep('one', 'the tree');
    await keep('two', 'the tree', 0);
    expect(readdirSync(folder)).toEqual(['one']);
    expect(await slotOf('one', 0).find(place())).toBeNull();
  });

  it('where the folder cannot be made', async () => {
    writeFileSync(folder, '');
    await keep('one', 'the tree');
    expect(await slotOf('one').find(place())).toBeNull();
  });

  it('of what a killed process left half-written', async () => {
    // Our process id, but started at another time.
    const gone = ownerName().replace(/\.[0-9]+$/, '.1');
    mkdirSync(path.join(folder, `new-${gone}-abcdef`), { recursive: true });
    mkdirSync(path.join(folder, `new-${ownerName()}-abcdef`));
    await keep('one', 'the tree');
    expect(readdirSync(folder)).toEqual([`new-${ownerName()}-abcdef`, 'one']);
  });
});

describe('room is made', () => {
  const used = (key: string, at: number) => utimesSync(path.join(folder, key), at, at);

  it('by removing what was not used for the longest time', async () => {
    for (const key of ['a', 'b', 'c', 'd']) await keep(key, 'x'.repeat(25), 100);
    for (const [index, key] of ['b', 'a', 'd', 'c'].entries()) used(key, 1000 + index);
    await slotOf('b', 100).find(place());
    await keep('e', 'x'.repeat(25), 100);
    expect(readdirSync(folder)).toEqual(['b', 'c', 'd', 'e']);
    expect(statSync(path.join(folder, 'b')).mtimeMs).toBeGreaterThan(2_000_000);
  });

  it('for as much as is needed', async () => {
    for (const key of ['a', 'b', 'c', 'd']) await keep(key, 'x'.repeat(10), 40);
    for (const [index, key] of ['a', 'b', 'c', 'd'].entries()) used(key, 1000 + index);
    await keep('e', 'x'.repeat(5), 20);
    expect(readdirSync(folder)).toEqual(['d', 'e']);
  });
});

describe('the key of a tree', () => {
  const fetch: Step = {
    name: 'install',
    phase: 'fetch',
    argv: ['npm', 'ci'],
    cwd: '/work/source',
    env: { A: 'b' },
    optional: false,
  };
  const build: Step = { ...fetch, name: 'build', phase: 'build', argv: ['npm', 'run', 'build'] };
  const plan: RebuildPlan = {
    strategy: 'install-build-pack',
    toolchain: { node: '24.0.0' },
    evidence: [],
    registryTime: '2024-01-01T00:00:00.000Z',
    clock: '2024-01-01T00:00:00.000Z',
    steps: [fetch, build],
    withGit: true,
    conclusive: true,
    fallback: false,
    output: '/work/output',
  };
  const made: TreeIngredients = {
    plan,
    source: { repository: 'https://git.example/a', commit: 'a'.repeat(40), missing: [] },
    git: { ref: 'refs/tags/v1', object: 'b'.repeat(40) },
    registry: '["subject"]',
    tools: [{ name: 'node', version: '24.0.0', integrity: 'sha512-a' }],
    mounts: [{ source: '/cache/node', target: '/opt/node' }],
    layerDigest: 'c'.repeat(64),
    limits: { memoryBytes: 1, diskBytes: 2, processes: 3, stepMs: 4, logBytes: 5 },
  };
  const withFetch = (change: Partial<Step>): Partial<TreeIngredients> => ({
    plan: { ...plan, steps: [{ ...fetch, ...change }, build] },
  });

  it.each<[string, Partial<TreeIngredients>]>([
    ['commit', { source: { ...made.source, commit: 'd'.repeat(40) } }],
    ['file that is missing', { source: { ...made.source, missing: ['large.bin'] } }],
    ['repository', { source: { ...made.source, repository: 'https://git.example/b' } }],
    ['lack of a .git', { git: null }],
    ['ref in .git', { git: { ref: null, object: 'b'.repeat(40) } }],
    ['tag object in .git', { git: { ref: 'refs/tags/v1', object: null } }],
    ['command', withFetch({ argv: ['npm', 'install'] })],
    ['directory of a command', withFetch({ cwd: '/work/source/a' })],
    ['environment of a command', withFetch({ env: { A: 'c' } })],
    ['optionality of a command', withFetch({ optional: true })],
    ['number of commands', { plan: { ...plan, steps: [fetch, fetch, build] } }],
    ['time of the registry', { plan: { ...plan, registryTime: '2024-01-02T00:00:00.000Z' } }],
    ['registry or subject', { registry: '["other"]' }],
    ['integrity of a tool', { tools: [{ name: 'node', version: '24.0.0', integrity: 'sha512-b' }] }],
    ['mount', { mounts: [{ source: '/cache/node', target: '/opt/other' }] }],
    ['root file system', { layerDigest: 'd'.repeat(64) }],
    ['limit on memory', { limits: { ...made.limits, memoryBytes: 9 } }],
    ['limit on the disk', { limits: { ...made.limits, diskBytes: 9 } }],
    ['limit on processes', { limits: { ...made.limits, processes: 9 } }],
  ])('is another for another %s', (_what, change) => {
    expect(treeKey({ ...made, ...change })).not.toBe(treeKey(made));
  });

  it.each<[string, Partial<TreeIngredients>]>([
    ['way of building', { plan: { ...plan, strategy: 'install-pack', steps: [fetch] } }],
    ['clock of the build', { plan: { ...plan, clock: '2025-01-01T00:00:00.000Z' } }],
    ['limit on time', { limits: { ...made.limits, stepMs: 9 } }],
  ])('is the same for another %s', (_what, change) => {
    expect(treeKey({ ...made, ...change })).toBe(treeKey(made));
  });
});
