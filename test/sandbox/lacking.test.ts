import { expect, test } from 'vitest';
import { lackingIn } from '../../src/sandbox/lacking.ts';

const command = (name: string) => `Its log says that there is no command "${name}".`;
const host = (name: string) =>
  `Its log says that it asked ${name}, and a sandbox reaches nothing but the registry.`;

test.each([
  ['/bin/sh: line 1: go: command not found\nmake: *** [Makefile:17: esbuild] Error 127\n', command('go')],
  ['sh: 1: cargo: not found\n', command('cargo')],
  ['/bin/sh: 1: wasm-pack: not found\nnpm ERR! code ELIFECYCLE\n', command('wasm-pack')],
  ['bash: emcc: command not found\n', command('emcc')],
  ['make: go: No such file or directory\n', command('go')],
  ['Error: spawn java ENOENT\n    at ChildProcess._handle.onexit\n', command('java')],
  ['sh: 1: first: not found\nsh: 1: second: not found\n', command('second')],
  [
    'npm error request to https://npm.example/x failed, reason: getaddrinfo EAI_AGAIN npm.example\n',
    host('npm.example'),
  ],
  ['Error: getaddrinfo ENOTFOUND files.example\n', host('files.example')],
  [
    "fatal: unable to access 'https://git.example/x/': Could not resolve host: git.example\n",
    host('git.example'),
  ],
  ['curl: (6) Could not resolve host: files.example\nsh: 1: make-it: not found\n', command('make-it')],
  ['Error: Cannot find module: x\n404 Not Found: y\n', null],
  ['npm error 404  left-pad: not found in this registry\n', null],
  ['sh: 1: \u001b[2J: not found\n', null],
])('%j: %s', (log, sentence) => {
  expect(lackingIn(log)).toBe(sentence);
});
