import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { resultJsonSchema } from '../../src/report/document.ts';
import { reprove } from '../support/cli.ts';
import { TEST_ENGINES, TestWorld } from '../support/world.ts';

const SCHEMA_FILE = new URL('../../docs/result.schema.json', import.meta.url);

let world: TestWorld;
beforeAll(async () => {
  world = await TestWorld.open();
});
afterAll(() => world.close());

describe.each(TEST_ENGINES)('reprove demo on %s', (engine) => {
  it('shows four packages, two of them attacked, and judges each as it should', async () => {
    const run = await reprove(['demo', '--engine', engine]);
    expect(run.exitCode, run.stderr).toBe(0);
    await expect(stable(run.stdout)).toMatchFileSnapshot('snapshots/demo.txt');
  });
});

describe('reprove verify', () => {
  const places = () => ['--registry', world.registry.url, '--git-mirror', world.gitMirror];

  it('--json prints one document that the published schema accepts', async () => {
    const repository = world.source('shown', { 'index.js': '1\n' });
    await world.publishPacked('shown', repository);
    const run = await reprove(['verify', 'shown', '--json', ...places()]);
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(
      JSON.parse(readFileSync(SCHEMA_FILE, 'utf8')) as object,
    );
    const document: unknown = JSON.parse(run.stdout);
    expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
    expect(run.exitCode).toBe(0);
  });

  it('exits 1 for a divergence, and 0 when --fail-on accepts it', async () => {
    world.source('mild', { 'index.js': '1\n' });
    world.publish('mild', { 'index.js': '1\n', '.notes/today.md': 'left behind\n' });
    expect((await reprove(['verify', 'mild', ...places()])).exitCode).toBe(1);
    expect((await reprove(['verify', 'mild', '--fail-on', 'medium', ...places()])).exitCode).toBe(0);
  });

  it('--fail-on does not loosen unverifiable', async () => {
    expect((await reprove(['verify', 'no-such', '--fail-on', 'critical', ...places()])).exitCode).toBe(3);
  });

  it('honours NO_COLOR and FORCE_COLOR', async () => {
    const colored = await reprove(['verify', 'no-such', ...places()], {
      env: { NO_COLOR: '', FORCE_COLOR: '1' },
    });
    const plain = await reprove(['verify', 'no-such', ...places()], {
      env: { FORCE_COLOR: '1', NO_COLOR: '1' },
    });
    expect(colored.stdout).toContain('\u001b[');
    expect(plain.stdout).not.toContain('\u001b[');
  });

  it('keeps progress on stderr, one plain line an event', async () => {
    const run = await reprove(['verify', 'no-such', ...places()]);
    expect(run.stderr).toBe('reprove: published: no-such\n');
    expect(run.stdout).toMatch(/^\? UNVERIFIABLE {2}no-such@latest {2}artifact-missing\n/);
  });
});

describe('reprove', () => {
  it.each([
    '--help',
    'verify --help',
    'plan --help',
    'compare --help',
    'keygen --help',
    'check-attestation --help',
    'affected --help',
    'replay --help',
    'batch --help',
    'report --help',
    'watch --help',
    'worker --help',
    'demo --help',
  ])('%s exits 0', async (words) => {
    const run = await reprove(words.split(' '), {
      env: { HOME: '/home/someone', XDG_CACHE_HOME: '', REPROVE_CACHE_DIR: '', REPROVE_GIT_MIRROR: '' },
    });
    expect([run.exitCode, run.stderr]).toEqual([0, '']);
    await expect(run.stdout).toMatchFileSnapshot(
      `snapshots/${words.replaceAll(' ', '-').replaceAll('--', '')}.txt`,
    );
  });

  it.each(['', 'no-such-command', 'verify'])('%j is wrong usage', async (words) => {
    const run = await reprove(words === '' ? [] : words.split(' '));
    expect([run.exitCode, run.stdout]).toEqual([2, '']);
  });
});

describe('docs/result.schema.json', () => {
  it('is made from the schema that the tool checks with', async () => {
    await expect(`${JSON.stringify(resultJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(
      SCHEMA_FILE.pathname,
    );
  });
});

/** Digests, commits and the engine's name differ from run to run. */
function stable(text: string): string {
  return text
    .replaceAll(/\bon (docker|podman|bwrap)\b/g, 'on ENGINE')
    .replaceAll(/image [0-9a-f]{12}/g, 'image IMAGE')
    .replaceAll(/sha512 [0-9a-f]{16}…/g, 'sha512 DIGEST…')
    .replaceAll(/v1\.0\.0 [0-9a-f]{12}/g, 'v1.0.0 COMMIT')
    .replaceAll(/at [0-9a-f]{12}, [\d.]+ s:/g, 'at COMMIT, N s:')
    .replaceAll(/built in \d{4}/g, 'built in YEAR');
}
