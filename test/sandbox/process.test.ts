import { expect, test } from 'vitest';
import { hold, run, runPiped } from '../../src/process.ts';
import { TailBuffer } from '../../src/tail-buffer.ts';

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

test('gives exit code and outputs as values', async () => {
  const result = await run({ file: 'sh', args: ['-c', 'echo out; echo err >&2; exit 3'] });
  expect(result).toMatchObject({
    exitCode: 3,
    signal: null,
    timedOut: false,
    startError: null,
    truncated: false,
  });
  expect([text(result.stdout), text(result.stderr)]).toEqual(['out\n', 'err\n']);
});

test('a program that does not exist is a value', async () => {
  const result = await run({ file: 'no-such-program', args: [] });
  expect(result.exitCode).toBeNull();
  expect(result.startError).toContain('no-such-program');
});

test('attack: nothing of our environment reaches a program, unless asked for', async () => {
  process.env['REPROVE_TEST_SECRET'] = 'secret';
  const clean = await run({ file: 'env', args: [], env: { OWN: 'yes' } });
  const whole = await run({ file: 'env', args: [], inheritEnv: true });
  delete process.env['REPROVE_TEST_SECRET'];
  const names = text(clean.stdout)
    .trim()
    .split('\n')
    .map((line) => line.split('=')[0]);
  expect(new Set(names)).toEqual(new Set(['LC_ALL', 'OWN', 'PATH']));
  expect(text(whole.stdout)).toContain('REPROVE_TEST_SECRET=secret');
});

test('attack: arguments are never a shell string', async () => {
  const result = await run({ file: 'printf', args: ['%s|', '$(id)', 'a b', ';exit'] });
  expect(text(result.stdout)).toBe('$(id)|a b|;exit|');
});

test('a program that outlives its time is killed', async () => {
  const result = await run({ file: 'sh', args: ['-c', 'trap : TERM; exec sleep 600'], timeoutMs: 200 });
  expect(result).toMatchObject({ exitCode: null, signal: 'SIGKILL', timedOut: true });
});

test('attack: endless output is kept in bounded memory', async () => {
  const result = await run({ file: 'yes', args: [], timeoutMs: 500, maxBytes: 1000 });
  expect(result.truncated).toBe(true);
  expect(result.stdout).toHaveLength(1000);
});

test('passes extra inputs and a status descriptor', async () => {
  const script = 'cat <&3; cat <&4; echo done >&5';
  const extraInputs = [Buffer.from('three'), Buffer.from('four')];
  const result = await run({ file: 'sh', args: ['-c', script], extraInputs, statusFd: true });
  expect([text(result.stdout), text(result.status)]).toEqual(['threefour', 'done\n']);
});

test('a pipe reports the first failure of either program', async () => {
  const sh = (line: string) => ({ file: 'sh', args: ['-c', line] });
  expect(await runPiped(sh('echo a'), sh('grep -q a'))).toBeNull();
  expect(await runPiped(sh('echo a; exit 4'), sh('cat >/dev/null'))).toContain('exit code 4');
  expect(await runPiped(sh('echo a'), sh('echo broken >&2; exit 1'))).toContain('broken');
});

test('holds a process until it is released', async () => {
  const held = await hold({ file: 'sh', args: ['-c', 'echo $$; exec cat >/dev/null'] });
  if (typeof held === 'string') throw new Error(held);
  const pid = Number(held.line);
  expect(process.kill(pid, 0)).toBe(true);
  await held.release();
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  expect(await hold({ file: 'sh', args: ['-c', 'echo reason >&2; exit 1'] })).toContain('reason');
});

test('a tail buffer keeps the end, whatever the chunks', () => {
  const buffer = new TailBuffer(10);
  for (let index = 0; index < 10_000; index += 1) buffer.push(Buffer.from(`${index % 10}`));
  expect(text(buffer.bytes())).toBe('0123456789');
  buffer.push(Buffer.from('x'.repeat(50)));
  expect(buffer.text()).toBe(`[10040 earlier bytes not kept]\n${'x'.repeat(10)}`);
  const short = new TailBuffer(10);
  short.push(Buffer.from('ab'));
  expect([short.truncated, short.text()]).toEqual([false, 'ab']);
});
