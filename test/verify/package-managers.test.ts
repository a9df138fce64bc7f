import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LEAF_BUILD, publishLeaf } from '../support/leaf.ts';
import { TEST_ENGINES, TestWorld } from '../support/world.ts';

let world: TestWorld;
let integrity: string;
beforeAll(async () => {
  world = await TestWorld.open();
  integrity = publishLeaf(world);
});
afterAll(() => world.close());

/** Lockfiles as each manager writes them, but for digests: those of the test's registry are not known beforehand. */
const LOCKFILES = {
  pnpm: {
    'pnpm-lock.yaml': [
      "lockfileVersion: '9.0'",
      'importers:',
      '  .:',
      '    devDependencies:',
      '      leaf:',
      '        specifier: ^1.0.0',
      '        version: 1.0.0',
      'packages:',
      '  leaf@1.0.0:',
      '    resolution: {integrity: INTEGRITY}',
      'snapshots:',
      '  leaf@1.0.0: {}',
      '',
    ].join('\n'),
  },
  yarn: {
    'yarn.lock': [
      '# yarn lockfile v1',
      '',
      'leaf@^1.0.0:',
      '  version "1.0.0"',
      '  resolved "https://registry.yarnpkg.com/leaf/-/leaf-1.0.0.tgz"',
      '  integrity INTEGRITY',
      '',
    ].join('\n'),
  },
  bun: {
    'bun.lock': [
      '{',
      '  "lockfileVersion": 1,',
      '  "workspaces": { "": { "name": "NAME", "devDependencies": { "leaf": "^1.0.0" } } },',
      '  "packages": { "leaf": ["leaf@1.0.0", "", {}, "INTEGRITY"] },',
      '}',
      '',
    ].join('\n'),
  },
} as const;

/** A package that is built with a dependency of its lockfile, as its maintainer published it. */
function publishBuilt(name: string, lockfile: Readonly<Record<string, string>>): void {
  const manifest = {
    files: ['dist'],
    scripts: { build: 'node build.js' },
    devDependencies: { leaf: '^1.0.0' },
  };
  const files: Record<string, string> = { 'build.js': LEAF_BUILD };
  for (const [file, text] of Object.entries(lockfile)) {
    files[file] = text.replaceAll('INTEGRITY', integrity).replaceAll('NAME', name);
  }
  world.source(name, files, manifest);
  world.publish(name, { 'dist/out.js': 'module.exports = 42;\n' }, manifest);
}

describe.each(TEST_ENGINES)('%s', (engine) => {
  it.each(['pnpm', 'yarn', 'bun'] as const)(
    'follows the lockfile of %s, offline after the install',
    async (manager) => {
      const name = `built-by-${manager}-${engine}`;
      publishBuilt(name, LOCKFILES[manager]);
      const document = await world.verify(name, { engine });
      expect(document, document.attempts[0]?.log ?? '').toMatchObject({
        verdict: 'reproduced',
        reason: null,
      });
      expect(document.plan?.toolchain[manager]).toMatch(/^\d+\.\d+\.\d+/);
      expect(document.plan?.evidence).toContainEqual(expect.objectContaining({ kind: 'lockfile' }));
      expect(document.rebuilt?.materials).toBe(1);
    },
  );

  it('does not take a dependency whose digest the lockfile denies', async () => {
    const name = `lied-to-${engine}`;
    const wrong = LOCKFILES.yarn['yarn.lock'].replace('INTEGRITY', `sha512-${'A'.repeat(86)}==`);
    publishBuilt(name, { 'yarn.lock': wrong });
    const document = await world.verify(name, { engine });
    // It falls back to what the manifests ask for, and says so.
    expect(document.attempts[0]?.outcome).toMatch(/^fetch-failed/);
    expect(document.plan?.evidence).not.toContainEqual(expect.objectContaining({ kind: 'lockfile' }));
  });

  it('keeps a .pnpmfile.cjs from everything but the registry as it was', async () => {
    const name = `phones-home-${engine}`;
    const spy = [
      "const fs = require('fs');",
      "const { execSync } = require('child_process');",
      "const links = execSync('ip -o link').toString().split('\\n').filter(Boolean).length;",
      'const count = (folder) => { try { return fs.readdirSync(folder).length; } catch { return 0; } };',
      "const secret = count('/root');",
      "fs.writeFileSync('/work/home/seen.json', JSON.stringify({ links, secret, env: process.env.REPROVE_TEST_SECRET ?? null }));",
      'module.exports = { hooks: {} };',
    ].join('\n');
    const manifest = {
      files: ['dist'],
      scripts: {
        build:
          "node -e \"const fs = require('fs'); fs.mkdirSync('dist'); fs.copyFileSync('/work/home/seen.json', 'dist/seen.json')\"",
      },
      devDependencies: { leaf: '^1.0.0' },
    };
    const lockfile = LOCKFILES.pnpm['pnpm-lock.yaml'].replace('INTEGRITY', integrity);
    process.env['REPROVE_TEST_SECRET'] = 'of the host';
    world.source(name, { '.pnpmfile.cjs': spy, 'pnpm-lock.yaml': lockfile }, manifest);
    world.publish(name, { 'dist/seen.json': '{"links":1,"secret":0,"env":null}' }, manifest);
    const document = await world.verify(name, { engine });
    const seen = document.findings.map(({ evidence }) => JSON.stringify(evidence)).join('\n');
    expect(document.verdict, seen).toBe('reproduced');
  });
});
