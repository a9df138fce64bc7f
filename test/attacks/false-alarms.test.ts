import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageTarball } from '../support/registry.ts';
import { ENGINE, manifestOf, TestWorld } from '../support/world.ts';

const engine = ENGINE;
let world: TestWorld;
beforeAll(async () => {
  world = await TestWorld.open();
});
afterAll(() => world.close());

/** Each package is honest; its publisher had something that a bare export of the commit does not have. */
describe('an honest package is not called diverged', () => {
  it('when it bundles a dependency', async () => {
    const name = 'bundling';
    const dependency = { name: 'bundled', version: '1.0.0', main: 'index.js' };
    const files = { 'index.js': 'module.exports = 7;\n' };
    world.registry.publish({
      manifest: dependency,
      bytes: packageTarball(dependency, files),
      time: '2024-01-01T00:00:00.000Z',
    });
    const manifest = { dependencies: { bundled: '1.0.0' }, bundleDependencies: ['bundled'] };
    world.source(name, { 'index.js': '1;\n' }, manifest);
    world.publish(
      name,
      {
        'index.js': '1;\n',
        'node_modules/bundled/index.js': files['index.js'],
        'node_modules/bundled/package.json': JSON.stringify(dependency),
      },
      manifest,
    );
    const document = await world.verify(name, { engine });
    expect(document.verdict).not.toBe('diverged');
  });

  it('when files of it lie in a submodule', async () => {
    const name = 'with-submodule';
    const repository = world.source(name, { 'index.js': 'require("./vendor/lib");\n' });
    repository.git('update-index', '--add', '--cacheinfo', `160000,${'ab'.repeat(20)},vendor`);
    repository.git('commit', '-q', '--amend', '--no-edit');
    repository.git('tag', '-f', 'v1.0.0');
    world.publish(name, { 'index.js': 'require("./vendor/lib");\n', 'vendor/lib.js': '1;\n' });
    const document = await world.verify(name, { engine });
    expect(document.verdict).not.toBe('diverged');
    expect(document.signals.map((one) => one.kind)).toContain('source-outside-commit');
  });

  it('when files of it are in git large file storage', async () => {
    const name = 'with-lfs';
    const content = Buffer.from('large\n');
    const oid = createHash('sha256').update(content).digest('hex');
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${content.length}\n`;
    const attributes = '*.bin filter=lfs diff=lfs merge=lfs -text\n';
    world.source(name, { 'data.bin': pointer, '.gitattributes': attributes });
    world.publish(name, { 'data.bin': content.toString(), '.gitattributes': attributes });
    const document = await world.verify(name, { engine });
    expect(document.verdict).not.toBe('diverged');
    expect(document.signals.map((one) => one.kind)).toContain('source-outside-commit');
  });

  it('when the tag of this number is that of another package of the repository', async () => {
    const name = 'second-of-two';
    const repository = world.repository(name);
    const place = { repository: { url: `https://git.example/owner/${name}`, directory: 'packages/second' } };
    const second = (version: string) => manifestOf(name, { ...place, version });
    const root = { name: 'root', private: true, version: '1.0.0' };
    repository.commit({
      'package.json': root,
      'packages/second/package.json': second('0.9.0'),
      'packages/second/index.js': 'old;\n',
    });
    repository.tag('v1.0.0');
    repository.commit({
      'packages/second/package.json': second('1.0.0'),
      'packages/second/index.js': 'new;\n',
    });
    world.publish(name, { 'index.js': 'new;\n' }, place);
    const document = await world.verify(name, { engine });
    expect(document.verdict).toBe('reproduced');
  });

  it('when its build makes type declarations beside committed code', async () => {
    const name = 'declaring';
    const manifest = { types: 'index.d.ts', scripts: { build: 'node build.js' } };
    const build = "require('fs').writeFileSync('index.d.ts', 'export {};\\n');\n";
    world.source(name, { 'index.js': '1;\n', 'build.js': build }, manifest);
    world.publish(name, { 'index.js': '1;\n', 'build.js': build, 'index.d.ts': 'export {};\n' }, manifest);
    const document = await world.verify(name, { engine });
    expect(document.verdict).toBe('reproduced');
  });

  it('when a release robot writes the version that the commit leaves open', async () => {
    const name = 'released-by-robot';
    world.source(name, { 'index.js': '1;\n' }, { version: '0.0.0-development' });
    world.publish(name, { 'index.js': '1;\n' });
    const document = await world.verify(name, { engine });
    expect(document.verdict).not.toBe('diverged');
  });

  it('when its build asks git for the version that it stands at', async () => {
    const name = 'describing';
    const build =
      "const v = require('child_process').execSync('git describe --tags --dirty --always').toString().trim(); require('fs').mkdirSync('dist'); require('fs').writeFileSync('dist/out.js', `// ${v}\\n`);\n";
    const manifest = { files: ['dist'], main: 'dist/out.js', scripts: { build: 'node build.js' } };
    world.source(name, { 'build.js': build, '.gitignore': 'dist\n' }, manifest);
    world.publish(name, { 'dist/out.js': '// v1.0.0\n' }, manifest);
    const document = await world.verify(name, { engine });
    expect(document.findings.flatMap((one) => one.evidence['diff'] ?? [])).toEqual([]);
    expect(document.verdict).toBe('reproduced');
  });
});

describe('a build that looks into its .git', () => {
  it('learns nothing of this machine', async () => {
    const name = 'looking-around';
    const manifest = { files: ['dist'], scripts: { build: "grep -rE 'file:|@|home' .git; exit 1" } };
    world.source(name, {}, manifest);
    world.publish(name, { 'dist/index.js': '1\n' }, manifest);
    const document = await world.verify(name, { engine });
    const log = document.attempts[0]?.log ?? '';
    const told = log
      .split('\n')
      .filter((line) => /^(\.git\/|grep: |Binary)/.test(line) && !line.includes('.sample'));
    expect(told.filter((line) => line.includes(world.cacheDir) || /\.git\/logs\//.test(line))).toEqual([]);
  });
});
