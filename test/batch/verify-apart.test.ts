import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { afterAll, describe, expect, test, vi } from 'vitest';
import type { VerifyAsked } from '../../src/batch/protocol.ts';
import { verifyApart } from '../../src/batch/verify-apart.ts';
import { DOCUMENTS } from '../support/attestations.ts';
import { temporaryFolder } from '../support/repository.ts';

const folder = temporaryFolder();
afterAll(() => folder.dispose());

const ASKED: Omit<VerifyAsked, 'asksForSource'> = {
  spec: 'pkg:npm/a@1.0.0',
  registry: null,
  trustedRoot: null,
  cacheDir: folder.path,
  mirrors: [],
  engine: 'auto',
  timeoutMs: 60_000,
  sharedBy: 1,
};
let programs = 0;

/** A process that does this in place of verifying. */
function doing(code: string): string {
  programs += 1;
  const file = path.join(folder.path, `program${programs}.mjs`);
  writeFileSync(file, code);
  return file;
}

const verify = (code: string, signal = new AbortController().signal) =>
  verifyApart(ASKED, { program: doing(code), signal });

describe('a process that verifies', () => {
  test('is asked on a descriptor of its own, and its answer is the result', async () => {
    const answer = JSON.stringify({ ok: true, document: DOCUMENTS.reproduced });
    const code = `import { readFileSync } from 'node:fs';
      const { spec } = JSON.parse(readFileSync(3, 'utf8'));
      if (spec === 'pkg:npm/a@1.0.0') process.stdout.write(${JSON.stringify(answer)});`;
    expect(await verify(code)).toEqual({ kind: 'judged', document: DOCUMENTS.reproduced });
  });

  test('can fail in words', async () => {
    const answer = { ok: false, code: 'registry-unreachable', text: { what: 'a', why: 'b', next: 'c' } };
    const verified = await verify(`process.stdout.write(${JSON.stringify(JSON.stringify(answer))})`);
    expect(verified).toMatchObject({ kind: 'error', error: { code: 'registry-unreachable' } });
  });

  test('has the flags of a process that ends soon, which this Node knows', async () => {
    const verified = await verify("throw new Error(process.execArgv.join(' '))");
    expect(verified).toMatchObject({
      kind: 'crashed',
      detail: expect.stringContaining('maglev=4000') as string,
    });
  });

  test.each([
    ['is killed', "process.kill(process.pid, 'SIGKILL')", 'ended by SIGKILL'],
    ['ends without a word', 'process.exit(7)', 'exit code 7'],
    ['throws', "throw new Error('deep trouble')", 'deep trouble'],
    ['runs out of memory', 'process.abort()', 'ended by SIG'],
  ])('that %s has crashed, and nobody else', async (_, code, detail) => {
    expect(await verify(code)).toMatchObject({
      kind: 'crashed',
      detail: expect.stringContaining(detail) as string,
    });
  });

  test.each(['', 'no JSON', '{"ok":true}', '{"ok":true,"document":{}}'])(
    'that answers %j has said nothing',
    async (answer) => {
      const verified = await verify(`process.stdout.write(${JSON.stringify(answer)})`);
      expect(verified).toMatchObject({ kind: 'error', error: { code: 'internal' } });
    },
  );

  test('is not given what opens the key and the store', async () => {
    vi.stubEnv('REPROVE_PASSPHRASE', 'secret').stubEnv('REPROVE_STORE', 'postgres://secret@host/database');
    const { REPROVE_PASSPHRASE: ours } = process.env;
    const said = 'console.error(process.env.REPROVE_PASSPHRASE, process.env.REPROVE_STORE); process.exit(1)';
    const verified = await verify(said);
    vi.unstubAllEnvs();
    expect([ours, verified]).toEqual([
      'secret',
      { kind: 'crashed', detail: 'It ended with exit code 1; it said: undefined undefined' },
    ]);
  });

  describe('that asks before it fetches a source', () => {
    const answer = JSON.stringify(JSON.stringify({ ok: true, document: DOCUMENTS.reproduced }));
    const asking = `process.on('message', () => process.stdout.write(${answer}, () => process.exit(0)));
      process.send({ repository: 'https://git.example/a/b' });`;
    const ask = (code: string, onSource: (repository: string | null) => Promise<void>) =>
      verifyApart(ASKED, { program: doing(code), signal: AbortSignal.timeout(20_000), onSource });

    test('goes on when it is told to', async () => {
      const asked: (string | null)[] = [];
      const verified = await ask(asking, async (repository) => void asked.push(repository));
      expect([verified.kind, asked]).toEqual(['judged', ['https://git.example/a/b']]);
    });

    test('ends when that fails, which is not its fault', async () => {
      const away = new Error('the store is away');
      await expect(ask(asking, () => Promise.reject(away))).rejects.toBe(away);
    });

    test('and says something else instead is left to its time', async () => {
      const lying = asking.replace('{ repository:', '{ key: 1, repository:');
      const verified = await verifyApart(ASKED, {
        program: doing(lying),
        signal: AbortSignal.timeout(1_500),
        onSource: () => Promise.reject(new Error('It was asked.')),
      });
      expect(verified).toEqual({ kind: 'stopped' });
    });
  });

  test('is stopped when the batch is', async () => {
    const controller = new AbortController();
    const verified = verify('setInterval(() => undefined, 1000)', controller.signal);
    controller.abort();
    expect(await verified).toEqual({ kind: 'stopped' });
  });

  test('ends when whoever asked is killed', { timeout: 60_000 }, async () => {
    const mark = path.join(folder.path, 'ended');
    const ready = path.join(folder.path, 'ready');
    const program = doing(`import { writeFileSync } from 'node:fs';
      process.stdin.once('close', () => { writeFileSync(${JSON.stringify(mark)}, ''); process.exit(1); }).resume();
      writeFileSync(${JSON.stringify(ready)}, '');`);
    const asking = `import { verifyApart } from ${JSON.stringify(new URL('../../src/batch/verify-apart.ts', import.meta.url).href)};
      await verifyApart(${JSON.stringify(ASKED)}, { program: ${JSON.stringify(program)}, signal: new AbortController().signal });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', asking], { stdio: 'ignore' });
    const until = async (file: string) => {
      while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 20));
    };
    await until(ready);
    child.kill('SIGKILL');
    await until(mark);
  });
});
