import { spawn as start } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EngineName } from '../../src/sandbox/engine.ts';
import { dockerOwners } from '../support/leftovers.ts';
import { enginesUnderTest, openOn, processesWith, sourceTar, temporary, testRootfs } from './harness.ts';

const MINUTE = 60_000;
const engines = await enginesUnderTest();
const folder = temporary();
/** Makes what runs in a sandbox recognisable among the host's processes, beside other runs of these tests. */
const mark = process.pid;
let source: string;

beforeAll(async () => {
  await testRootfs();
  const tree = join(folder.path, 'source');
  mkdirSync(tree);
  writeFileSync(join(tree, 'index.js'), 'export {};\n');
  source = sourceTar(tree, join(folder.path, 'source.tar'));
}, 5 * MINUTE);
afterAll(() => folder.remove());

describe.each(engines)('%s', (name: EngineName) => {
  test('leaves nothing behind, and can be closed twice', { timeout: MINUTE }, async () => {
    const traces = async () => [
      ...(name === 'docker' ? await dockerObjects(process.pid) : []),
      ...processesWith(`14142.1${mark}`),
      ...foldersOf(process.pid),
      ...readFileSync('/proc/self/mounts', 'utf8')
        .split('\n')
        .filter((line) => line.includes('reprove-sandbox-')),
      ...groupsOf(process.pid),
    ];
    expect(await traces()).toEqual([]);
    const box = await openOn(name, {
      sourceArchive: source,
      phases: ['fetch', 'build'],
      socketDirectory: folder.path,
    });
    const running = box.sh(`sleep 14142.1${mark}`).catch((error: unknown) => error);
    // A step that fails at once must fail this test, not keep it waiting.
    const seen = async () => {
      while (processesWith(`sleep 14142.1${mark}`).length === 0)
        await new Promise((resolve) => setTimeout(resolve, 20));
      return 'running';
    };
    expect(await Promise.race([seen(), running])).toBe('running');
    await box.sandbox.close();
    await box.sandbox.close();
    expect(await running).toMatchObject({ code: 'engine-failed' });
    expect(await traces()).toEqual([]);
    await expect(box.sh('true')).rejects.toMatchObject({ code: 'engine-failed' });
  });

  test('a sandbox does not outlive a reprove that is killed', { timeout: MINUTE }, async () => {
    const script = join(import.meta.dirname, 'orphan.ts');
    const seconds = `17320.5${mark}`;
    const child = start(process.execPath, [script, name, source, seconds], { stdio: 'ignore' });
    const isRunning = () => processesWith(`sleep ${seconds}`).some((line) => line.startsWith('sleep '));
    while (!isRunning() && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(child.exitCode).toBeNull();
    child.kill('SIGKILL');
    // Waits for as long as the test may take: that they end is the claim, not how soon.
    while (isRunning()) await new Promise((resolve) => setTimeout(resolve, 50));
    // What it could not remove itself, the next one does.
    const next = await openOn(name, { sourceArchive: source });
    await next.sandbox.close();
    expect(foldersOf(child.pid)).toEqual([]);
    if (name === 'docker') expect(await dockerObjects(child.pid)).toEqual([]);
  });
});

/** Control groups that this process made and did not remove. */
function groupsOf(pid: number): readonly string[] {
  const roots = ['/sys/fs/cgroup', '/sys/fs/cgroup/memory', '/sys/fs/cgroup/pids'].filter((root) =>
    existsSync(root),
  );
  return roots.flatMap((root) =>
    readdirSync(root).filter((entry) => entry.startsWith('reprove-') && entry.includes(`.${pid}.`)),
  );
}

/** Folders on the host that a process made for its sandboxes and that are still there. */
function foldersOf(pid: number | undefined): readonly string[] {
  return readdirSync(tmpdir()).filter(
    (entry) => entry.startsWith('reprove-sandbox-') && entry.includes(`.${pid}.`),
  );
}

/** Owners of the containers and volumes at Docker's socket that belong to a process. */
async function dockerObjects(pid: number | undefined): Promise<readonly string[]> {
  return (await dockerOwners()).filter((owner) => owner.includes(`.${pid}.`));
}
