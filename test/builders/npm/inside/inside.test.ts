import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { INSIDE_DIRECTORY } from '../../../../builders/npm/inside.ts';
import { temporaryFolder } from '../../../support/registry.ts';

const run = promisify(execFile);
const REGISTRY = 'http://127.0.0.1:4873/';

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), text);
  }
  return folder;
}

function inside(program: string, args: readonly string[], cwd: string) {
  const file = path.join(INSIDE_DIRECTORY, program);
  return run(process.execPath, [file, ...args], { cwd, env: { ...process.env, HOME: cwd } });
}

const read = (folder: string, name: string) => readFile(path.join(folder, name), 'utf8');

it.each(readdirSync(INSIDE_DIRECTORY))('%s has nothing that Node 0.12 could not read', async (file) => {
  const code = (await readFile(path.join(INSIDE_DIRECTORY, file), 'utf8')).replaceAll(/\/\/[^\n]*/g, '');
  expect(code).not.toMatch(/=>|\b(?:const|let|class|async)\s|`|\.\.\.|,\s*\)/);
});

it('tables.cjs writes tables in the order in which they are given, and none that the manifest has no more', async () => {
  const folder = await folderWith({
    'package.json': '{"name":"pkg","dependencies":{"a":"1","b":"workspace:*"}}',
  });
  await inside('tables.cjs', ['{"dependencies":{"b":"2.0.0","a":"1"},"devDependencies":{"c":"1"}}'], folder);
  expect(await read(folder, 'package.json')).toBe(
    `${JSON.stringify({ name: 'pkg', dependencies: { b: '2.0.0', a: '1' } }, null, 2)}\n`,
  );
});

describe('command-prompt.cjs', () => {
  it.each([
    ['echo {"type":"module"} > a.json', '{"type":"module"} \r\n'],
    ["true && echo it's > out/../a.json", "it's \r\n"],
    ['echo "a > b && c">a.json', '"a > b && c"\r\n'],
    ['echo a> a.json && echo b>> a.json', 'a\r\nb\r\n'],
    ['echo $(echo a) > a.json', '$(echo a) \r\n'],
    ['echo a | cat > a.json', 'a\n'],
    ['echo %HOME% > a.json', '%HOME%\n'],
    ['printf "a b" > a.json', 'a b'],
  ])(
    'writes what the command prompt of Windows does, and leaves the rest to sh: %s',
    async (script, text) => {
      const folder = await folderWith({ 'out/b': '' });
      await inside('command-prompt.cjs', ['-c', script], folder);
      expect(await read(folder, 'a.json')).toBe(text);
    },
  );

  it('ends as the script does', async () => {
    const folder = await folderWith({});
    await expect(inside('command-prompt.cjs', ['-c', 'exit 3'], folder)).rejects.toMatchObject({ code: 3 });
    await expect(inside('command-prompt.cjs', ['-c', 'kill -9 $$'], folder)).rejects.toMatchObject({
      code: 1,
    });
  });
});

describe('registry.cjs', () => {
  it('leads every artifact of a lockfile to the registry while the command runs, and puts the lockfile back', async () => {
    const lockfile = [
      'a@^1.0.0:',
      '  resolved "https://registry.yarnpkg.com/a/-/a-1.0.0.tgz#abc"',
      '  resolved "https://company.example/npm/repository/@scope/b/-/b-2.0.0.tgz"',
      '  resolved "https://github.com/owner/name/archive/main.tar.gz"',
    ].join('\n');
    const folder = await folderWith({ 'yarn.lock': lockfile });
    const { stdout } = await inside('registry.cjs', [REGISTRY, 'cat', 'yarn.lock'], folder);
    expect(stdout.split('\n').slice(1)).toEqual([
      `  resolved "${REGISTRY}a/-/a-1.0.0.tgz#abc"`,
      `  resolved "${REGISTRY}@scope/b/-/b-2.0.0.tgz"`,
      '  resolved "https://github.com/owner/name/archive/main.tar.gz"',
    ]);
    expect(await read(folder, 'yarn.lock')).toBe(lockfile);
    expect(await read(folder, '.npmrc')).toContain(`registry=${REGISTRY}`);
  });

  it('leads those that a manifest names there as well', async () => {
    const manifest = '{"name":"é","pnpm":{"overrides":{"a":"https://npm.example/a/-/a-1.0.0.tgz?id=b"}}}';
    const folder = await folderWith({ 'package.json': '{}', 'packages/b/package.json': manifest });
    const { stdout } = await inside('registry.cjs', [REGISTRY, 'cat', 'packages/b/package.json'], folder);
    expect(stdout).toBe(`{"name":"é","pnpm":{"overrides":{"a":"${REGISTRY}a/-/a-1.0.0.tgz?id=b"}}}`);
    expect(await read(folder, 'packages/b/package.json')).toBe(manifest);
  });

  it("leads what bun's lockfile leaves to npm's own registry to this one", async () => {
    const folder = await folderWith({
      'bun.lock': '"b": ["@s/b@1.0.0", "", {}, "sha512-x"], "w": ["w@workspace:w"]',
    });
    const { stdout } = await inside('registry.cjs', [REGISTRY, 'cat', 'bun.lock'], folder);
    expect(stdout).toBe(
      `"b": ["@s/b@1.0.0", "${REGISTRY}@s/b/-/b-1.0.0.tgz", {}, "sha512-x"], "w": ["w@workspace:w"]`,
    );
  });

  it("leads the addresses of bun's binary lockfile to this one, each as long as it was", async () => {
    const lockfile =
      '\u0001\u00ffvitest.mjshttps://registry.npmjs.org/vitest/-/vitest-1.3.1.tgzacorn-walkhttps://npm.example/@s/n/-/n-1.0.0.tgzx';
    const folder = await temporaryFolder();
    await writeFile(path.join(folder, 'bun.lockb'), lockfile, 'latin1');
    const { stdout } = await inside('registry.cjs', [REGISTRY, 'base64', '-w0', 'bun.lockb'], folder);
    expect(Buffer.from(stdout, 'base64').toString('latin1')).toBe(
      `\u0001\u00ffvitest.mjs${REGISTRY}____/vitest/-/vitest-1.3.1.tgzacorn-walkhttps://npm.example/@s/n/-/n-1.0.0.tgzx`,
    );
    expect(await readFile(path.join(folder, 'bun.lockb'), 'latin1')).toBe(lockfile);
  });

  it('ends as the command ends, the lockfile restored all the same', async () => {
    const lockfile = 'resolved "https://registry.npmjs.org/a/-/a-1.0.0.tgz"';
    const folder = await folderWith({ 'yarn.lock': lockfile });
    await expect(inside('registry.cjs', [REGISTRY, 'false'], folder)).rejects.toMatchObject({ code: 1 });
    expect(await read(folder, 'yarn.lock')).toBe(lockfile);
  });

  it('takes named dependencies out of the manifest and of the lockfile, for as long as the command runs', async () => {
    const manifest =
      '{"name":"é","dependencies":{"a":"1"},"devDependencies":{"gone":"owner/gone","x":"npm:gone@1"}}';
    const lock = JSON.stringify({
      packages: {
        '': { devDependencies: { gone: 'owner/gone' } },
        'node_modules/a': { dependencies: { gone: '*' } },
        'node_modules/gone': {},
        'node_modules/gone-too': {},
      },
    });
    const folder = await folderWith({ 'package.json': manifest, 'package-lock.json': lock });
    const args = [REGISTRY, '--without=gone', 'cat', 'package.json', 'package-lock.json'];
    const { stdout } = await inside('registry.cjs', args, folder);
    expect(stdout).not.toContain('"gone"');
    expect(stdout).not.toContain('npm:gone');
    expect(stdout).not.toContain('node_modules/gone"');
    expect(stdout).toContain('node_modules/gone-too');
    expect(stdout).toContain('"é"');
    expect(await read(folder, 'package.json')).toBe(manifest);
    expect(await read(folder, 'package-lock.json')).toBe(lock);
  });

  it('leads what lies in git repositories to the registry, in manifests and lockfiles, while the command runs', async () => {
    const git = {
      'owner/name#v1': 'github.com/owner/name/1',
      'git+ssh://git@github.com/owner/name.git#1': 'github.com/owner/name/1',
      'https://codeload.github.com/owner/name/tar.gz/1': 'github.com/owner/name/1',
      'https://codeload.github.com/owner/name/tar.gz/12': 'github.com/owner/name/12',
      'github:owner/name#12': 'github.com/owner/name/12',
    };
    const files = {
      'package.json': '{ "devDependencies": { "a": "owner/name#v1", "b": "^1" } }',
      'packages/one/package.json': '{ "dependencies": { "a": "owner/name#v1" } }',
      'package-lock.json': JSON.stringify({
        packages: {
          'node_modules/a': { resolved: 'git+ssh://git@github.com/owner/name.git#1', integrity: 'sha512-x' },
          'node_modules/b': { resolved: 'https://r.example/b/-/b-1.0.0.tgz', integrity: 'sha512-y' },
        },
      }),
      'yarn.lock': '  resolved "https://codeload.github.com/owner/name/tar.gz/12"\n',
      'bun.lock':
        '    "a": ["a@github:owner/name#12", {}, "x"],\n    "c": ["c@1.0.0", "", {}, "sha512-z"],\n',
    };
    const folder = await folderWith(files);
    const args = [REGISTRY, `--git=${JSON.stringify(git)}`, 'cat', ...Object.keys(files)];
    const { stdout } = await inside('registry.cjs', args, folder);
    expect(stdout.split(`"a": "${REGISTRY}-/git/github.com/owner/name/1.tgz"`)).toHaveLength(3);
    expect(stdout).toContain(`"resolved": "${REGISTRY}-/git/github.com/owner/name/1.tgz"\n`);
    expect(stdout).not.toContain('sha512-x');
    expect(stdout).toContain('sha512-y');
    expect(stdout).toContain(`resolved "${REGISTRY}-/git/github.com/owner/name/12.tgz"`);
    expect(stdout).not.toContain('a@github:');
    expect(stdout).toContain(`"c": ["c@1.0.0", "${REGISTRY}c/-/c-1.0.0.tgz"`);
    for (const [name, text] of Object.entries(files)) expect(await read(folder, name)).toBe(text);
  });

  it('takes them out of the manifests of a workspace too, and leaves what it has no business with alone', async () => {
    const member = '{ "dependencies": { "gone": ">=2", "a": "1" }, "peerDependencies": { "gone": ">=2" } }';
    const files = {
      'package.json': '{"workspaces":["packages/*"]}',
      'packages/one/package.json': member,
      'packages/two/package.json': '{ "dependencies" : {"a":"1"} }',
      'packages/broken/package.json': '{ "gone"',
      'packages/list/package.json': 'null',
      'node_modules/other/package.json': member,
    };
    const folder = await folderWith(files);
    const args = [REGISTRY, '--without=gone', 'cat', ...Object.keys(files)];
    const { stdout } = await inside('registry.cjs', args, folder);
    const [changed = ''] = stdout.split('{ "dependencies" :');
    expect(changed).toContain('"a": "1"');
    expect(changed).not.toContain('gone');
    expect(stdout).toContain(['{ "dependencies" : {"a":"1"} }', '{ "gone"', 'null', member].join(''));
    for (const [name, text] of Object.entries(files)) expect(await read(folder, name)).toBe(text);
  });
});

describe('pack-folder.cjs', () => {
  const files = {
    'package.json': '{"name":"pkg"}',
    'dist/package.json': '{"name":"pkg"}',
    'dist/index.js': '',
    'dist/cjs/package.json': '{"type":"commonjs"}',
    'other/package.json': '{"name":"other"}',
    'other/index.js': '',
    'node_modules/pkg/package.json': '{"name":"pkg"}',
    'node_modules/pkg/index.js': '',
    'node_modules/pkg/more.js': '',
  };

  it('runs the command in the folder that is the package and holds most of the paths', async () => {
    const folder = await folderWith(files);
    const args = [folder, 'pkg', 'index.js', 'more.js', '--', 'pwd'];
    const { stdout } = await inside('pack-folder.cjs', args, folder);
    expect(stdout.trim()).toBe(path.join(folder, 'dist'));
  });

  it('looks below the root where nothing below the folder is the package', async () => {
    const root = await folderWith({ ...files, 'packages/pkg/package.json': '{"name":"pkg"}' });
    const folder = path.join(root, 'packages/pkg');
    const args = [`--root=${root}`, folder, 'pkg', 'index.js', '--', 'pwd'];
    const { stdout } = await inside('pack-folder.cjs', args, folder);
    expect(stdout.trim()).toBe(path.join(root, 'dist'));
  });

  it('runs it in the folder itself where nothing below is the package', async () => {
    const folder = await folderWith(files);
    const { stdout } = await inside('pack-folder.cjs', [folder, 'absent', 'index.js', '--', 'pwd'], folder);
    expect(stdout.trim()).toBe(folder);
  });

  it.each([
    ['as many of the paths', { 'index.js': '' }, '.'],
    ['fewer of the paths', {}, 'dist'],
  ])('or where the folder itself comes first, and holds %s', async (_what, more, place) => {
    const folder = await folderWith({ ...files, ...more });
    const args = ['--own-first', folder, 'pkg', 'index.js', 'more.js', '--', 'pwd'];
    const { stdout } = await inside('pack-folder.cjs', args, folder);
    expect(stdout.trim()).toBe(path.join(folder, place));
  });

  it('takes an archive of the package out of that folder, which the build has packed itself', async () => {
    const manifest = '{"name":"@s/pkg","version":"1.0.0"}';
    const archives = {
      's-pkg-1.0.0.tgz': 'root',
      'dist/s-pkg-1.0.0.tgz': 'built',
      'dist/other-1.0.0.tgz': 'x',
    };
    const folder = await folderWith({ ...files, 'dist/package.json': manifest, ...archives });
    const { stdout } = await inside('pack-folder.cjs', [folder, '@s/pkg', 'index.js', '--', 'ls'], folder);
    expect(stdout.split('\n').filter((name) => name.endsWith('.tgz'))).toEqual(['other-1.0.0.tgz']);
    await inside('pack-folder.cjs', [folder, 'absent', 'index.js', '--', 'ls'], folder);
    expect(await read(folder, 's-pkg-1.0.0.tgz')).toBe('root');
  });

  it.each([
    ['pkg', 'dist', 'read me'],
    ['absent', '.', 'old'],
  ])('copies files for people into such a folder: %s', async (name, place, text) => {
    const folder = await folderWith({ ...files, 'README.md': 'old', 'root/README.md': 'read me' });
    const copy = `--copy=${path.join(folder, 'root/README.md')}`;
    await inside('pack-folder.cjs', [copy, folder, name, 'index.js', '--', 'true'], folder);
    expect(await read(folder, path.join(place, 'README.md'))).toBe(text);
  });

  it('hands the folder to a packer that is told it as an argument', async () => {
    const folder = await folderWith(files);
    const args = [folder, 'pkg', 'index.js', '--', 'echo', folder];
    const { stdout } = await inside('pack-folder.cjs', args, path.dirname(folder));
    expect(stdout.trim()).toBe(path.join(folder, 'dist'));
  });
});

describe('reroot.cjs', () => {
  it('makes a folder a package: what leads into it leads there from within', async () => {
    const manifest = {
      name: 'pkg',
      main: 'lib/index.js',
      exports: { '.': { types: './lib/index.d.ts', default: './library/x.js' } },
      browser: { './lib/a.js': false },
      files: ['lib/'],
      scripts: { build: 'lib/x' },
      dependencies: { 'lib/x': 'file:lib/x' },
      jest: {},
    };
    const folder = await folderWith({
      'package.json': `${JSON.stringify(manifest, null, 4)}\n`,
      'lib/index.js': '',
      'lib/LICENSE': 'own',
      'README.md': 'read',
      LICENSE: 'root',
      'license.txt/x': '',
    });
    await inside('reroot.cjs', ['lib', 'scripts,jest'], folder);
    const expected = {
      name: 'pkg',
      main: 'index.js',
      exports: { '.': { types: './index.d.ts', default: './library/x.js' } },
      browser: { './a.js': false },
      files: ['lib/'],
      dependencies: { 'lib/x': 'file:lib/x' },
    };
    expect(await read(folder, 'lib/package.json')).toBe(`${JSON.stringify(expected, null, 4)}\n`);
    expect(readdirSync(path.join(folder, 'lib')).toSorted()).toEqual([
      'LICENSE',
      'README.md',
      'index.js',
      'package.json',
    ]);
    expect(await read(folder, 'lib/LICENSE')).toBe('own');
  });
});

describe('version-in-files.cjs', () => {
  it('writes the version over its placeholder, whatever the bytes around it, and runs the command', async () => {
    const folder = await folderWith({ 'a.js': 'x = "0.0.0-dev"; // é 0.0.0-dev', 'b.js': '0.0.0-dev' });
    const args = ['0.0.0-dev', '1.2.3', 'a.js', 'absent.js', '--', 'cat', 'a.js', 'b.js'];
    const { stdout } = await inside('version-in-files.cjs', args, folder);
    expect(stdout).toBe('x = "1.2.3"; // é 1.2.30.0.0-dev');
  });

  it('ends as the command ends', async () => {
    const folder = await folderWith({});
    await expect(inside('version-in-files.cjs', ['0', '1', '--', 'false'], folder)).rejects.toMatchObject({
      code: 1,
    });
  });
});

describe('registry.cjs with stand-ins', () => {
  const SERVED = Buffer.from('an archive');
  const SHA1 = createHash('sha1').update(SERVED).digest('hex');
  const SHA512 = `sha512-${createHash('sha512').update(SERVED).digest('base64')}`;
  const OLD = 'a'.repeat(40);
  let address = '';

  beforeAll(async () => {
    const server = createServer((request, response) => {
      const url = decodeURIComponent(request.url ?? '');
      const isThere = url === '/kept/1.0.0' || url.endsWith('.tgz');
      response.statusCode = url.endsWith('/refused-1.0.0.tgz') ? 502 : isThere ? 200 : 404;
      response.end(SERVED);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    address = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;
    return () => server.close();
  });

  const LOCKFILES = [
    [
      'package-lock.json',
      JSON.stringify({
        packages: {
          'node_modules/a/node_modules/@s/gone': { version: '1.0.0', integrity: 'sha512-GONE==' },
          'node_modules/alias': { name: 'gone', version: '2.0.0', integrity: 'sha1-ALIAS=' },
          'node_modules/kept': { version: '1.0.0', integrity: 'sha512-KEPT==' },
          'node_modules/refused': { version: '1.0.0', integrity: 'sha512-REFUSED==' },
          packages: { version: '1.0.0' },
        },
        dependencies: {
          a: { version: '1.0.0', dependencies: { old: { version: '1.0.0', integrity: 'sha512-OLDER' } } },
        },
      }),
      { 'sha512-GONE==': SHA512, 'sha1-ALIAS=': SHA512, 'sha512-OLDER': SHA512 },
    ],
    [
      'pnpm-lock.yaml',
      [
        'packages:',
        '',
        "  '@s/gone@1.0.0':",
        '    resolution: {integrity: sha512-GONE==}',
        "    engines: {node: '>=6'}",
        '',
        '  /gone/1.0.0_peer@2.0.0:',
        '    deprecated: yes',
        '    resolution: {integrity: sha512-OLD==, tarball: x}',
        '',
        '  kept@1.0.0(peer@2.0.0):',
        '    resolution: {integrity: sha512-KEPT==}',
      ].join('\n'),
      { 'sha512-GONE==': SHA512, 'sha512-OLD==': SHA512 },
    ],
    [
      'yarn.lock',
      [
        '# yarn lockfile v1',
        '',
        '"@s/gone@^1.0.0", "@s/gone@~1.0.0":',
        '  version "1.0.0"',
        `  resolved "https://registry.yarnpkg.com/@s/gone/-/gone-1.0.0.tgz#${OLD}"`,
        '  integrity sha512-GONE==',
        '',
        'kept@1:',
        '  version "1.0.0"',
        `  resolved "https://registry.yarnpkg.com/kept/-/kept-1.0.0.tgz#${'b'.repeat(40)}"`,
      ].join('\n'),
      { 'sha512-GONE==': SHA512, [OLD]: SHA1 },
    ],
    [
      'bun.lock',
      '    "x": ["@s/gone@1.0.0", "", { "dependencies": { "kept": "1" } }, "sha512-GONE=="],\n    "kept": ["kept@1.0.0", "", {}, "sha512-KEPT=="],',
      { 'sha512-GONE==': SHA512 },
    ],
  ] as const;

  it.each(LOCKFILES)(
    '%s has the digests of what is served for versions that are gone',
    async (name, text, changes) => {
      const folder = await folderWith({ [name]: text });
      const plain = (await inside('registry.cjs', [address, 'cat', name], folder)).stdout;
      const { stdout } = await inside('registry.cjs', [address, '--stand-ins', 'cat', name], folder);
      const expected = Object.entries(changes).reduce((all, [old, now]) => all.split(old).join(now), plain);
      expect(stdout).toBe(expected);
      expect(stdout).not.toBe(plain);
      expect(await read(folder, name)).toBe(text);
    },
  );

  it.each([
    '{',
    'null',
    '{"packages":{"node_modules/gone":null,"node_modules/b":1},"dependencies":[null,{"dependencies":"x"}]}',
    '{"packages":{"node_modules/gone":{"version":"1.0.0","integrity":"a"}}}',
  ])('%s is left to the package manager', async (text) => {
    const folder = await folderWith({ 'package-lock.json': text });
    const args = [address, '--stand-ins', 'cat', 'package-lock.json'];
    expect((await inside('registry.cjs', args, folder)).stdout).toBe(text);
  });
});

describe('manifest.cjs', () => {
  it('sets a field the way release tools write a manifest: sorted dependencies, indentation and end as they were', async () => {
    const folder = await folderWith({
      'package.json': '{\n\t"name": "pkg",\n\t"dependencies": {\n\t\t"b": "1",\n\t\t"a": "1"\n\t}\n}\n',
    });
    await inside('manifest.cjs', ['gitHead', 'abc'], folder);
    expect(await read(folder, 'package.json')).toBe(
      '{\n\t"name": "pkg",\n\t"dependencies": {\n\t\t"a": "1",\n\t\t"b": "1"\n\t},\n\t"gitHead": "abc"\n}\n',
    );
  });
});

describe('chain.cjs', () => {
  const manifest = (script: string) => JSON.stringify({ name: 'pkg', version: '1.0.0', scripts: { script } });

  it('runs what follows a link that fails', async () => {
    const folder = await folderWith({ 'package.json': manifest('false && echo made > made.txt') });
    await inside('chain.cjs', ['script'], folder);
    expect(await read(folder, 'made.txt')).toBe('made\n');
  });

  it('fails when every link does', async () => {
    const folder = await folderWith({ 'package.json': manifest('false && false') });
    await expect(inside('chain.cjs', ['script'], folder)).rejects.toMatchObject({ code: 1 });
  });

  it('finds the programs of the dependencies', async () => {
    const folder = await folderWith({
      'package.json': manifest('made'),
      'node_modules/.bin/made': '#!/bin/sh\necho from a dependency\n',
    });
    await run('chmod', ['+x', path.join(folder, 'node_modules/.bin/made')]);
    expect((await inside('chain.cjs', ['script'], folder)).stdout).toContain('from a dependency');
  });
});
