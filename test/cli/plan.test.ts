import { execFileSync } from 'node:child_process';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { validate } from 'dockerfile-utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ResultDocument } from '../../src/report/document.ts';
import { type PlansDocument, plansJsonSchema } from '../../src/report/plans-document.ts';
import { type CliRun, reprove } from '../support/cli.ts';
import { ENGINE, TestWorld } from '../support/world.ts';

const SCHEMA_FILE = new URL('../../docs/plan.schema.json', import.meta.url);
const engine = ENGINE;
const FILES = { 'index.js': 'module.exports = 1;\n', 'lib/helper.js': 'module.exports = 2;\n' };
const BUILT = {
  files: ['dist'],
  scripts: { build: "node -e \"require('fs').cpSync('src', 'dist', { recursive: true })\"" },
};

let world: TestWorld;
beforeAll(async () => {
  world = await TestWorld.open();
  await world.publishPacked('plain', world.source('plain', FILES));
  world.source('built', { 'src/index.js': '1\n', '.nvmrc': '20\n' }, BUILT);
  world.publish('built', { 'dist/index.js': '1\n' }, BUILT);
  world.publish('homeless', FILES, { repository: undefined });
});
afterAll(() => world.close());

const places = () => ['--registry', world.registry.url, '--git-mirror', world.gitMirror];
const options = () => ({ cwd: world.folder.path });

function plan(spec: string, ...more: string[]): Promise<CliRun> {
  return reprove(['plan', ...places(), ...more, '--', spec], options());
}

function verify(spec: string, ...more: string[]): Promise<CliRun> {
  return reprove(['verify', ...places(), '--engine', engine, ...more, '--', spec], options());
}

/** Writes a file of the world's folder, where commands are run. */
function write(name: string, content: string | object): string {
  writeFileSync(
    path.join(world.folder.path, name),
    typeof content === 'string' ? content : JSON.stringify(content),
  );
  return name;
}

async function planDocument(spec: string): Promise<PlansDocument> {
  return JSON.parse((await plan(spec, '--json')).stdout) as PlansDocument;
}

describe('reprove plan', () => {
  it('shows what the published bytes look like, the source and the steps, and builds nothing', async () => {
    const run = await plan('plain');
    expect(run.exitCode, run.stderr).toBe(0);
    await expect(stable(run.stdout)).toMatchFileSnapshot('snapshots/plan.txt');
    expect(run.stderr).toBe('reprove: published: plain\nreprove: source: https://git.example/owner/plain\n');
  });

  it('shows every way to build', async () => {
    const run = await plan('built');
    expect(run.exitCode, run.stderr).toBe(0);
    await expect(stable(run.stdout)).toMatchFileSnapshot('snapshots/plan-built.txt');
  });

  it('needs no engine', async () => {
    const git = execFileSync('which', ['git'], { encoding: 'utf8' }).trim();
    const run = await reprove(['plan', ...places(), 'plain'], {
      ...options(),
      env: { PATH: path.dirname(git), DOCKER_HOST: 'unix:///nowhere', CONTAINER_HOST: 'unix:///nowhere' },
    });
    expect(run.exitCode, run.stderr).toBe(0);
  });

  it('--json prints one document that the published schema accepts', async () => {
    const run = await plan('plain', '--json');
    const accepts = new Ajv2020({ strict: false, validateFormats: false }).compile(
      JSON.parse(readFileSync(SCHEMA_FILE, 'utf8')) as object,
    );
    const document: unknown = JSON.parse(run.stdout);
    expect(accepts(document), JSON.stringify(accepts.errors)).toBe(true);
    await expect(stable(run.stdout)).toMatchFileSnapshot('snapshots/plan-json.txt');
  });

  it('--format dockerfile prints the first plan as one that Docker accepts', async () => {
    const run = await plan('built', '--format', 'dockerfile');
    expect(run.exitCode, run.stderr).toBe(0);
    expect(validate(run.stdout)).toEqual([]);
    const commit = world.repository('built').git('rev-parse', 'HEAD').trim();
    expect(run.stdout).toContain(`"fetch","--quiet","--depth=1","origin","${commit}"`);
    expect(run.stdout).toContain('RUN ["npm","run","build"]');
    expect(run.stdout).toContain(`ARG REGISTRY=${world.registry.url}`);
    const none = await plan('homeless', '--format', 'dockerfile');
    expect([none.exitCode, none.stdout.startsWith('? UNVERIFIABLE')]).toEqual([3, true]);
  });

  it.each(['homeless', 'no-such-package'])('%s: exits 3 with the reason', async (spec) => {
    const run = await plan(spec);
    expect(run.exitCode).toBe(3);
    await expect(run.stdout.replaceAll(/sha512 [0-9a-f]{16}/g, 'sha512 DIGEST')).toMatchFileSnapshot(
      `snapshots/plan-${spec}.txt`,
    );
    const document = JSON.parse((await plan(spec, '--json')).stdout) as PlansDocument;
    expect([document.reason === null, document.plans]).toEqual([false, []]);
  });

  it('exits 3 with the reason where there is a source and no plan for it', async () => {
    const repository = world.repository('rootless');
    const manifest = { name: 'rootless', version: '1.0.0' };
    repository.commit({ 'yarn.lock': '', 'packages/rootless/package.json': manifest });
    repository.tag('v1.0.0');
    world.publish('rootless', FILES);
    const run = await plan('rootless', '--json');
    const document = JSON.parse(run.stdout) as PlansDocument;
    expect([run.exitCode, document.reason?.code]).toEqual([3, 'unsupported']);
    expect(document.sources.map((one) => one.directory)).toEqual(['packages/rootless']);
  });

  it('exits 4 when the registry is down', async () => {
    const run = await reprove(['plan', '--registry', 'http://127.0.0.1:1/', 'plain']);
    expect([run.exitCode, run.stdout]).toEqual([4, '']);
  });

  it.each([
    ['--engine', 'bwrap'],
    ['--source', '--x'],
    ['--timeout', '0'],
  ])('%s %s is wrong usage', async (option, value) => {
    const run = await plan('plain', `${option}=${value}`);
    expect([run.exitCode, run.stdout]).toEqual([2, '']);
  });
});

describe('reprove verify --plan', () => {
  it('runs the plans of the file and says so', async () => {
    const document = await planDocument('plain');
    const [first] = document.plans;
    const [step] = first?.steps ?? [];
    if (first === undefined || step === undefined) throw new Error('no plan');
    const edited = { ...step, env: { ...step.env, EDITED: 'by hand' } };
    const file = write('edited.json', { ...document, plans: [{ ...first, steps: [edited] }] });
    const run = await verify('plain', '--plan', file);
    expect(run.exitCode, run.stderr).toBe(0);
    await expect(stable(run.stdout)).toMatchFileSnapshot('snapshots/verify-plan.txt');
  });

  it('replays a result document', async () => {
    const before = await verify('built', '--json');
    const file = write('result.json', before.stdout);
    const run = await verify('built', '--json', '--plan', file);
    const [one, other] = [before, run].map(({ stdout }) => JSON.parse(stdout) as ResultDocument);
    expect(other).toMatchObject({ verdict: one?.verdict, level: one?.level, rebuilt: one?.rebuilt });
    expect(other?.attempts).toHaveLength(1);
  });

  it('keeps --json to one document that the schema of results accepts', async () => {
    const file = write('whole.json', await planDocument('plain'));
    const run = await verify('plain', '--json', '--plan', file);
    expect((JSON.parse(run.stdout) as ResultDocument).signals).toMatchObject([
      { kind: 'plan-overridden', severity: 'info' },
    ]);
  });
});

describe('a plan file that cannot be used is wrong usage, told with what happened, why and what next', () => {
  async function expectRefused(file: string, said: RegExp, spec = 'plain'): Promise<void> {
    const run = await verify(spec, '--plan', file);
    expect(run.stderr).toMatch(/^reprove: .+\n {2}why: .+\n {2}next: .+\n$/m);
    expect(run.stderr).toMatch(said);
    expect([run.exitCode, run.stdout]).toEqual([2, '']);
  }

  it('that does not exist', () => expectRefused('missing.json', /ENOENT/));

  it('that is a folder', () => expectRefused('.', /no regular file|EISDIR/));

  it('that is a pipe nobody writes to', async () => {
    execFileSync('/usr/bin/mkfifo', [path.join(world.folder.path, 'pipe')]);
    await expectRefused('pipe', /no regular file/);
  });

  it('that is enormous', async () => {
    const file = write('enormous.json', '');
    truncateSync(path.join(world.folder.path, file), 5 * 1024 ** 3);
    await expectRefused(file, /more than 33554432 bytes/);
  });

  it('that is no JSON', () => expectRefused(write('text.json', 'npm pack\u001b[2J'), /not JSON/));

  it('that nests without end', () =>
    expectRefused(write('deep.json', '['.repeat(1_000_000)), /not JSON|the document/));

  it('that is other JSON', () => expectRefused(write('other.json', { name: 'plain' }), /schemaVersion/));

  it('that has paths outside of the sandbox', async () => {
    const document = await planDocument('plain');
    const plans = document.plans.map((one) => ({ ...one, output: '/etc' }));
    await expectRefused(
      write('outside.json', { ...document, plans }),
      /plans\[0\]\.output: must be a folder/,
    );
  });

  it('that asks for a tool that there is not', async () => {
    const document = await planDocument('plain');
    const plans = document.plans.map((one) => ({
      ...one,
      toolchain: { ...one.toolchain, python: '3.12.1' },
    }));
    await expectRefused(write('tool.json', { ...document, plans }), /asks for the tool python/);
  });

  it('that is for another package', async () => {
    await expectRefused(
      write('another.json', await planDocument('built')),
      /made for pkg:npm\/built@1\.0\.0/,
    );
  });

  it('that is for another version', async () => {
    const document = await planDocument('plain');
    const subject = { ...document.subject, purl: 'pkg:npm/plain@0.9.0' };
    await expectRefused(write('version.json', { ...document, subject }), /made for pkg:npm\/plain@0\.9\.0/);
  });

  it('that is for other bytes', async () => {
    const document = await planDocument('plain');
    const digests = { ...document.subject.digests, sha512: '0'.repeat(128) };
    const subject = { ...document.subject, digests };
    await expectRefused(
      write('bytes.json', { ...document, subject }),
      /another file than plain-1\.0\.0\.tgz/,
    );
  });

  it('that comes with --source', async () => {
    const file = write('both.json', await planDocument('plain'));
    const run = await verify('plain', '--plan', file, '--source', 'https://git.example/owner/plain');
    expect([run.exitCode, run.stdout]).toEqual([2, '']);
    expect(run.stderr).toContain('cannot be used with');
  });
});

describe('docs/plan.schema.json', () => {
  it('is made from the schema that the tool checks with', async () => {
    await expect(`${JSON.stringify(plansJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(SCHEMA_FILE.pathname);
  });
});

/** Digests, commits, the engine and the newest tools differ from run to run. */
function stable(text: string): string {
  return text
    .replaceAll(/\bon (docker|podman|bwrap)\b/g, 'on ENGINE')
    .replaceAll(/image [0-9a-f]{12}/g, 'image IMAGE')
    .replaceAll(/sha512 [0-9a-f]{16}…/g, 'sha512 DIGEST…')
    .replaceAll(/v1\.0\.0 [0-9a-f]{12}/g, 'v1.0.0 COMMIT')
    .replaceAll(/"[0-9a-f]{40}([0-9a-f]{24})?([0-9a-f]{64})?"/g, '"HEX"')
    .replaceAll(/"size": \d+/g, '"size": 0')
    .replaceAll(/with node 20\.[\d.]+, npm 10\.[\d.]+/g, 'with node 20.X, npm 10.X');
}
