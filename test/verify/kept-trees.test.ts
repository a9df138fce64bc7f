import { readdirSync, readFileSync, statSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ResultDocument } from '../../src/report/document.ts';
import type { EngineName } from '../../src/sandbox/engine.ts';
import { ENGINE, TEST_ENGINES, TestWorld } from '../support/world.ts';

let world: TestWorld;
beforeAll(async () => {
  world = await TestWorld.open({ ownTrees: true });
  world.registry.publish({
    manifest: { name: 'tool', version: '1.0.0' },
    bytes: world.publish('tool', { 'index.js': "module.exports = 'tool';\n" }),
    time: '2024-01-01T00:00:00.000Z',
  });
});
afterAll(() => world.close());

/** Tells what a build can see of how its tree came to be, and of a git that may think it changed. */
const BUILD = `const { mkdirSync, writeFileSync } = require('fs');
const { spawnSync } = require('child_process');
const { status } = spawnSync('git', ['diff-index', '--quiet', 'HEAD', '--']);
mkdirSync('dist');
writeFileSync('dist/out.js', \`// \${require('tool')}, \${status === 0 ? 'clean' : 'dirty'}\\n\`);
`;

function manifest(changes: Readonly<Record<string, unknown>> = {}) {
  return {
    files: ['dist'],
    scripts: { build: 'node build.js' },
    devDependencies: { tool: '^1.0.0' },
    ...changes,
  };
}

function builtPackage(name: string, changes?: Readonly<Record<string, unknown>>): void {
  world.source(name, { 'build.js': BUILD }, manifest(changes));
  world.publish(name, { 'dist/out.js': '// tool, clean\n' }, manifest(changes));
}

/** A package of which the registry has the document and refuses the artifact. */
function refusedPackage(name: string): void {
  world.registry.publish({
    manifest: { name, version: '1.0.0' },
    bytes: world.publish(name, { 'index.js': '1\n' }),
    time: '2024-01-01T00:00:00.000Z',
  });
  world.registry.fault(`/${name}/-/${name}-1.0.0.tgz`, { kind: 'answer', status: 403, body: 'not now' });
}

async function verified(
  name: string,
  engine: EngineName,
): Promise<{ document: ResultDocument; fetched: readonly string[] }> {
  const fetched: string[] = [];
  const document = await world.verify(name, {
    engine,
    onStep: (step) => {
      if (step.phase === 'fetch') fetched.push(step.name);
    },
  });
  return { document, fetched };
}

function withoutTimes(document: ResultDocument): unknown {
  const attempts = document.attempts.map((attempt) => ({ ...attempt, durationMs: 0 }));
  return { ...document, attempts, timings: null };
}

const trees = () => readdirSync(path.join(world.cacheDir, 'fetched'));
const INSTALL = 'install as of the publish time';
const KEPT = `${INSTALL} (kept from an earlier rebuild)`;

describe.each(TEST_ENGINES)('%s', (engine) => {
  it('gives the same document but for times when it need not fetch again', async () => {
    const name = `twice-${engine}`;
    builtPackage(name);
    const first = await verified(name, engine);
    const second = await verified(name, engine);
    expect(first.document).toMatchObject({ verdict: 'reproduced', rebuilt: { materials: 1 } });
    expect([first.fetched, second.fetched]).toEqual([[INSTALL], [KEPT]]);
    expect(withoutTimes(second.document)).toEqual(withoutTimes(first.document));
  });

  it('fetches again when the tree is damaged, and keeps the new one', async () => {
    const name = `damaged-${engine}`;
    builtPackage(name);
    const before = new Set(trees());
    const first = await verified(name, engine);
    expect(first.document.verdict).toBe('reproduced');
    const [key = ''] = trees().filter((one) => !before.has(one));
    expect(key).not.toBe('');
    const file = path.join(world.cacheDir, 'fetched', key, 'tree.tar');
    const { size } = statSync(file);
    truncateSync(file, size - 10_000);
    const second = await verified(name, engine);
    expect(second.fetched).toEqual([KEPT, INSTALL]);
    expect(withoutTimes(second.document)).toEqual(withoutTimes(first.document));
    expect(statSync(file).size).toBeGreaterThan(size - 10_000);
    expect((await verified(name, engine)).fetched).toEqual([KEPT]);
  });
});

const engine = ENGINE;

it('is kept for every engine', async () => {
  builtPackage('engines');
  const fetched = [];
  for (const one of TEST_ENGINES) fetched.push(...(await verified('engines', one)).fetched);
  expect(fetched).toEqual([INSTALL, ...TEST_ENGINES.slice(1).map(() => KEPT)]);
});

it('tells of what a fetch had to let in, however long ago it was', async () => {
  // A registry that has every version at once, as one that was filled later has.
  world.registry.publish({
    manifest: { name: 'late', version: '1.0.0' },
    bytes: world.publish('late', { 'index.js': '1\n' }),
    time: '2024-06-01T00:00:00.000Z',
  });
  world.registry.alter('late', ({ time, ...rest }) => ({
    ...rest,
    time: { ...(time as object), created: undefined },
  }));
  builtPackage('repaired', { devDependencies: { tool: '^1.0.0', late: '^1.0.0' } });
  const first = await verified('repaired', engine);
  const second = await verified('repaired', engine);
  expect(second.fetched).toEqual([KEPT]);
  expect(first.document.attempts[0]?.repairs).toHaveLength(1);
  expect(first.document.signals.map(({ kind }) => kind)).toContain('registry-history-repaired');
  expect(withoutTimes(second.document)).toEqual(withoutTimes(first.document));
});

it('is not kept of a fetch that failed', async () => {
  refusedPackage('refused');
  builtPackage('failing', { devDependencies: { refused: '1.0.0' } });
  const before = trees();
  const { document } = await verified('failing', engine);
  expect(document.reason?.code).toBe('fetch-failed');
  expect(trees()).toEqual(before);
});

it('is not kept of a fetch that did without what the registry just could not serve', async () => {
  refusedPackage('extra');
  builtPackage('without', { optionalDependencies: { extra: '1.0.0' } });
  const before = trees();
  const { document } = await verified('without', engine);
  expect(document).toMatchObject({ verdict: 'reproduced', rebuilt: { materials: 1 } });
  expect(trees()).toEqual(before);
});

it('is another for another commit', async () => {
  builtPackage('moving');
  await verified('moving', engine);
  const repository = world.repository('moving');
  repository.git('tag', '-d', 'v1.0.0');
  repository.commit({ 'build.js': `${BUILD}// more\n` });
  repository.tag('v1.0.0');
  expect((await verified('moving', engine)).fetched).toEqual([INSTALL]);
});

it('leaves nothing else in the cache folder', () => {
  expect(readdirSync(path.join(world.cacheDir, 'tmp'))).toEqual([]);
  const kept = trees().flatMap((key) => readdirSync(path.join(world.cacheDir, 'fetched', key)));
  expect(new Set(kept)).toEqual(new Set(['tree.json', 'tree.tar']));
  const [one = ''] = trees();
  expect(readFileSync(path.join(world.cacheDir, 'fetched', one, 'tree.json'), 'utf8')).not.toContain('http');
});
