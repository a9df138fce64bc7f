import { hash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeChecksum, gzipOf } from '../support/tarball.ts';
import { ENGINE, TEST_ENGINES, TestWorld } from '../support/world.ts';

let world: TestWorld;
let published: Uint8Array;
const FILES = {
  'index.js': 'module.exports = 1;\n',
  'lib/helper.js': 'module.exports = 2;\n',
  'README.md': '# plain\n',
};

beforeAll(async () => {
  world = await TestWorld.open();
  const repository = world.source('plain', FILES);
  published = await world.publishPacked('plain', repository);
});
afterAll(() => world.close());

/** The published tarball with its tar stream changed by hand. */
function tampered(name: string, change: (tar: Buffer) => Buffer): string {
  const file = path.join(world.folder.path, `${name}.tgz`);
  const tar = change(Buffer.from(gunzipSync(published)));
  writeFileSync(file, gzipOf(tar, { extraFlags: 2, operatingSystem: 255 }));
  return file;
}

/** Where the header block of an entry starts. */
function headerOf(tar: Buffer, entry: string): number {
  for (let at = 0; at < tar.length; at += 512) {
    if (tar.toString('latin1', at, at + entry.length + 1) === `${entry}\0`) return at;
  }
  throw new Error(`no ${entry}`);
}

describe.each(TEST_ENGINES)('%s', (engine) => {
  it('reproduces a package published from its commit, to the byte', async () => {
    const document = await world.verify('plain', { engine });
    expect(document).toMatchObject({
      verdict: 'reproduced',
      level: 'bytes',
      severity: 'none',
      reason: null,
      source: { ref: 'refs/tags/v1.0.0', directory: '.' },
      comparison: { entries: { total: 4, verbatim: 4, unexplained: 0 } },
      sandbox: { engine },
      findings: [],
    });
    expect(document.rebuilt?.digests).toEqual(document.subject.digests);
  });

  it('reproduces a build whose result depends on the clock, with its dependency from the registry only', async () => {
    const dependency = world.publish('year', {
      'index.js': 'module.exports = () => new Date().getUTCFullYear();\n',
    });
    world.registry.publish({
      manifest: { name: 'year', version: '1.0.0', license: 'MIT' },
      bytes: dependency,
      time: '2024-01-01T00:00:00.000Z',
    });
    const manifest = {
      files: ['dist'],
      main: 'dist/out.js',
      scripts: { build: 'node build.js' },
      devDependencies: { year: '^1.0.0' },
    };
    const build =
      "const fs = require('fs'); fs.mkdirSync('dist'); fs.writeFileSync('dist/out.js', `// ${require('year')()}\\n`);\n";
    const name = `built-${engine}`;
    const repository = world.source(name, { 'build.js': build }, manifest);
    world.publish(name, { 'dist/out.js': '// 2024\n' }, manifest);
    const document = await world.verify(name, { engine });
    expect(document).toMatchObject({
      verdict: 'reproduced',
      rebuilt: { materials: 1 },
      plan: { strategy: 'install-build-pack' },
      registry: world.registry.url,
      source: { tree: repository.git('rev-parse', 'HEAD^{tree}').trim() },
      materials: [
        {
          uri: 'pkg:npm/year@1.0.0',
          sha512: hash('sha512', dependency),
          size: dependency.byteLength,
          license: 'MIT',
          afterCutoff: false,
        },
      ],
    });
    expect(document.comparison?.entries).toMatchObject({ total: 2, rebuilt: 1, verbatim: 1 });
  });
});

const engine = ENGINE;

describe('a changed artifact is diverged, and the path is named', () => {
  it.each([
    [
      'one byte',
      'index.js',
      'file-changed',
      (tar: Buffer) => {
        tar[headerOf(tar, 'package/index.js') + 512 + 17] = 0x39;
        return tar;
      },
    ],
    [
      'the mode',
      'index.js',
      'mode-changed',
      (tar: Buffer) => {
        const at = headerOf(tar, 'package/index.js');
        tar.write('000755 ', at + 100, 'latin1');
        writeChecksum(tar.subarray(at, at + 512));
        return tar;
      },
    ],
  ] as const)('%s of index.js', async (name, file, kind, change) => {
    const document = await world.verify(tampered(name.replaceAll(' ', '-'), change), { engine });
    expect(document.verdict).toBe('diverged');
    expect(document.level).toBeNull();
    expect(document.findings.map((finding) => [finding.kind, finding.path])).toContainEqual([kind, file]);
    expect(document.signals.map((signal) => signal.kind)).toContain('not-the-registry-artifact');
  });

  it('with a file added', async () => {
    world.source('added', FILES);
    world.publish('added', { ...FILES, 'lib/extra.js': 'fetch("https://collect.example");\n' });
    const document = await world.verify('added', { engine });
    expect(document).toMatchObject({ verdict: 'diverged', severity: 'high' });
    expect(document.findings.map((finding) => [finding.kind, finding.path])).toContainEqual([
      'file-added',
      'lib/extra.js',
    ]);
  });

  it('with a postinstall script added', async () => {
    world.source('hooked', FILES);
    world.publish('hooked', FILES, { scripts: { postinstall: 'node lib/helper.js' } });
    const document = await world.verify('hooked', { engine });
    expect(document).toMatchObject({ verdict: 'diverged', severity: 'critical' });
    expect(document.findings.map((finding) => [finding.kind, finding.path])).toContainEqual([
      'lifecycle-script-added',
      'package.json',
    ]);
  });

  it('with only a dependency added', async () => {
    world.source('depending', FILES);
    world.publish('depending', FILES, { dependencies: { 'plain-crypto': '^1.0.0' } });
    const document = await world.verify('depending', { engine });
    expect(document.verdict).toBe('diverged');
    expect(document.findings.map((finding) => finding.kind)).toContain('dependency-added');
  });

  it('and the change of a bundle is shown', async () => {
    world.source('shown', FILES);
    world.publish('shown', { ...FILES, 'index.js': `${FILES['index.js']}steal(process.env);\n` });
    const document = await world.verify('shown', { engine });
    const finding = document.findings.find((one) => one.path === 'index.js');
    expect(finding?.evidence['diff']).toContain('+steal(process.env);');
  });

  it('a payload that is a blob of the commit at another path explains nothing', async () => {
    world.source('moved', { ...FILES, 'test/malware.js': 'payload();\n' });
    world.publish('moved', { ...FILES, 'test/malware.js': 'payload();\n', 'index.js': 'payload();\n' });
    const document = await world.verify('moved', { engine });
    expect(document.findings.map((finding) => [finding.kind, finding.path])).toContainEqual([
      'file-changed',
      'index.js',
    ]);
  });
});

it('a build cannot copy the artifact that it is to reproduce', async () => {
  const manifest = {
    files: ['dist'],
    scripts: {
      build: "node -e \"require('fs').cpSync('node_modules/copycat/dist', 'dist', { recursive: true })\"",
    },
    devDependencies: { copycat: '1.0.0' },
  };
  world.source('copycat', {}, manifest);
  world.publish('copycat', { 'dist/index.js': 'steal(process.env);\n' }, manifest);
  const document = await world.verify('copycat', { engine });
  expect([document.verdict, document.reason?.code]).toEqual(['unverifiable', 'fetch-failed']);
});

describe('a source that cannot give the package', () => {
  it('whose build fails is unverifiable, with its log', async () => {
    const manifest = {
      files: ['dist'],
      scripts: { build: 'node -e "console.log(\'cannot go on\'); process.exit(7)"' },
    };
    world.source('failing', {}, manifest);
    world.publish('failing', { 'dist/index.js': '1\n' }, manifest);
    // Packing without the failed build would give an archive without dist: no proof of anything.
    const document = await world.verify('failing', { engine });
    expect(document.verdict).toBe('unverifiable');
    expect(document.reason?.code).toBe('build-failed');
    expect(document.attempts[0]?.log).toContain('cannot go on');
  });

  it('whose dependency does not exist is unverifiable, fetch-failed', async () => {
    const manifest = {
      files: ['dist'],
      scripts: { build: 'node build.js' },
      devDependencies: { 'not-there': '^1.0.0' },
    };
    world.source('dangling', { 'build.js': '' }, manifest);
    world.publish('dangling', { 'dist/index.js': '1\n' }, manifest);
    expect((await world.verify('dangling', { engine })).reason?.code).toBe('fetch-failed');
  });
});

describe('the result document', () => {
  it('says the same about the rebuilt bytes whatever the engine', async () => {
    const documents = [];
    for (const one of TEST_ENGINES) documents.push(await world.verify('plain', { engine: one }));
    const digests = new Set(documents.map((document) => document.rebuilt?.digests.sha512));
    const images = new Set(documents.map((document) => document.sandbox?.image));
    expect([digests.size, images.size]).toEqual([1, 1]);
  });

  it('has the version of package.json', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect((await world.verify('plain', { engine })).tool.version).toBe(version);
  });
});
