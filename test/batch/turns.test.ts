import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SharedClock } from '../../src/batch/shared-clock.ts';
import { registryLimits, sourceLimits } from '../../src/batch/turns.ts';
import { openStore, type Store } from '../../src/store/open.ts';
import { nextTurn, takeTurns } from '../../src/store/turns.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';

const NOW = Date.parse('2026-03-01T12:00:00.000Z');
const at = (milliseconds: number) => new Date(NOW + milliseconds).toISOString();
const limit = { key: 'host git.example', perMinute: 6 };

describe('whose turn it is', () => {
  test.each([
    ['one that nobody asked yet', undefined, 0],
    ['one whose turn is over', at(-1), 0],
    ['one whose turn is in a while', at(3_000), 3_000],
    ['one whose turn is as far away as can be given', at(30_000), 30_000],
    ['one whose turn was given before the clock jumped back by an hour', at(3_600_000), 0],
    ['one whose turn cannot be read', 'soon', 0],
  ])('%s', (_, nextAt, waitMs) => {
    const turn = nextTurn({ limit, nextAt, now: NOW, longestMs: 20_000 });
    expect([turn.at - NOW, turn.nextAt - NOW]).toEqual([waitMs, 10_000]);
  });
});

describe('turns of all workers together', () => {
  let server: TestPostgres;
  let store: Store;
  let location: string;
  beforeAll(async () => {
    server = await startPostgres();
    location = server.database();
    store = await openStore(location);
  });
  afterAll(async () => {
    await store.close();
    await server.remove();
  });

  test('are given one after the other, however many ask at once', async () => {
    const slow = [{ key: 'at once', perMinute: 1 }];
    const waits = await Promise.all([1, 2, 3].map(() => takeTurns(store, slow, 10 * 60_000)));
    const ordered = waits.toSorted((a, b) => a - b).map((wait) => Math.round(wait / 10_000));
    expect(ordered).toEqual([0, 6, 12]);
  });

  test('that are too far away are not taken, and leave the others as they are', async () => {
    const far = { key: 'far', perMinute: 1 };
    const near = { key: 'near', perMinute: 60_000 };
    expect(await takeTurns(store, [far], 1_000)).toBe(0);
    expect(await takeTurns(store, [near, far], 1_000)).toBeGreaterThan(50_000);
    const rows = server.sql(location, "select next_at from turns where key = 'near'");
    expect(rows.trim()).toBe(new Date(0).toISOString());
  });

  test('come back at once when the clock of the server jumps back by a year', async () => {
    const one = [{ key: 'jump', perMinute: 1 }];
    await takeTurns(store, one, 1_000);
    const ahead = new Date(Date.now() + 365 * 86_400_000).toISOString();
    server.sql(location, `update turns set next_at = '${ahead}' where key = 'jump'`);
    expect(await takeTurns(store, one, 1_000)).toBe(0);
  });
});

test('a source is counted by host and by repository, in whatever form it is named', () => {
  const rates = { hostPerMinute: 60, repositoryPerMinute: 6 };
  const keys = (repository: string | null) => sourceLimits(repository, rates).map(({ key }) => key);
  const both = ['host github.com', 'repository https://github.com/a/b'];
  expect(keys('git+ssh://git@github.com/a/b.git')).toEqual(both);
  expect(keys('a/b')).toEqual(both);
  expect(keys(null)).toEqual([]);
  expect(keys('../outside')).toEqual([]);
  expect(sourceLimits('a/b', { hostPerMinute: null, repositoryPerMinute: null })).toEqual([]);
  expect(registryLimits('registry.example', rates)).toEqual([
    { key: 'host registry.example', perMinute: 60 },
  ]);
});

test('the shared clock goes on with the server, whatever the clock of the machine does', () => {
  let elapsed = 500;
  const clock = new SharedClock(new Date(NOW), () => elapsed);
  elapsed += 1_000;
  expect(clock.now().toISOString()).toBe(at(1_000));
  clock.set(new Date(NOW + 900));
  elapsed += 10;
  expect(clock.now().toISOString()).toBe(at(910));
});
