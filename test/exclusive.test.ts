import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { exclusively } from '../src/exclusive.ts';
import { ownerName } from '../src/owner.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'reprove-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

const lock = path.join(folder, 'a.lock');
/** A process of a container that ended: nobody here can ask for it. */
const ELSEWHERE = '0123456789.7.1756787';

function heldSince(seconds: number): void {
  writeFileSync(lock, ELSEWHERE);
  const then = new Date(Date.now() - seconds * 1000);
  utimesSync(lock, then, then);
}

it('two at once come one after the other', async () => {
  const events: string[] = [];
  const work = (name: string) => async () => {
    events.push(`${name} begins`);
    await sleep(50);
    events.push(`${name} ends`);
  };
  await Promise.all([exclusively(lock, work('a')), exclusively(lock, work('b'))]);
  const [first = ''] = events[0]?.split(' ') ?? [];
  expect(events.slice(0, 2)).toEqual([`${first} begins`, `${first} ends`]);
  expect(events).toHaveLength(4);
});

it('the lock of a holder that ended in another container is broken', async () => {
  heldSince(90);
  expect(await exclusively(lock, () => Promise.resolve(readFileSync(lock, 'utf8')))).toBe(ownerName());
});

it('that of one that showed itself a moment ago is waited for, until that is given up', async () => {
  heldSince(5);
  const work = vi.fn(() => Promise.resolve());
  await expect(exclusively(lock, work, AbortSignal.timeout(300))).rejects.toThrow();
  expect(work).not.toHaveBeenCalled();
  rmSync(lock);
});

describe('a holder', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
  afterEach(() => void vi.useRealTimers());

  it('shows that it lives for as long as it works', async () => {
    await exclusively(lock, async () => {
      const long = new Date(Date.now() - 3_600_000);
      utimesSync(lock, long, long);
      vi.advanceTimersByTime(5_000);
      await vi.waitFor(() => expect(Date.now() - statSync(lock).mtimeMs).toBeLessThan(60_000));
    });
  });
});
