import { describe, expect, it } from 'vitest';
import { INPUT_ECOSYSTEMS } from '../../../../builders/inputs.ts';
import { Unreadable } from '../../../../src/inputs/format.ts';
import { formatsOf, readText } from '../../../../src/inputs/read-text.ts';

const FORMATS = formatsOf(INPUT_ECOSYSTEMS);
const DIGEST = `sha512-${'A'.repeat(86)}==`;

const read = (text: string, fileName = 'file', manifest: string | null = null) =>
  readText({ fileName, text, manifest }, FORMATS);

function refusal(text: string, fileName?: string): { why: string; line: number | null } {
  try {
    read(text, fileName);
  } catch (error) {
    if (error instanceof Unreadable) return { why: error.message, line: error.line };
    throw error;
  }
  throw new Error('It was read');
}

const npmLock = (packages: object, more: object = {}) =>
  JSON.stringify({ lockfileVersion: 3, packages: { '': {}, ...packages }, ...more }, null, 1);
const at = (name: string, version: string) =>
  `https://registry.npmjs.org/${name}/-/${name.slice(name.lastIndexOf('/') + 1)}-${version}.tgz`;

describe('attack: a lockfile that says one package and fetches another', () => {
  it('takes the one that is fetched, and says so', () => {
    const text = npmLock({
      'node_modules/lodash': { version: '4.17.21', resolved: at('evil', '1.0.0'), integrity: DIGEST },
      'node_modules/ms': { version: '2.1.3', resolved: at('ms', '2.1.2'), integrity: DIGEST },
      'node_modules/types': { version: '1.0.0', resolved: at('@evil/types', '1.0.0'), integrity: DIGEST },
    });
    const { entries, warnings } = read(text);
    expect(entries.map(({ name, version }) => `${name}@${version}`)).toEqual([
      'evil@1.0.0',
      'ms@2.1.2',
      '@evil/types@1.0.0',
    ]);
    expect(warnings.map(({ kind }) => kind)).toEqual(Array(3).fill('address-of-another-package'));
  });

  it.each([
    [
      'a proxy of the registry',
      'https://npm.example/artifactory/api/npm/all/lodash/-/lodash-4.17.21.tgz',
      'npm.example',
    ],
    ['an encoded scope', 'https://npm.example/@a%2flodash/-/lodash-4.17.21.tgz', null],
    [
      'credentials and a token',
      'https://user:secret@npm.example/lodash/-/lodash-4.17.21.tgz?token=secret',
      'npm.example',
    ],
    ['a port', 'http://localhost:4873/lodash/-/lodash-4.17.21.tgz', 'localhost:4873'],
  ])('is not alarmed by %s', (_what, resolved, host) => {
    const name = host === null ? '@a/lodash' : 'lodash';
    const { entries, warnings } = read(
      npmLock({ [`node_modules/${name}`]: { version: '4.17.21', resolved } }),
    );
    expect(warnings).toEqual([]);
    expect(entries[0]).toMatchObject({ name, version: '4.17.21', registry: host ?? 'npm.example' });
    expect(JSON.stringify(entries)).not.toContain('secret');
  });

  it('tells both when the two sections of version 2 disagree', () => {
    const older = { dependencies: { ms: { version: '6.6.6', resolved: at('ms', '6.6.6') } } };
    const text = npmLock(
      { 'node_modules/ms': { version: '2.1.3', resolved: at('ms', '2.1.3') } },
      { lockfileVersion: 2, ...older },
    );
    const { entries, warnings } = read(text);
    expect(entries.map(({ version }) => version)).toEqual(['2.1.3', '6.6.6']);
    expect(warnings.map(({ kind }) => kind)).toEqual(['sections-disagree']);
  });
});

describe('attack: keys that are more than keys', () => {
  it('takes __proto__ for a name like others', () => {
    const text = `{"lockfileVersion":1,"dependencies":{"__proto__":{"version":"1.0.0"},"constructor":{"version":"1.0.0"}}}`;
    const { entries, leftOut } = read(text);
    expect(entries.map(({ name }) => name)).toContain('constructor');
    expect([...entries, ...leftOut].map(({ name }) => name)).toContain('__proto__');
    expect(({} as Record<string, unknown>)['version']).toBeUndefined();
  });

  it.each([
    ['JSON', '{\n"lockfileVersion": 3,\n"packages": {\n"node_modules/a": {},\n"node_modules/a": {}\n}}', 5],
    [
      'JSON, escaped',
      '{\n"lockfileVersion": 3,\n"packages": {\n"node_modules/a": {},\n"node_modules/\\u0061": {}\n}}',
      5,
    ],
    ['YAML', "lockfileVersion: '9.0'\npackages:\n  a@1.0.0:\n    x: y\n  a@1.0.0:\n    x: y\n", 5],
    ['yarn', '# yarn lockfile v1\n\na@^1:\n  version "1.0.0"\n\na@^1:\n  version "6.6.6"\n', 6],
    [
      'yarn, berry',
      '__metadata:\n  version: 8\n"a@npm:1":\n  resolution: "a@npm:1.0.0"\n"b@npm:1, a@npm:1":\n  resolution: "a@npm:6.6.6"\n',
      5,
    ],
  ])('refuses a key that is there twice in %s', (_what, text, line) => {
    expect(refusal(text)).toMatchObject({ line });
    expect(refusal(text).why).toMatch(/twice|unique/i);
  });

  it('does not follow aliases of YAML', () => {
    const text =
      "lockfileVersion: '9.0'\npackages:\n  a@1.0.0: &x\n    resolution: {integrity: y}\n  b@1.0.0: *x\n";
    expect(refusal(text)).toMatchObject({ line: 4 });
    expect(refusal(text).why).toContain('anchors, aliases or tags');
  });
});

describe('bad input', () => {
  it('refuses conflict markers with their line', () => {
    const text = "lockfileVersion: '9.0'\n<<<<<<< HEAD\npackages: {}\n=======\n>>>>>>> other\n";
    expect(refusal(text)).toMatchObject({ line: 2 });
    expect(refusal(text).why).toContain('conflict markers');
  });

  it.each([
    [
      'package-lock.json',
      '{\n"lockfileVersion": 4,\n"packages": {}}',
      2,
      'lockfileVersion 4; versions 1, 2, 3 are known',
    ],
    [
      'pnpm-lock.yaml',
      "settings: {}\nlockfileVersion: '10.0'\n",
      2,
      '"10.0"; versions 5.0 to 5.4, 6.0, 6.1, 7.0 and 9.0 are known',
    ],
    ['yarn.lock', '# yarn lockfile v2\n', null, '"yarn lockfile v2"; version 1 is known'],
    ['yarn.lock, berry', '__metadata:\n  version: 99\n', 1, '"99"; versions 4 to 10 are known'],
    [
      'bun.lock',
      '{"lockfileVersion": 9, "workspaces": {}}',
      1,
      'lockfileVersion 9; versions 0, 1, 2 are known',
    ],
    [
      'CycloneDX',
      '{"bomFormat": "CycloneDX",\n"specVersion": "2.0"}',
      2,
      '"2.0"; versions 1.2 to 1.7 are known',
    ],
    ['SPDX', '{"spdxVersion": "SPDX-2.1"}', 1, '"SPDX-2.1"; SPDX-2.2 and SPDX-2.3 are known'],
    [
      'SPDX 3',
      '{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": []}',
      null,
      'It is SPDX 3',
    ],
  ])('refuses %s of a version that is not known', (_what, text, line, why) => {
    expect(refusal(text).line).toBe(line);
    expect(refusal(text).why).toContain(why);
  });

  it('says where a truncated file ends', () => {
    const whole = npmLock({ 'node_modules/a': { version: '1.0.0' } });
    expect(refusal(whole.slice(0, -9))).toMatchObject({ why: 'It ends in the middle.', line: 6 });
  });

  it.each([
    ['JSON', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['JSON that ends early', `{"a":${'['.repeat(100_000)}`],
    ['YAML', `lockfileVersion: '9.0'\na: ${'['.repeat(20_000)}\n`],
  ])('refuses %s that is nested deep', (_what, text) => {
    expect(refusal(text).why).not.toBe('');
  });

  it.each([
    ['a binary lockfile', '#!/usr/bin/env bun\nbun-lockfile-format-v0\n\0', 'only bun reads'],
    ['an XML bill', '<?xml version="1.0"?><bom/>', 'XML is not read'],
    ['nothing', '', 'empty file'],
    ['another JSON', '{"name": "x"}', 'JSON of no format that is known'],
    ['prose', 'Dear reader, this is no list.', 'a text of no format'],
  ])('refuses %s in words', (_what, text, why) => {
    expect(refusal(text).why).toContain(why);
  });

  it('refuses a field of another kind, with its line', () => {
    const text = npmLock({ 'node_modules/a': { version: 1 } });
    expect(refusal(text)).toMatchObject({ line: 5 });
    expect(refusal(text).why).toContain('"node_modules/a".version');
  });
});

describe('what no registry serves is said and counted', () => {
  it.each([
    [{ version: '1.0.0', resolved: 'git+ssh://git@github.com/a/b.git#0123' }, 'git'],
    [{ version: '1.0.0', resolved: 'file:../x.tgz' }, 'local-file'],
    [{ version: '1.0.0', resolved: 'https://codeload.github.com/a/b/tar.gz/0123' }, 'remote-archive'],
    [{ version: '1.0.0', inBundle: true }, 'bundled'],
    [{ resolved: 'packages/a', link: true }, 'workspace'],
    [{ optional: true }, 'no-exact-version'],
  ])('%j', (package_, reason) => {
    const { entries, leftOut } = read(npmLock({ 'node_modules/a': package_ }));
    expect(entries).toEqual([]);
    expect(leftOut).toMatchObject([{ reason, name: 'a' }]);
  });

  it('of pnpm', () => {
    const text = [
      "lockfileVersion: '9.0'",
      'packages:',
      '  a@https://codeload.github.com/x/a/tar.gz/0123:',
      '    resolution: {tarball: https://codeload.github.com/x/a/tar.gz/0123}',
      '    version: 1.0.0',
      '  b@git+https://git.example/b.git#0123:',
      '    resolution: {commit: "0123", repo: https://git.example/b.git, type: git}',
      '    version: 1.0.0',
      '  c@1.0.0:',
      `    resolution: {integrity: ${DIGEST}, tarball: https://npm.example/c/-/c-1.0.0.tgz}`,
      '  d@file:d.tgz:',
      `    resolution: {integrity: ${DIGEST}, tarball: file:d.tgz}`,
      "  'e@1.0.0(patch_hash=abc)(react@18.0.0)':",
      `    resolution: {integrity: ${DIGEST}}`,
      '  node@runtime:24.0.0:',
      '    resolution: {type: variations}',
      '',
    ].join('\n');
    const { entries, leftOut } = read(text);
    expect(entries.map(({ name, registry }) => `${name} ${registry ?? ''}`)).toEqual(['c npm.example', 'e ']);
    expect(leftOut.map(({ name, reason }) => `${name} ${reason}`)).toEqual([
      'a remote-archive',
      'b git',
      'd local-file',
      'node remote-archive',
    ]);
  });

  it('of bills: components without a purl, of other ecosystems, and what is no artifact', () => {
    const hashes = [{ alg: 'SHA-512', content: '0'.repeat(128) }];
    const components = [
      { name: 'no-purl', version: '1.0.0', hashes },
      { name: 'serde', version: '1.0.0', purl: 'pkg:cargo/serde@1.0.0', hashes },
      { name: 'own', version: '1.0.0', purl: 'pkg:npm/own@1.0.0' },
      { name: 'ms', version: '2.1.3', purl: 'pkg:npm/ms@2.1.3', hashes },
    ];
    const { entries, leftOut } = read(
      JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.6', components }),
    );
    expect(entries.map(({ name }) => name)).toEqual(['ms']);
    expect(leftOut.map(({ reason }) => reason).sort()).toEqual([
      'no-artifact',
      'no-package-name',
      'other-ecosystem',
    ]);
  });
});

describe('lists', () => {
  it('take comments, blank lines, purls and scopes', () => {
    const text = '# bad\r\n\r\n  ms@2.0.0  # why\r\n@a/b@1.0.0\npkg:npm/%40c/d@1.0.0\n';
    expect(read(text).entries.map(({ name, version, key }) => `${key} ${name}@${version}`)).toEqual([
      '3 ms@2.0.0',
      '4 @a/b@1.0.0',
      '5 @c/d@1.0.0',
    ]);
  });

  it.each(['ms@^2.0.0', 'ms', 'ms@latest', '--registry=x@1.0.0', 'a b@1.0.0', 'pkg:npm/a@^1'])(
    'refuse %j with its line',
    (line) => {
      expect(refusal(`ms@2.0.0\n${line}\n`)).toMatchObject({ line: 2 });
    },
  );
});

it('takes what the project asks for, and for what, from the manifest where the lockfile is silent', () => {
  const lock =
    '# yarn lockfile v1\n\na@^1:\n  version "1.0.0"\n  dependencies:\n    c "^1"\n\nb@^1:\n  version "1.0.0"\n\nc@^1:\n  version "1.0.0"\n';
  const manifest = '{"dependencies": {"a": "^1"}, "devDependencies": {"b": "^1"}}';
  const told = (text: string | null) =>
    read(lock, 'yarn.lock', text).entries.map(({ direct, dev }) => [direct, dev]);
  expect(told(manifest)).toEqual([
    [true, false],
    [true, true],
    [false, false],
  ]);
  expect(told(null)).toEqual([
    [null, null],
    [null, null],
    [null, null],
  ]);
});
