import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Notification } from '../../src/notify/notification.ts';
import { documentsIn, worldOptions } from '../support/batches.ts';
import { reprove } from '../support/cli.ts';
import { account } from '../support/kills.ts';
import { manifestOf, TestWorld } from '../support/world.ts';

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;
const MINUTES = 60_000;

let world: TestWorld;
const inWorld = (name: string) => path.join(world.folder.path, name);

beforeAll(async () => {
  world = await TestWorld.open();
});
afterAll(() => world.close());

/** Publishes a version as its maintainers do: commit, tag, publish. */
function release(name: string, version: string, more: { published?: string; tag?: 'missing' } = {}): void {
  const source = `module.exports = '${version}';\n`;
  const repository = world.repository(name);
  repository.commit({ 'index.js': source, 'package.json': manifestOf(name, { version }) });
  if (more.tag === undefined) repository.tag(`v${version}`);
  world.publish(name, { 'index.js': more.published ?? source }, { version });
}

/** A list of packages, and a store of its own. */
function listOf(title: string, lines: readonly string[]) {
  writeFileSync(inWorld(`${title}.txt`), `# ${title}\n${lines.join('\n')}\n`);
  const args = (...more: readonly string[]) => [
    'watch',
    inWorld(`${title}.txt`),
    '--store',
    inWorld(`${title}.sqlite`),
    '--notify-file',
    inWorld(`${title}.jsonl`),
    ...worldOptions(world),
    ...more,
  ];
  return {
    args,
    once: (...more: readonly string[]) => reprove(args('--once', '--json', ...more)),
    told: () =>
      existsSync(inWorld(`${title}.jsonl`))
        ? readFileSync(inWorld(`${title}.jsonl`), 'utf8')
            .split('\n')
            .filter((line) => line !== '')
            .map((line) => Notification.parse(JSON.parse(line)))
        : [],
    account: () => account(inWorld(`${title}.sqlite`)),
  };
}

const outcomes = (run: { readonly stdout: string }) =>
  documentsIn(run).map(
    ({ subject, verdict, reason }) => `${subject.name}@${subject.version} ${reason?.code ?? verdict}`,
  );

test(
  'a new version is verified, and one that diverges raises an alarm',
  { timeout: 5 * MINUTES },
  async () => {
    release('steady', '1.0.0');
    release('attacked', '1.0.0');
    const list = listOf('alarms', ['steady', 'pkg:npm/attacked']);
    const first = await list.once();
    // What was there before is not verified.
    expect([first.exitCode, first.stdout], first.stderr).toEqual([0, '']);

    release('steady', '1.1.0');
    release('attacked', '1.1.0', { published: 'steal()\n' });
    const second = await list.once();
    expect(outcomes(second).toSorted(), second.stderr).toEqual([
      'attacked@1.1.0 diverged',
      'steady@1.1.0 reproduced',
    ]);
    expect(second.exitCode).toBe(1);
    expect(second.stderr).toContain('ALARM (');
    expect(list.told()).toMatchObject([
      {
        type: 'watch.alarm',
        data: { kind: 'new-diverged', name: 'attacked', version: '1.1.0', verdict: 'diverged' },
      },
    ]);

    // Nothing is done twice, and nobody is told twice.
    const third = await list.once();
    expect([third.exitCode, third.stdout, list.told().length]).toEqual([0, '', 1]);
    const report = await reprove(['report', '--store', inWorld('alarms.sqlite'), '--format', 'text']);
    expect(report.stdout).toContain('attacked@1.1.0');
  },
);

test('a version whose tag comes later waits for it', { timeout: 5 * MINUTES }, async () => {
  release('tardy', '1.0.0');
  const list = listOf('tardy-list', ['tardy@1.0.0']);
  // Its predecessor is verified because somebody wants to know.
  expect(outcomes(await list.once('--verify-listed'))).toEqual(['tardy@1.0.0 reproduced']);

  world.publish('tardy', { 'index.js': 'soon\n' }, { version: '1.1.0' });
  const early = await list.once();
  expect([early.exitCode, early.stdout], early.stderr).toEqual([3, '']);
  expect(early.stderr).toContain('tardy@1.1.0 is new, and is looked at again by the next run');
  world.repository('tardy').commit({
    'index.js': 'soon\n',
    'package.json': manifestOf('tardy', { version: '1.1.0' }),
  });
  world.repository('tardy').tag('v1.1.0');
  const later = await list.once();
  expect([later.exitCode, ...outcomes(later)], later.stderr).toEqual([0, 'tardy@1.1.0 reproduced']);

  // One whose tag never comes is alarming, since the version before it had one.
  world.publish('tardy', { 'index.js': 'never\n' }, { version: '1.2.0' });
  const never = await list.once('--settle', '0s');
  expect([never.exitCode, ...outcomes(never)], never.stderr).toEqual([1, 'tardy@1.2.0 source-not-found']);
  expect(list.told()).toMatchObject([
    { data: { kind: 'upgrade-not-reproduced', predecessor: { version: '1.1.0', verdict: 'reproduced' } } },
  ]);
});

test('kill -9 in the middle loses no version and does none twice', { timeout: 5 * MINUTES }, async () => {
  release('killed', '1.0.0');
  const list = listOf('killed-list', ['killed']);
  await list.once();
  release('killed', '1.1.0');
  const child = spawn(process.execPath, [MAIN, ...list.args('--once')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await said(child, 'verifies killed@1.1.0');
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('close', resolve));
  const again = await list.once();
  expect([again.exitCode, ...outcomes(again)], again.stderr).toEqual([0, 'killed@1.1.0 reproduced']);
  const { results, attempts, batches } = await list.account();
  expect(results).toHaveLength(1);
  expect(attempts.map(({ outcome }) => outcome)).toEqual(['lost', 'judged']);
  expect(batches).toHaveLength(1);
});

test(
  'as a service it verifies what is published while it runs, until it is told to end',
  {
    timeout: 5 * MINUTES,
  },
  async () => {
    release('served', '1.0.0');
    const list = listOf('service', ['served']);
    const child = spawn(process.execPath, [MAIN, ...list.args('--interval', '0.2s')], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    await said(child, 'watches 1 package ');
    // The baseline is taken when the document was asked for.
    await expect
      .poll(() => world.registry.requests.filter(({ path: at }) => at === '/served').length, {
        timeout: MINUTES,
      })
      .toBeGreaterThan(1);
    release('served', '1.1.0', { published: 'steal()\n' });
    await said(child, 'ALARM (');
    // A second one of the same list is refused.
    const second = await list.once();
    expect([second.exitCode, second.stdout]).toEqual([2, '']);
    child.kill('SIGTERM');
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(143);
    expect(list.told()).toMatchObject([{ data: { name: 'served', version: '1.1.0' } }]);
    const { batches } = await list.account();
    expect(batches.map(({ owner }) => owner)).toEqual([null]);
  },
);

describe('wrong usage', () => {
  test.each([
    ['a file that is not there', ['/nonexistent/list.txt'], 'cannot be read'],
    ['an interval that is none', ['list.txt', '--interval', 'often'], 'It must be a number with'],
    ['a feed that is no address', ['list.txt', '--feed', 'here'], 'must be an http or https URL'],
  ])('%s', async (_, args, text) => {
    const run = await reprove(['watch', ...args], { cwd: world.folder.path });
    expect([run.exitCode, run.stdout]).toEqual([2, '']);
    expect(run.stderr).toContain(text);
  });

  test('a list with a line that names nothing', async () => {
    const list = listOf('broken', ['fine', 'not a name at all']);
    const run = await list.once();
    expect([run.exitCode, run.stdout]).toEqual([2, '']);
    expect(run.stderr).toContain('is neither a name, nor name@version');
  });
});

/** Waits until a process has printed something. */
async function said(child: ChildProcess, text: string): Promise<void> {
  let all = '';
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      all += chunk.toString('utf8');
      if (all.includes(text)) resolve();
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('close', () => {
      reject(new Error(`It ended without ${JSON.stringify(text)}:\n${all}`));
    });
  });
}
