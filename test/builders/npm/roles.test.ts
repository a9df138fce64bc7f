import { expect, test } from 'vitest';
import { roles } from '../../../builders/npm/roles.ts';

function roleOf(manifest: Record<string, unknown>, path: string, more: string[] = []): string | undefined {
  return roles(Buffer.from(JSON.stringify(manifest)), ['package.json', path, ...more]).get(path);
}

test.each([
  [
    'named by an install script',
    { scripts: { postinstall: 'node ./setup.mjs || true' } },
    'setup.mjs',
    'runs-on-install',
  ],
  [
    'named by an install script without extension',
    { scripts: { preinstall: 'node scripts/go' } },
    'scripts/go.js',
    'runs-on-install',
  ],
  [
    'named by an install script, whatever its extension',
    { scripts: { install: 'sh -c "sh lib/data.bin"' } },
    'lib/data.bin',
    'runs-on-install',
  ],
  ['a .gyp file', {}, 'binding.gyp', 'runs-on-install'],
  ['a .gyp file that is switched off', { gypfile: false }, 'binding.gyp', 'runs-on-install'],
  ['main', { main: './lib/a' }, 'lib/a.js', 'runs-on-import'],
  ['main that is a folder', { main: 'lib' }, 'lib/index.js', 'runs-on-import'],
  ['main that looks like prose', { main: 'README.md' }, 'README.md', 'runs-on-import'],
  ['no main', {}, 'index.js', 'runs-on-import'],
  ['exports, deep', { exports: { '.': { node: [{ import: './x/a.dat' }] } } }, 'x/a.dat', 'runs-on-import'],
  ['exports with steps up', { exports: './a/../b.js' }, 'b.js', 'runs-on-import'],
  ['types only', { exports: { types: './a.d.ts' } }, 'a.d.ts', 'read-by-people'],
  ['main that is JSON', { main: 'data.json' }, 'data.json', 'data'],
  ['bin as text', { bin: './cli' }, 'cli', 'executable'],
  ['bin as table', { bin: { a: 'bin/a.txt' } }, 'bin/a.txt', 'executable'],
  ['directories.bin', { directories: { bin: './tools' } }, 'tools/x', 'executable'],
  ['an inner manifest', {}, 'dist/package.json', 'code'],
  ['any other script', {}, 'lib/x.js', 'code'],
  ['any other file', {}, 'lib/x.dat', 'data'],
])('%s', (_what, manifest, path, role) => expect(roleOf(manifest, path)).toBe(role));

test('what node-gyp includes runs on install where it runs', () => {
  expect(roleOf({}, 'deps/x.gypi', ['binding.gyp'])).toBe('runs-on-install');
  expect(roleOf({}, 'deps/x.gypi')).toBe('code');
});

test('a manifest that cannot be read leaves what names say', () => {
  expect(roles(Buffer.from('{'), ['a.js', 'b.md'])).toEqual(
    new Map([
      ['a.js', 'code'],
      ['b.md', 'read-by-people'],
    ]),
  );
  expect(roles(null, ['index.js']).get('index.js')).toBe('runs-on-import');
});
