import { type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { ReproveError } from '../errors.ts';
import { createNotices } from './notice-tables.ts';
import type { Tables } from './schema.ts';
import { createWatches } from './watch-tables.ts';

/** Every change of the schema, in order. Forward only: what is released is never changed, and there is no way back. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-batches-and-results': { up: first },
  '0002-workers': { up: second },
  '0003-notices': { up: createNotices },
  '0004-watches': { up: createWatches },
};

/**
 * Brings a store up to this version's schema; each change is made whole or not at all.
 *
 * @param where what to call the store
 * @throws ReproveError `store-failed` when a newer version has written it
 */
export async function migrate(db: Kysely<Tables>, where: string): Promise<void> {
  await checkSchema(db, where);
  const applied = await appliedMigrations(db);
  if (applied.length === Object.keys(MIGRATIONS).length) return;
  const provider = { getMigrations: () => Promise.resolve({ ...MIGRATIONS }) };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error === undefined) return;
  throw error instanceof Error ? error : new Error('The schema could not be changed.', { cause: error });
}

/**
 * Whether a newer version has changed the schema since the store was opened: whoever works for hours must not go on as before.
 *
 * @param where what to call the store
 * @throws ReproveError `store-failed` when it has
 */
export async function checkSchema(db: Kysely<Tables>, where: string): Promise<void> {
  const unknown = (await appliedMigrations(db)).filter((name) => !Object.hasOwn(MIGRATIONS, name));
  if (unknown.length > 0) throw writtenByNewer(where, unknown);
}

async function appliedMigrations(db: Kysely<Tables>): Promise<readonly string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === 'kysely_migration')) return [];
  const rows = await (db as unknown as Kysely<{ kysely_migration: { name: string } }>)
    .selectFrom('kysely_migration')
    .select('name')
    .execute();
  return rows.map(({ name }) => name);
}

function writtenByNewer(where: string, unknown: readonly string[]): ReproveError {
  return new ReproveError('store-failed', {
    what: `The store ${where} was written by a newer reprove.`,
    why: `It has ${unknown.join(', ')}, which this version does not know. Nothing was changed.`,
    next: 'Use that version or a newer one, or name another store with --store.',
  });
}

async function first(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('batches')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('series', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('started_at', 'text', (column) => column.notNull())
    .addColumn('ended_at', 'text')
    .addColumn('owner', 'text')
    .addColumn('lease_until', 'text')
    .addColumn('counts', 'text')
    .execute();
  await db.schema.createIndex('batches_by_series').on('batches').columns(['series', 'started_at']).execute();
  await db.schema
    .createTable('results')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('purl', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('version', 'text', (column) => column.notNull())
    .addColumn('terms', 'text', (column) => column.notNull())
    .addColumn('expected', 'text', (column) => column.notNull())
    .addColumn('verdict', 'text', (column) => column.notNull())
    .addColumn('level', 'text')
    .addColumn('severity', 'text', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('summary', 'text', (column) => column.notNull())
    .addColumn('sha512', 'text')
    .addColumn('repository', 'text')
    .addColumn('commit_id', 'text')
    .addColumn('ref', 'text')
    .addColumn('is_settled', 'integer', (column) => column.notNull())
    .addColumn('finished_at', 'text', (column) => column.notNull())
    .addColumn('duration_ms', 'integer', (column) => column.notNull())
    .addColumn('limit_ms', 'integer', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('results_by_purl').on('results').columns(['purl', 'terms']).execute();
  await db.schema.createIndex('results_by_name').on('results').column('name').execute();
  await partsOfResults(db);
  await partsOfBatches(db);
}

async function partsOfResults(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('documents')
    .addColumn('result_id', 'text', (column) => column.primaryKey().references('results.id'))
    .addColumn('document', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('attestations')
    .addColumn('result_id', 'text', (column) => column.notNull().references('results.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('predicate_type', 'text', (column) => column.notNull())
    .addColumn('sha256', 'text', (column) => column.notNull())
    .addColumn('bundle', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('attestations_key', ['result_id', 'name'])
    .execute();
}

async function partsOfBatches(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('jobs')
    .addColumn('batch_id', 'text', (column) => column.notNull().references('batches.id'))
    .addColumn('purl', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('version', 'text', (column) => column.notNull())
    .addColumn('expected', 'text', (column) => column.notNull())
    .addColumn('places', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('result_id', 'text', (column) => column.references('results.id'))
    .addColumn('failure', 'text')
    .addPrimaryKeyConstraint('jobs_key', ['batch_id', 'purl'])
    .execute();
  await db.schema
    .createTable('attempts')
    .addColumn('batch_id', 'text', (column) => column.notNull().references('batches.id'))
    .addColumn('purl', 'text', (column) => column.notNull())
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('started_at', 'text', (column) => column.notNull())
    .addColumn('ended_at', 'text')
    .addColumn('outcome', 'text')
    .addColumn('detail', 'text')
    .addPrimaryKeyConstraint('attempts_key', ['batch_id', 'purl', 'number'])
    .execute();
}

/** What workers on other machines need: a queue's name and terms with a batch, who is at work, and who may ask a host when. */
async function second(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('batches').addColumn('queue', 'text').execute();
  await db.schema.alterTable('batches').addColumn('terms', 'text').execute();
  await db.schema.alterTable('attempts').addColumn('owner', 'text').execute();
  await db.schema.alterTable('attempts').addColumn('claim', 'text').execute();
  await db.schema.createIndex('jobs_by_state').on('jobs').columns(['batch_id', 'state']).execute();
  await db.schema
    .createIndex('attempts_of_workers')
    .on('attempts')
    .column('owner')
    .where(sql.ref('ended_at'), 'is', null)
    .execute();
  await db.schema
    .createTable('workers')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('queue', 'text', (column) => column.notNull())
    .addColumn('terms', 'text', (column) => column.notNull())
    .addColumn('slots', 'integer', (column) => column.notNull())
    .addColumn('started_at', 'text', (column) => column.notNull())
    .addColumn('seen_at', 'text', (column) => column.notNull())
    .addColumn('ended_at', 'text')
    .execute();
  await db.schema
    .createTable('turns')
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('next_at', 'text', (column) => column.notNull())
    .execute();
}
