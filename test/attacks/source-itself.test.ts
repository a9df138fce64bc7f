import { afterAll, beforeAll, describe, test, type TestContext } from 'vitest';
import { type Expected, expectOutcome } from '../support/attack-suite.ts';
import type { Row } from '../support/attack-rows.ts';
import { PAYLOAD } from '../support/incidents.ts';
import { packageTarball } from '../support/registry.ts';
import { manifestOf, SMALL_LIMITS, ENGINE, TestWorld } from '../support/world.ts';

const engine = ENGINE;
const FILES = { 'index.js': 'module.exports = 1;\n' };
const PUBLISHED_AT = '2024-03-01T12:08:00.000Z';

let world: TestWorld;
beforeAll(async () => {
  world = await TestWorld.open();
});
afterAll(() => world.close());

type Manifest = Readonly<Record<string, unknown>>;

/** A version before the one in question, as good as can be. */
function publishEarlier(name: string, manifest: Manifest = {}): void {
  const earlier = manifestOf(name, { ...manifest, version: '0.9.0' });
  const bytes = packageTarball(earlier, FILES);
  world.registry.publish({ manifest: earlier, bytes, time: '2024-02-28T12:00:00.000Z' });
}

interface Tried {
  readonly row: Row;
  readonly attack: string;
  readonly on: string;
  readonly expected: Expected;
}

async function verified(context: TestContext, { row, attack, on, expected }: Tried): Promise<void> {
  const limits = { ...SMALL_LIMITS, stepMs: 10_000 };
  const document = await world.verify(on, { engine, limits });
  const came = { ...document, normalizers: document.comparison?.normalizers ?? [] };
  expectOutcome(context, { row, attack, on, expected, came });
}

describe('what no rebuild sees is reproduced, with what points at it', () => {
  test('a hook that was committed (keyv)', async (context) => {
    const on = 'hook-in-source';
    const files = { ...FILES, 'setup.mjs': PAYLOAD };
    const manifest = { scripts: { preinstall: 'node setup.mjs' } };
    publishEarlier(on);
    world.source(on, files, manifest);
    world.publish(on, files, manifest);
    const expected: Expected = { verdict: 'reproduced', signals: ['install-script-new'] };
    await verified(context, { row: 14, attack: context.task.name, on, expected });
  });

  test('sabotage in code that was committed (node-ipc, colors): nothing points at it', async (context) => {
    const on = 'sabotage-in-source';
    const files = { 'index.js': `${FILES['index.js']}${PAYLOAD}` };
    publishEarlier(on);
    world.source(on, files);
    world.publish(on, files);
    const expected: Expected = { verdict: 'reproduced', signals: [] };
    await verified(context, { row: 14, attack: context.task.name, on, expected });
  });

  test('a dependency that nobody verified (event-stream)', async (context) => {
    const on = 'dependency-in-source';
    const manifest = { dependencies: { 'flatmap-stream': '^0.1.1' } };
    publishEarlier(on);
    world.source(on, FILES, manifest);
    world.publish(on, FILES, manifest);
    const expected: Expected = { verdict: 'reproduced', signals: ['dependency-new-unused'] };
    await verified(context, { row: 14, attack: context.task.name, on, expected });
  });

  test('a dependency that is imported and that nobody verified: nothing points at it', async (context) => {
    const on = 'dependency-in-use';
    const files = { 'index.js': "module.exports = require('flatmap-stream');\n" };
    const manifest = { dependencies: { 'flatmap-stream': '^0.1.1' } };
    publishEarlier(on);
    world.source(on, files, manifest);
    world.publish(on, files, manifest);
    const expected: Expected = { verdict: 'reproduced', signals: [] };
    await verified(context, { row: 14, attack: context.task.name, on, expected });
  });

  test('a build tool that adds code to what it builds: nothing points at it', async (context) => {
    const on = 'built-by-a-bad-tool';
    const tool = { name: 'bad-tool', version: '1.0.0', main: 'index.js' };
    const addition = `module.exports = (code) => code + ${JSON.stringify(PAYLOAD)};\n`;
    const bytes = packageTarball(tool, { 'index.js': addition });
    world.registry.publish({ manifest: tool, bytes, time: '2024-01-01T00:00:00.000Z' });
    const build =
      "const fs = require('fs'); fs.mkdirSync('dist'); fs.writeFileSync('dist/index.js', require('bad-tool')('f();'));\n";
    const manifest = {
      files: ['dist'],
      main: 'dist/index.js',
      scripts: { build: 'node build.js' },
      devDependencies: { 'bad-tool': '1.0.0' },
    };
    publishEarlier(on, manifest);
    world.source(on, { 'build.js': build }, manifest);
    world.publish(on, { 'dist/index.js': `f();${PAYLOAD}` }, manifest);
    const expected: Expected = { verdict: 'reproduced', signals: [] };
    await verified(context, { row: 14, attack: context.task.name, on, expected });
  });
});

/** Publishes a version of the files, after all commits of a test. */
function publish(
  on: string,
  files: Readonly<Record<string, string>>,
  gitHead?: string,
  manifest: Manifest = {},
) {
  const packed = manifestOf(on, manifest);
  const bytes = packageTarball(packed, files);
  world.registry.publish({
    manifest: packed,
    bytes,
    time: PUBLISHED_AT,
    ...(gitHead !== undefined && { gitHead }),
  });
}

describe('a version that is not in its repository', () => {
  const BAD = { 'index.js': PAYLOAD };

  test('and never was', async (context) => {
    const on = 'never-tagged';
    world.source(on, FILES);
    publish(on, BAD, undefined, { version: '1.0.1' });
    const expected: Expected = { verdict: 'unverifiable', reason: 'source-not-found' };
    await verified(context, { row: 13, attack: 'a version that no tag and no commit names', on, expected });
  });

  test('but in a commit that only a fork has', async (context) => {
    const on = 'on-a-fork';
    const repository = world.source(on, FILES);
    repository.git('checkout', '-q', '-b', 'fork');
    const ghost = repository.commit(BAD);
    repository.git('checkout', '-q', 'main');
    repository.git('branch', '-q', '-D', 'fork');
    publish(on, BAD, ghost);
    const expected: Expected = {
      verdict: 'diverged',
      signals: ['commit-on-no-branch'],
      found: [['file-changed', 'high', 'index.js']],
    };
    await verified(context, { row: 13, attack: 'a commit on no branch and no tag', on, expected });
  });

  test('but in that of another package', async (context) => {
    const on = 'starjacking';
    world.source('famous', FILES);
    publish(on, BAD, undefined, { repository: 'https://git.example/owner/famous' });
    const expected: Expected = { verdict: 'unverifiable', reason: 'source-mismatch', severity: 'medium' };
    await verified(context, { row: 13, attack: 'the repository of another package', on, expected });
  });

  test('any more: the tag was moved to what was published (opensearch)', async (context) => {
    const on = 'tag-moved';
    const repository = world.source(on, FILES);
    const honest = repository.git('rev-parse', 'HEAD');
    repository.commit(BAD);
    repository.git('tag', '-f', 'v1.0.0');
    publish(on, BAD, honest);
    const expected: Expected = { verdict: 'reproduced', signals: ['source-evidence-disagrees'] };
    const attack = 'a tag moved to the bad commit, and a registry that names the one before (opensearch)';
    await verified(context, { row: 13, attack, on, expected });
  });

  test('any more, and nothing says so', async (context) => {
    const on = 'tag-moved-unseen';
    const repository = world.source(on, FILES);
    repository.commit(BAD);
    repository.git('tag', '-f', 'v1.0.0');
    publish(on, BAD);
    const expected: Expected = { verdict: 'reproduced', signals: [] };
    const attack = 'a tag moved before the first look: nothing points at it';
    await verified(context, { row: 13, attack, on, expected });
  });
});

describe('a build that fails is never a difference', () => {
  test.for<[attack: string, build: string, reason: NonNullable<Expected['reason']>]>([
    ['it exits with an error', 'process.exit(7)', 'build-failed'],
    ['it never ends', 'setInterval(() => {}, 1000)', 'timed-out'],
    [
      'it needs the network',
      "fetch('https://collect.example').catch((error) => { console.error(error); process.exit(1); })",
      'build-failed',
    ],
    ['its dependency is gone', "require('gone')", 'fetch-failed'],
  ])('%s', async ([attack, build, reason], context) => {
    const on = attack.replaceAll(' ', '-');
    const manifest = {
      files: ['dist'],
      main: 'dist/index.js',
      scripts: { build: 'node build.js' },
      ...(reason === 'fetch-failed' && { devDependencies: { gone: '1.0.0' } }),
    };
    world.source(on, { 'build.js': `${build};\n` }, manifest);
    world.publish(on, { 'dist/index.js': PAYLOAD }, manifest);
    await verified(context, { row: 17, attack, on, expected: { verdict: 'unverifiable', reason } });
  });
});
