import { ReproveError } from '../errors.ts';
import { ResultDocument } from '../report/document.ts';
import { chunksOf } from './chunks.ts';
import type { Store } from './open.ts';
import type { AttestationRow, ResultRow } from './schema.ts';

/** Documents that are in memory at a time; one can have megabytes. */
const AT_A_TIME = 50;

/** The documents of results, in the order of their ids as given, a few in memory at a time. */
export async function* documentsOf(store: Store, ids: readonly string[]): AsyncGenerator<ResultDocument> {
  for (const chunk of chunksOf(ids, AT_A_TIME)) {
    const rows = await store.query((db) =>
      db.selectFrom('documents').selectAll().where('result_id', 'in', chunk).execute(),
    );
    const texts = new Map(rows.map(({ result_id: id, document }) => [id, document]));
    for (const id of chunk) yield parsed(texts.get(id), id, store);
  }
}

/** How results came out, in no order: all that there is to know without their documents. */
export async function* outcomesOf(
  store: Store,
  ids: readonly string[],
): AsyncGenerator<Pick<ResultRow, 'verdict' | 'severity'>> {
  for (const chunk of chunksOf(ids))
    yield* await store.query((db) =>
      db.selectFrom('results').select(['verdict', 'severity']).where('id', 'in', chunk).execute(),
    );
}

/** The signed statements about results. */
export async function* attestationsOf(store: Store, ids: readonly string[]): AsyncGenerator<AttestationRow> {
  for (const chunk of chunksOf(ids, AT_A_TIME)) {
    yield* await store.query((db) =>
      db
        .selectFrom('attestations')
        .selectAll()
        .where('result_id', 'in', chunk)
        .orderBy('result_id')
        .orderBy('name')
        .execute(),
    );
  }
}

function parsed(text: string | undefined, id: string, store: Store): ResultDocument {
  const document = text === undefined ? null : ResultDocument.safeParse(jsonOf(text));
  if (document?.success === true) return document.data;
  throw new ReproveError('store-failed', {
    what: `The result ${id} in the store ${store.name} cannot be read.`,
    why: text === undefined ? 'Its document is not there.' : 'Its document is not one of this version.',
    next: 'Put a copy of the store back, or name another with --store.',
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
