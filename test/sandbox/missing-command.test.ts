import { expect, test } from 'vitest';
import { missingCommandIn } from '../../src/sandbox/missing-command.ts';

test.each([
  ['/bin/sh: line 1: go: command not found\nmake: *** [Makefile:17: esbuild] Error 127\n', 'go'],
  ['sh: 1: cargo: not found\n', 'cargo'],
  ['/bin/sh: 1: wasm-pack: not found\nnpm ERR! code ELIFECYCLE\n', 'wasm-pack'],
  ['bash: emcc: command not found\n', 'emcc'],
  ['make: go: No such file or directory\n', 'go'],
  ['Error: spawn java ENOENT\n    at ChildProcess._handle.onexit\n', 'java'],
  ['sh: 1: first: not found\nsh: 1: second: not found\n', 'second'],
  ['Error: Cannot find module: x\n404 Not Found: y\n', null],
  ['npm error 404  left-pad: not found in this registry\n', null],
  ['sh: 1: \u001b[2J: not found\n', null],
])('%j lacks %j', (log, command) => {
  expect(missingCommandIn(log)).toBe(command);
});
