import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { temporaryFolder } from '../support/repository.ts';

const OPEN = new URL('../../src/store/open.ts', import.meta.url).href;
const folder = temporaryFolder();
afterAll(() => folder.dispose());

/** Opens a store and writes to it until that fails, in a place that is like no healthy disk; gives what was said. */
function inside(...place: readonly string[]): string {
  const script = `import { openStore } from ${JSON.stringify(OPEN)};
    try {
      const store = await openStore(process.argv[1]);
      for (let n = 0; n < 10_000; n += 1) {
        const row = { id: String(n), series: 'x'.repeat(10_000), key: '', started_at: '', ended_at: null };
        await store.transaction((db) => db.insertInto('batches').values({ ...row, owner: null, lease_until: null, counts: null }).execute());
      }
    } catch (error) { console.log(error.code, error.text?.why ?? error.stack); }`;
  const node = [
    process.execPath,
    '--input-type=module',
    '-e',
    script,
    path.join(folder.path, 'disk', 'store.sqlite'),
  ];
  return execFileSync('bwrap', ['--dev-bind', '/', '/', ...place, '--', ...node], { encoding: 'utf8' });
}

describe('an SQLite store', () => {
  const disk = path.join(folder.path, 'disk');
  beforeAll(() => {
    mkdirSync(disk);
  });

  test('on a disk that fills up says so', () => {
    expect(inside('--size', String(2 * 1024 ** 2), '--tmpfs', disk)).toMatch(
      /^store-failed Its disk is full\./,
    );
  });

  test('that can only be read says so', async () => {
    await (await openStore(path.join(disk, 'store.sqlite'))).close();
    expect(inside('--ro-bind', disk, disk)).toMatch(
      /^store-failed It can(?: be read but not written| ?not be opened or made)\./,
    );
  });
});

describe('a PostgreSQL store', () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.remove());

  test('that goes away in the middle of the work is waited for', async () => {
    const store = await openStore(server.database());
    const count = () =>
      store.query((db) =>
        db
          .selectFrom('batches')
          .select(({ fn }) => fn.countAll().as('count'))
          .executeTakeFirstOrThrow(),
      );
    await count();
    await server.kill();
    const counting = count();
    await sleep(1_200);
    await server.start();
    expect(await counting).toEqual({ count: '0' });
    await store.close();
  });

  test('that goes away between two queries of a transaction has it done again from its beginning', async () => {
    const store = await openStore(server.database());
    let begun = 0;
    const counting = store.transaction(async (db) => {
      begun += 1;
      await db.selectFrom('batches').selectAll().execute();
      if (begun === 1) {
        await server.kill();
        // Meanwhile the connection breaks, and no query is there to be told.
        await sleep(200);
        await server.start();
      }
      return db.selectFrom('batches').selectAll().execute();
    });
    expect(await counting).toEqual([]);
    expect(begun).toBe(2);
    await store.close();
  });

  test('that stays away says so in the end', async () => {
    const store = await openStore(server.database(), { patienceMs: 700 });
    await server.kill();
    await expect(store.query((db) => db.selectFrom('batches').selectAll().execute())).rejects.toMatchObject({
      code: 'store-failed',
      text: { why: expect.stringContaining('It does not answer.') as string },
    });
    await server.start();
    await store.close();
  });

  test('that can only be read says so', async () => {
    const url = server.database();
    server.sql(
      url,
      `alter database ${new URL(url).pathname.slice(1)} set default_transaction_read_only = on`,
    );
    await expect(openStore(url)).rejects.toMatchObject({
      code: 'store-failed',
      text: { why: expect.stringContaining('It can be read but not written.') as string },
    });
  });

  test('of which there is no such database says so', async () => {
    const url = new URL(server.database());
    url.pathname = '/none';
    await expect(openStore(url.href)).rejects.toMatchObject({
      text: { why: expect.stringContaining('There is no such database.') as string },
    });
  });
});
