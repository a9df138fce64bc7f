import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { constants, deflateRawSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CliRun, reasonOf, reprove } from '../support/cli.ts';
import {
  gzipOf,
  npmTar,
  npmTarball,
  paxHeader,
  tarball,
  tarEntry,
  writeChecksum,
} from '../support/tarball.ts';
import { ENGINE, manifestOf, TestWorld } from '../support/world.ts';

const engine = ENGINE;
const FILES = { 'index.js': 'module.exports = 1;\n' };

let world: TestWorld;
beforeAll(async () => {
  world = await TestWorld.open();
  world.source('good', FILES);
  world.publish('good', FILES);
});
afterAll(() => world.close());

function verify(spec: string, ...more: string[]): Promise<CliRun> {
  const places = ['--registry', world.registry.url, '--git-mirror', world.gitMirror, '--engine', engine];
  return reprove(['verify', '--json', ...places, ...more, '--', spec], { cwd: world.folder.path });
}

/** Every error says what happened, why, and what to do next, and leaves stdout to results. */
function expectError(run: CliRun, exitCode: number): void {
  expect(run.stderr).toMatch(/^reprove: .+\n {2}why: .+\n {2}next: .+\n$/m);
  expect([run.exitCode, run.stdout]).toEqual([exitCode, '']);
}

describe('a package version that is not there', () => {
  it('unknown package', async () => {
    const run = await verify('no-such-package@1.0.0');
    expect([run.exitCode, reasonOf(run)]).toEqual([3, 'artifact-missing']);
  });

  it('unknown version', async () => {
    const run = await verify('good@9.9.9');
    expect([run.exitCode, reasonOf(run)]).toEqual([3, 'artifact-missing']);
  });

  it('unpublished version: listed in the times only', async () => {
    world.registry.alter('good', (document) => ({
      ...document,
      time: { ...(document['time'] as object), '1.0.1': '2024-03-02T00:00:00.000Z' },
    }));
    const run = await verify('good@1.0.1');
    expect([run.exitCode, reasonOf(run)]).toEqual([3, 'artifact-missing']);
    expect(run.stdout).toContain('taken back');
  });

  it('artifact gone, document still there', async () => {
    world.publish('gone', FILES);
    world.registry.fault('/gone/-/gone-1.0.0.tgz', { kind: 'answer', status: 404, body: 'gone' });
    const run = await verify('gone');
    expect([run.exitCode, reasonOf(run)]).toEqual([3, 'artifact-missing']);
  });

  it('artifact that is not the one that the document describes', async () => {
    world.publish('swapped', FILES);
    world.registry.serve(
      '/swapped/-/swapped-1.0.0.tgz',
      npmTarball({ 'index.js': 'evil' }),
      'application/octet-stream',
    );
    const run = await verify('swapped');
    expect([run.exitCode, reasonOf(run)]).toEqual([3, 'integrity-mismatch']);
  });
});

describe('a source that is not there', () => {
  it('no repository field', async () => {
    world.publish('homeless', FILES, { repository: undefined });
    const run = await verify('homeless');
    expect([run.exitCode, reasonOf(run)]).toEqual([3, 'no-repository']);
  });

  it('repository gone', async () => {
    world.publish('orphan', FILES);
    const run = await verify('orphan');
    expect([run.exitCode, reasonOf(run)]).toEqual([3, 'repository-unreachable']);
  });

  it('tag missing', async () => {
    world.source('untagged', FILES, { version: '0.9.0' });
    world.publish('untagged', FILES, { version: '2.0.0' });
    const run = await verify('untagged');
    expect([run.exitCode, reasonOf(run)]).toEqual([3, 'source-not-found']);
  });
});

describe('a registry that fails', () => {
  it('is down', async () => {
    const run = await reprove(['verify', '--json', '--registry', 'http://127.0.0.1:1/', 'good']);
    expectError(run, 4);
  });

  it.each([
    ['garbage', '<html>502</html>'],
    ['truncated JSON', '{"name":"x","versions":{'],
    ['a list', '[]'],
    ['the document of another package', '{"name":"other","versions":{}}'],
    ['versions that are no objects', '{"name":"NAME","dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":7}}'],
    [
      'an artifact on no URL',
      '{"name":"NAME","dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":{"name":"NAME","version":"1.0.0","dist":{"tarball":"file:///etc/passwd"}}}}',
    ],
  ])('answers %s', async (kind, body) => {
    const name = `answers-${kind.replaceAll(/[^a-z]/gi, '').toLowerCase()}`;
    world.registry.fault(`/${name}`, { kind: 'answer', body: body.replaceAll('NAME', name) });
    expectError(await verify(name), 4);
  });

  it('sends a document without end: bounded memory, clear error', async () => {
    world.registry.fault('/endless', { kind: 'endless' });
    const places = ['--registry', world.registry.url, '--engine', engine];
    const run = await reprove(['verify', ...places, 'endless'], { maxOldSpaceMiB: 512 });
    expectError(run, 4);
  });
});

/** An entry whose header claims another size, 12 octal digits less the end. */
function withSize(part: Buffer, octal: string): Buffer {
  part.write(`${octal} `, 124, 'latin1');
  writeChecksum(part);
  return part;
}

describe('an artifact that is none', () => {
  const manifest = JSON.stringify(manifestOf('good'));
  const whole = npmTarball({ ...FILES, 'package.json': manifest });
  const entry = (name: string, more: object = {}) => tarEntry({ name, content: 'x', ...more });
  const withEntry = (...parts: Buffer[]) =>
    tarball([entry('package/package.json', { content: manifest }), ...parts]);

  async function verifyFile(name: string, bytes: Uint8Array): Promise<CliRun> {
    const file = path.join(world.folder.path, `${name}.tgz`);
    writeFileSync(file, bytes);
    return verify(`./${name}.tgz`);
  }

  it.each([
    ['empty', Buffer.alloc(0)],
    ['not-gzip', Buffer.from('this is not gzip, whatever its name says')],
    ['not-tar', gzipSync('this is gzip, and no tar')],
    ['truncated-gzip', whole.subarray(0, whole.length - 20)],
    ['truncated-tar', gzipOf(npmTar({ ...FILES, 'package.json': manifest }).subarray(0, 700))],
    ['lying-size', tarball([withSize(entry('package/package.json', { content: manifest }), '00046113200')])],
    ['without-manifest', npmTarball(FILES)],
    ['nameless', npmTarball({ 'package.json': '{}' })],
  ])('%s is invalid', async (name, bytes) => {
    const run = await verifyFile(name, bytes);
    expect([run.exitCode, reasonOf(run)]).toEqual([3, 'artifact-invalid']);
  });

  it('a bomb is stopped at a bound', async () => {
    // A deflate stream can be cut where it was flushed: the same 64 MiB of zeros, more than 2 GiB of them.
    const zeros = deflateRawSync(Buffer.alloc(64 * 1024 ** 2), { finishFlush: constants.Z_FULL_FLUSH });
    const header = gzipSync('').subarray(0, 10);
    const last = deflateRawSync('');
    const trailer = Buffer.alloc(8);
    const bomb = Buffer.concat([header, ...Array<Buffer>(33).fill(zeros), last, trailer]);
    const run = await verifyFile('bomb', bomb);
    expect([run.exitCode, reasonOf(run)]).toEqual([3, 'resource-limit']);
  });

  it.each([
    ['parent-path', 'unsafe-path', withEntry(entry('package/../../escaped'))],
    ['absolute-path', 'unsafe-path', withEntry(entry('/tmp/reprove-escaped'))],
    [
      'duplicate',
      'duplicate-entry',
      withEntry(entry('package/index.js'), entry('package/index.js', { content: 'y' })),
    ],
    [
      'not-utf8',
      'name-not-utf8',
      withEntry(entry('', { name: Buffer.from([...Buffer.from('package/'), 0xff, 0xfe]) })),
    ],
    [
      'symlink',
      'link-entry',
      withEntry(entry('package/link', { type: '2', linkName: '/etc/passwd', content: '' })),
    ],
    [
      'hardlink',
      'link-entry',
      withEntry(entry('package/link', { type: '1', linkName: 'package/package.json', content: '' })),
    ],
    ['device', 'special-entry', withEntry(entry('package/null', { type: '3', content: '' }))],
    [
      'pax-hidden-name',
      'pax-record',
      withEntry(paxHeader({ path: 'package/hidden.js' }), entry('package/harmless.txt')),
    ],
  ])('%s is never reproduced, and named', async (name, kind, bytes) => {
    const run = await verifyFile(name, bytes);
    const document = JSON.parse(run.stdout) as { verdict: string; findings: { kind: string }[] };
    expect([document.verdict, run.exitCode]).toEqual(['diverged', 1]);
    expect(document.findings.map((finding) => finding.kind)).toContain(kind);
    expect(existsSync('/tmp/reprove-escaped') || readdirSync(world.folder.path).includes('escaped')).toBe(
      false,
    );
  });
});

describe('hostile words on the command line do nothing but fail', () => {
  it.each([
    '--upload-pack=touch pwned',
    '$(touch pwned)',
    'good;touch pwned',
    '`touch pwned`',
    '../../etc/passwd',
    'a b',
    '-x',
    'git+ssh://host/x',
    'good@$(touch pwned)',
  ])('package version %s', async (spec) => {
    const run = await verify(spec);
    expect([2, 3]).toContain(run.exitCode);
    expect(readdirSync(world.folder.path)).not.toContain('pwned');
  });

  it.each([
    'https://git.example/a/b#--upload-pack=touch pwned',
    '--x',
    'ext::sh -c touch% pwned#v1',
    'https://$(touch pwned)/a#b',
  ])('source %s', async (source) => {
    const run = await verify('good', `--source=${source}`);
    expect([2, 3]).toContain(run.exitCode);
    expect(readdirSync(world.folder.path)).not.toContain('pwned');
  });

  it.each([
    ['--engine', 'lxc'],
    ['--timeout', 'soon'],
    ['--registry', 'ftp://x'],
    ['--fail-on', 'never'],
    ['--no-such-option', 'x'],
  ])('%s %s is wrong usage', async (option, value) => {
    const run = await verify('good', option, value);
    expect([run.exitCode, run.stdout]).toEqual([2, '']);
  });

  it('control characters of an artifact do not reach the terminal', async () => {
    const name = 'package/\u001b[2J\u202egnp.js';
    writeFileSync(
      path.join(world.folder.path, 'control.tgz'),
      tarball([
        tarEntry({ name: 'package/package.json', content: JSON.stringify(manifestOf('good')) }),
        tarEntry({ name, content: 'x' }),
      ]),
    );
    const run = await reprove(
      [
        'verify',
        '--registry',
        world.registry.url,
        '--git-mirror',
        world.gitMirror,
        '--engine',
        engine,
        './control.tgz',
      ],
      { cwd: world.folder.path },
    );
    expect(run.exitCode).toBe(1);
    expect(run.stdout).toContain('<U+001B>[2J<U+202E>gnp.js');
    expect(run.stdout).not.toMatch(/[\u001b\u202e]/);
  });
});
