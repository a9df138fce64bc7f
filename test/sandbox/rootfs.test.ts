import { readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { rootFilesystem, rootfsLock } from '../../src/sandbox/rootfs.ts';
import { ownerIsGone, ownerName } from '../../src/owner.ts';
import { sha256OfFile } from '../../src/sandbox/debian.ts';
import { temporary } from './harness.ts';

const MINUTES = 60_000;
const folders: ReturnType<typeof temporary>[] = [];
const fresh = () => {
  const folder = temporary();
  folders.push(folder);
  return folder.path;
};
afterEach(() => {
  for (const folder of folders.splice(0)) folder.remove();
});

test(
  'two root file systems, made apart, are the locked image to the byte',
  { timeout: 10 * MINUTES },
  async () => {
    const { lock } = rootfsLock();
    const first = await rootFilesystem({ cacheDir: fresh() });
    const second = await rootFilesystem({ cacheDir: fresh() });
    // Says why in the failure when the mirror no longer has the locked packages.
    expect([first.lockDeviation, second.lockDeviation]).toEqual([null, null]);
    expect([first.imageId, second.imageId]).toEqual([lock.imageId, lock.imageId]);
    expect(await sha256OfFile(first.archive)).toBe(await sha256OfFile(second.archive));
  },
);

test(
  'two processes at once make one, and a later call only reads it',
  { timeout: 10 * MINUTES },
  async () => {
    const cacheDir = fresh();
    const told: string[] = [];
    const make = () => rootFilesystem({ cacheDir, onProgress: (message) => told.push(message) });
    const [first, second] = await Promise.all([make(), make()]);
    expect(second).toEqual(first);
    expect(told.filter((message) => message.startsWith('fetching'))).toHaveLength(1);
    const before = readFileSync(join(first.directory, '..', 'rootfs.json'), 'utf8');
    const start = performance.now();
    expect(await make()).toEqual(first);
    expect(performance.now() - start).toBeLessThan(1000);
    expect(readFileSync(join(first.directory, '..', 'rootfs.json'), 'utf8')).toBe(before);
    expect(told).toHaveLength(3);
  },
);

test('the lock names each package file once, with a digest', () => {
  const { lock } = rootfsLock();
  const names = lock.packages.map((one) => one.name);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(
    expect.arrayContaining(['bash', 'git', 'iproute2', 'libatomic1', 'libfaketime', 'tar']),
  );
  for (const one of lock.packages) {
    expect(one.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(one.path).toMatch(/^pool\/main\/[a-z0-9]+\/[a-z0-9.+-]+\/[^/]+\.deb$/);
  }
});

test('an owner is gone only when it is known to be', () => {
  const own = ownerName();
  expect(ownerIsGone(own)).toBe(false);
  const [where, pid, started] = own.split('.');
  expect(ownerIsGone([where, pid, `${started}1`].join('.'))).toBe(true);
  expect(ownerIsGone([where, '4194305', started].join('.'))).toBe(true);
  expect(ownerIsGone(['elsewhere', '4194305', started].join('.'))).toBe(false);
  expect(ownerIsGone('')).toBe(false);
});

test(
  'attack: a package file that is not the locked one is thrown away',
  { timeout: 10 * MINUTES },
  async () => {
    const { fetchLocked } = await import('../../src/sandbox/debian.ts');
    const { lock, architecture } = rootfsLock();
    const [one] = [...lock.packages].sort((a, b) => a.size - b.size);
    if (one === undefined) throw new Error('the lock is empty');
    const directory = fresh();
    const wanted = { ...one, sha256: createHash('sha256').update('another file').digest('hex') };
    writeFileSync(join(directory, `${wanted.sha256}.deb`), 'planted');
    const fetched = await fetchLocked({ packages: [wanted, one], directory, architecture });
    expect(fetched.missing).toEqual([wanted]);
  },
);
