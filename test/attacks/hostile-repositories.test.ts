import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestRepository } from '../support/repository.ts';
import { ENGINE, manifestOf, TestWorld } from '../support/world.ts';

const engine = ENGINE;
let world: TestWorld;
beforeAll(async () => {
  world = await TestWorld.open();
});
afterAll(() => world.close());

const FILES = { 'index.js': '1;\n' };
const BUILT = { files: ['index.js'], scripts: { build: 'node -e 1' } };

/** Writes an object as it is, without git looking at what it says. */
function object(repository: TestRepository, type: 'blob' | 'tree' | 'commit', content: Buffer): string {
  return execFileSync('git', ['hash-object', '-t', type, '--literally', '-w', '--stdin'], {
    cwd: repository.directory,
    input: content,
    encoding: 'utf8',
  }).trim();
}

interface TreeEntry {
  readonly mode: string;
  readonly name: string;
  readonly id: string;
}

function tree(repository: TestRepository, entries: readonly TreeEntry[]): string {
  const parts = entries.flatMap(({ mode, name, id }) => [
    Buffer.from(`${mode} ${name}\0`),
    Buffer.from(id, 'hex'),
  ]);
  return object(repository, 'tree', Buffer.concat(parts));
}

function commit(repository: TestRepository, treeId: string, date = '1709294460 +0000'): string {
  const who = `test <test@git.example> ${date}`;
  return object(
    repository,
    'commit',
    Buffer.from(`tree ${treeId}\nauthor ${who}\ncommitter ${who}\n\nchange\n`),
  );
}

/** A repository whose only commit has a valid package.json, an index.js, and what the attack adds. */
function hostile(
  name: string,
  attack: (repository: TestRepository, good: TreeEntry) => readonly TreeEntry[],
) {
  const repository = world.repository(name);
  const good = (file: string, content: string): TreeEntry => ({
    mode: '100644',
    name: file,
    id: object(repository, 'blob', Buffer.from(content)),
  });
  const index = good('index.js', FILES['index.js']);
  const manifest = good('package.json', `${JSON.stringify(manifestOf(name), null, 2)}\n`);
  const entries = [index, manifest, ...attack(repository, index)];
  const id = commit(
    repository,
    tree(
      repository,
      entries.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    ),
  );
  repository.git('update-ref', 'refs/tags/v1.0.0', id);
  repository.git('update-ref', 'refs/heads/main', id);
  world.publish(name, FILES);
}

describe('an odd commit ends in a verdict, not in a failure of the tool', () => {
  const folder = (name: string) => (repository: TestRepository, file: TreeEntry) => [
    { mode: '40000', name, id: tree(repository, [file]) },
  ];
  const submodule = (name: string) => () => [{ mode: '160000', name, id: 'ab'.repeat(20) }];

  it.each([
    ['nvmrc-is-a-folder', folder('.nvmrc')],
    ['lockfile-is-a-submodule', submodule('package-lock.json')],
    ['nvmrc-is-a-submodule', submodule('.nvmrc')],
    ['name-climbs', (_repository: TestRepository, file: TreeEntry) => [{ ...file, name: '..' }]],
    [
      'folder-climbs',
      (repository: TestRepository, file: TreeEntry) => [
        { mode: '40000', name: '..', id: tree(repository, [file]) },
      ],
    ],
    [
      'name-is-too-long',
      (_repository: TestRepository, file: TreeEntry) => [{ ...file, name: 'n'.repeat(300) }],
    ],
    ['name-twice', (_repository: TestRepository, file: TreeEntry) => [file]],
    ['own-dot-git', folder('.git')],
    [
      'package-json-is-a-folder-in-a-folder',
      (repository: TestRepository, file: TreeEntry) => [
        {
          mode: '40000',
          name: 'packages',
          id: tree(repository, [{ mode: '40000', name: 'package.json', id: tree(repository, [file]) }]),
        },
      ],
    ],
    [
      'encoding-that-does-not-exist',
      (repository: TestRepository) => [
        {
          mode: '100644',
          name: '.gitattributes',
          id: object(repository, 'blob', Buffer.from('*.js working-tree-encoding=NOSUCH\n')),
        },
      ],
    ],
  ])('%s', async (name, attack) => {
    hostile(name, attack);
    const document = await world.verify(name, { engine });
    expect(document.verdict).toMatch(/^(reproduced|diverged|unverifiable)$/);
  });

  it('package.json-is-a-folder', async () => {
    const repository = world.repository('manifest-folder');
    const file = { mode: '100644', name: 'x', id: object(repository, 'blob', Buffer.from('x')) };
    const id = commit(
      repository,
      tree(repository, [{ mode: '40000', name: 'package.json', id: tree(repository, [file]) }]),
    );
    repository.git('update-ref', 'refs/tags/v1.0.0', id);
    world.publish('manifest-folder', FILES);
    const document = await world.verify('manifest-folder', { engine });
    expect(document.reason?.code).toBe('source-mismatch');
  });

  it.each([
    ['year-10000', '253402300800 +0000'],
    ['no-date', 'never'],
    ['before-1970', '-1 +0000'],
    ['beyond-all-times', '99999999999999999999 +0000'],
  ])('commit date %s', async (name, date) => {
    const repository = world.source(name, FILES);
    const treeId = repository.git('rev-parse', 'HEAD^{tree}');
    const id = commit(repository, treeId, date);
    repository.git('update-ref', 'refs/tags/v1.0.0', id);
    world.publish(name, FILES);
    const document = await world.verify(name, { engine });
    expect(document.verdict).toMatch(/^(reproduced|diverged|unverifiable)$/);
  });

  it('a tag whose name is not UTF-8, with a build that gets a clone', async () => {
    const repository = world.source('odd-tag', FILES, BUILT);
    const id = repository.git('rev-parse', 'HEAD');
    repository.git('tag', '-d', 'v1.0.0');
    const tags = path.join(repository.directory, '.git', 'refs', 'tags');
    mkdirSync(tags, { recursive: true });
    const name = Buffer.concat([Buffer.from(`${tags}/1.0.0-`), Buffer.from([0xff])]);
    writeFileSync(name, `${id}\n`);
    world.publish('odd-tag', FILES, { ...BUILT, description: 'not in the source' });
    const document = await world.verify('odd-tag', { engine });
    expect(document.verdict).toMatch(/^(diverged|unverifiable)$/);
  });
});

describe('a stated directory that git could take for something else ends in a verdict', () => {
  it.each([
    ['pathspec-magic', ':(nonsense)packages'],
    ['pathspec-exclude', ':(exclude)packages'],
    ['nul', 'packages/\0x'],
    ['option', '--upload-pack=touch'],
    ['too-long-for-the-kernel', 'a/'.repeat(100_000)],
    ['newline', 'packages\n../../x'],
  ])('%s', async (name, directory) => {
    const repository = { type: 'git', url: `https://git.example/owner/${name}`, directory };
    const source = world.source(name, FILES, { repository, name: 'another' });
    source.git('tag', '-d', 'v1.0.0');
    world.publish(name, FILES, { repository });
    const document = await world.verify(name, { engine });
    expect(document.verdict).toBe('unverifiable');
  });
});

describe('a stated repository that is no URL ends in a verdict', () => {
  it.each([
    ['bad-escape', 'https://git.example/owner/%zz'],
    ['bad-escape-on-a-known-host', 'https://github.com/owner/%zz'],
    ['no-host', 'git+https://'],
  ])('%s', async (name, repository) => {
    world.publish(name, FILES, { repository });
    const document = await world.verify(name, { engine });
    expect([document.verdict, document.reason?.code]).toEqual(['unverifiable', 'no-repository']);
  });
});

describe('a commit that the registry names with more than an id ends in a verdict', () => {
  it.each([
    ['head-is-a-bad-search', 'refs/heads/main^{/[}'],
    ['head-holds-nul', 'refs/heads/main\0'],
    ['head-is-a-bad-time', 'refs/heads/main@{nonsense'],
    ['head-is-too-long', `refs/heads/${'x'.repeat(200_000)}`],
  ])('%s', async (name, gitHead) => {
    const repository = world.source(name, FILES);
    const bytes = await world.publishPacked(name, repository);
    world.registry.publish({ manifest: manifestOf(name), bytes, time: '2024-03-01T12:02:00.000Z', gitHead });
    expect((await world.verify(name, { engine })).verdict).toBe('reproduced');
  });

  it('and an expression is not evidence for the commit that it finds', async () => {
    const name = 'head-is-an-expression';
    const repository = world.source(name, FILES);
    const bytes = await world.publishPacked(name, repository);
    const gitHead = 'refs/heads/main^{/chan}';
    world.registry.publish({ manifest: manifestOf(name), bytes, time: '2024-03-01T12:02:00.000Z', gitHead });
    const document = await world.verify(name, { engine });
    expect(document.source?.evidence.map((one) => one.kind)).not.toContain('git-head');
  });
});
