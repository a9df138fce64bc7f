import { describe, expect, test } from 'vitest';
import { manifestFindings } from '../../../builders/npm/manifest-findings.ts';

type Json = Record<string, unknown>;
const BASE: Json = {
  name: 'a',
  version: '1.0.0',
  main: 'index.js',
  scripts: { test: 'vitest' },
  dependencies: { ms: '^2.1.3' },
};

const packed = (manifest: Json | string | null, paths: string[] = ['package.json', 'index.js']) => ({
  manifest:
    manifest === null
      ? null
      : Buffer.from(typeof manifest === 'string' ? manifest : JSON.stringify(manifest)),
  paths,
});
const against = (published: Json | string, rebuilt: Json = BASE) =>
  manifestFindings({ published: packed(published), rebuilt: packed(rebuilt), document: null });
const registry = (manifest: Json, document: unknown, paths?: string[]) =>
  manifestFindings({ published: packed(manifest, paths), rebuilt: null, document });
const brief = (findings: readonly { kind: string; severity: string }[]) =>
  findings.map(({ kind, severity }) => `${kind} ${severity}`);

test('equal manifests have no findings', () => expect(against(BASE)).toEqual([]));

describe('scripts', () => {
  test.each(['preinstall', 'install', 'postinstall'])('%s added is critical', (name) => {
    const [finding, ...more] = against({ ...BASE, scripts: { test: 'vitest', [name]: 'node setup.mjs' } });
    expect(finding).toMatchObject({
      kind: 'lifecycle-script-added',
      severity: 'critical',
      path: 'package.json',
      evidence: { script: name, published: 'node setup.mjs' },
    });
    expect(finding?.message).toContain('node setup.mjs');
    expect(more).toEqual([]);
  });
  test('an install script changed is critical, gone is low', () => {
    const rebuilt = { ...BASE, scripts: { postinstall: 'node ok.js' } };
    expect(brief(against({ ...BASE, scripts: { postinstall: 'node evil.js' } }, rebuilt))).toEqual([
      'lifecycle-script-changed critical',
    ]);
    expect(brief(against({ ...BASE, scripts: {} }, rebuilt))).toEqual(['lifecycle-script-changed low']);
  });
  test('prepare is medium, others are low', () => {
    expect(brief(against({ ...BASE, scripts: { test: 'vitest', prepare: 'evil' } }))).toEqual([
      'lifecycle-script-changed medium',
    ]);
    expect(brief(against({ ...BASE, scripts: { test: 'evil' } }))).toEqual(['lifecycle-script-changed low']);
  });
  test('a script hidden behind __proto__ in JSON is no script, but a key of the table is', () => {
    const text = JSON.stringify({ ...BASE, scripts: { test: 'vitest' } }).replace(
      '"test"',
      '"__proto__":{"postinstall":"evil"},"test"',
    );
    expect(brief(against(text))).toEqual(['lifecycle-script-changed low']);
  });
});

describe('an implicit install', () => {
  const withFile = (file: string, manifest: Json = BASE) =>
    manifestFindings({
      published: packed(manifest, ['package.json', file]),
      rebuilt: packed(BASE),
      document: null,
    });
  test('binding.gyp without any script', () => {
    expect(withFile('binding.gyp')).toMatchObject([
      { kind: 'implicit-install', severity: 'critical', path: 'binding.gyp', evidence: { turnedOn: true } },
    ]);
  });
  test.each(['Binding.gyp', 'evil.gyp'])('%s', (file) =>
    expect(brief(withFile(file))).toEqual(['implicit-install critical']),
  );
  test('added although switched off', () => {
    expect(brief(withFile('binding.gyp', { ...BASE, gypfile: false }))).toEqual([
      'implicit-install critical',
    ]);
  });
  test('switched on for a file that was there', () => {
    const paths = ['package.json', 'binding.gyp'];
    const findings = manifestFindings({
      published: packed(BASE, paths),
      rebuilt: packed({ ...BASE, gypfile: false }, paths),
      document: null,
    });
    expect(brief(findings)).toEqual(['implicit-install critical']);
  });
  test('a .gyp file in a folder is not read by itself', () => expect(withFile('deps/x.gyp')).toEqual([]));
});

describe('dependencies', () => {
  test('one added that nothing imports', () => {
    const findings = against({ ...BASE, dependencies: { ms: '^2.1.3', 'plain-crypto-js': '^4.2.1' } });
    expect(findings).toMatchObject([
      {
        kind: 'dependency-added',
        severity: 'high',
        evidence: { field: 'dependencies', name: 'plain-crypto-js' },
      },
    ]);
  });
  test.each([
    'github:evil/x#79ac49eedf774dd4b0cfa308722bc463cfe5885c',
    'evil/x',
    'git+ssh://git@host/x.git',
    'https://evil.example/x.tgz',
    'file:../x',
    'gist:abc',
  ])('an optional one on %s is critical', (spec) => {
    expect(brief(against({ ...BASE, optionalDependencies: { x: spec } }))).toEqual([
      'dependency-added critical',
    ]);
  });
  test.each([
    ['ranges', '^3.0.0', 'dependency-changed high'],
    ['another package', 'npm:@evil/ms@1.0.0', 'dependency-changed high'],
    ['a repository', 'evil/ms', 'dependency-changed critical'],
  ])('changed to %s', (_what, spec, expected) => {
    expect(brief(against({ ...BASE, dependencies: { ms: spec } }))).toEqual([expected]);
  });
  test('gone, and for development only, are low', () => {
    expect(brief(against({ ...BASE, dependencies: {} }))).toEqual(['dependency-changed low']);
    expect(brief(against({ ...BASE, devDependencies: { x: '1' } }))).toEqual(['dependency-added low']);
  });
  test('a peer is installed too', () => {
    expect(brief(against({ ...BASE, peerDependencies: { x: '1' } }))).toEqual(['dependency-added high']);
  });
});

describe('entry points', () => {
  test.each([
    ['main', 'test/fixtures/evil.js'],
    ['bin', { a: 'evil.js' }],
    ['exports', './evil.js'],
    ['type', 'module'],
    ['imports', { '#a': './evil.js' }],
    ['browser', 'evil.js'],
    ['bundleDependencies', ['ms']],
  ])('%s', (field, value) => {
    expect(against({ ...BASE, [field]: value })).toMatchObject([
      { kind: 'entry-point-redirected', severity: 'high', evidence: { field } },
    ]);
  });
  test('the order of conditions counts', () => {
    const [a, b] = [
      { import: './a.js', default: './b.js' },
      { default: './b.js', import: './a.js' },
    ];
    expect(brief(against({ ...BASE, exports: b }, { ...BASE, exports: a }))).toEqual([
      'entry-point-redirected high',
    ]);
  });
});

describe('a manifest that readers take in two ways', () => {
  test.each([
    ['the same key twice', '{"name":"a","scripts":{"postinstall":"evil"},"scripts":{}}', 'twice'],
    ['the same key twice, once escaped', '{"name":"a","n\\u0061me":"b"}', 'twice'],
    ['a byte order mark', '\ufeff{"name":"a"}', 'byte order mark'],
    ['no JSON', '{name:"a"}', 'not a JSON object'],
    ['no object', '[]', 'not a JSON object'],
  ])('%s', (_what, text, words) => {
    const [finding] = manifestFindings({ published: packed(text), rebuilt: null, document: null });
    expect(finding).toMatchObject({ kind: 'manifest-unreadable', severity: 'high' });
    expect(finding?.message).toContain(words);
  });
  test('none at all', () => {
    expect(brief(manifestFindings({ published: packed(null), rebuilt: null, document: null }))).toEqual([
      'manifest-unreadable high',
    ]);
  });
  test('what the source has as well is mild, and only that', () => {
    const twice = Buffer.from('{"name":"a","name":"b"}');
    const of = (published: Buffer | null, rebuilt: Buffer | null) =>
      brief(
        manifestFindings({
          published: { manifest: published, paths: [] },
          rebuilt: { manifest: rebuilt, paths: [] },
          document: null,
        }),
      );
    expect(of(twice, twice)).toEqual(['manifest-unreadable low']);
    expect(of(null, null)).toEqual(['manifest-unreadable low']);
    expect(of(twice, Buffer.from('{"name":"b"}'))).toEqual(['manifest-unreadable high']);
    expect(of(null, twice)).toContain('manifest-unreadable high');
  });
  test('keys of the same name in different objects, and quotes in strings, are ordinary', () => {
    const text = '{"name":"a","x":{"name":"b","s":"\\"name\\":{"},"y":[{"name":1},{"name":2}]}';
    expect(manifestFindings({ published: packed(text), rebuilt: null, document: null })).toEqual([]);
  });
});

describe('the registry document', () => {
  const full = { ...BASE, _id: 'a@1.0.0', description: 'x', dist: {} };

  test('that says the same', () => expect(registry(BASE, full)).toEqual([]));
  test.each([null, undefined, 'text', []])('%j says nothing', (document) =>
    expect(registry(BASE, document)).toEqual([]),
  );

  test.each([
    [
      'hidden dependency',
      { ...BASE, dependencies: { ms: '^2.1.3', evil: '1.0.0' } },
      full,
      'dependencies.evil',
    ],
    ['hidden script', { ...BASE, scripts: { postinstall: 'evil' } }, full, 'scripts.postinstall'],
    ['other name', { ...BASE, name: 'b' }, full, 'name'],
    ['other version', { ...BASE, version: '1.0.1' }, full, 'version'],
    [
      'dependency of the registry only',
      BASE,
      { ...full, dependencies: { ms: '^2.1.3', evil: '1' } },
      'dependencies.evil',
    ],
    ['script of the registry only', BASE, { ...full, scripts: { install: 'evil' } }, 'scripts.install'],
    [
      'hidden install script of an abbreviated document',
      { ...BASE, scripts: { install: 'evil' } },
      { name: 'a', version: '1.0.0', dependencies: { ms: '^2.1.3' }, hasInstallScript: false },
      'hasInstallScript',
    ],
  ])('%s', (_what, manifest, document, field) => {
    expect(registry(manifest, document)).toMatchObject([
      { kind: 'manifest-mismatch', severity: 'high', evidence: { field } },
    ]);
  });
  test('other commands are medium', () => {
    expect(registry({ ...BASE, bin: 'a.js' }, { ...full, bin: { a: 'b.js' } })).toMatchObject([
      { kind: 'manifest-mismatch', severity: 'medium' },
    ]);
  });

  test.each([
    ['a tidied command', { ...BASE, bin: './cli.js' }, { ...full, bin: { a: 'cli.js' } }],
    [
      'a scoped command',
      { ...BASE, name: '@s/a', bin: 'cli.js' },
      { ...full, name: '@s/a', bin: { a: 'cli.js' } },
    ],
    [
      'optional dependencies copied',
      { ...BASE, optionalDependencies: { x: '1' } },
      { ...full, optionalDependencies: { x: '1' }, dependencies: { ms: '^2.1.3', x: '1' } },
    ],
    [
      'an abbreviated document without scripts',
      { ...BASE, scripts: { postinstall: 'x' } },
      { name: 'a', version: '1.0.0', dependencies: { ms: '^2.1.3' }, hasInstallScript: true },
    ],
    ['a version with a prefix', { ...BASE, version: 'v1.0.0' }, full],
  ])('%s is what registries do', (_what, manifest, document) =>
    expect(registry(manifest, document)).toEqual([]),
  );
  test('the script that npm writes for a .gyp file', () => {
    const document = { ...full, scripts: { test: 'vitest', install: 'node-gyp rebuild' }, gypfile: true };
    expect(registry(BASE, document, ['package.json', 'binding.gyp'])).toEqual([]);
    expect(brief(registry(BASE, document))).toEqual(['manifest-mismatch high']);
  });
});

test('messages show what cannot be seen', () => {
  const findings = against({ ...BASE, dependencies: { ms: '^2.1.3', 'l\u043edash\u200b': '1' } });
  expect(findings[0]?.message).toContain('l<U+043E>dash<U+200B>');
});

test('a manifest nested so deeply that walking it overflows the stack', () => {
  const deep = `{"name":"a","exports":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
  const findings = against(deep);
  expect(findings).toContainEqual(expect.objectContaining({ kind: 'manifest-unreadable', severity: 'high' }));
  expect(() => JSON.stringify(findings)).not.toThrow();
  const document = JSON.parse(deep.replace('exports', 'version')) as unknown;
  expect(() => JSON.stringify(registry(BASE, document))).not.toThrow();
});

test('evidence stays small, whatever a manifest holds', () => {
  const findings = against({ ...BASE, scripts: { test: 'vitest', postinstall: 'x'.repeat(1_000_000) } });
  expect(brief(findings)).toEqual(['lifecycle-script-added critical']);
  expect(JSON.stringify(findings).length).toBeLessThan(5_000);
});
