import { z } from 'zod';
import type { AskingFailed, ChangesAnswer, Releases, VersionsAnswer } from '../../../src/model/releases.ts';
import { ReproveError } from '../../../src/errors.ts';
import { isName, isVersion } from '../inputs/names.ts';
import { documentUrl, isPackageName } from './client.ts';
import { npmDefaultRegistry, registryOf, type NpmOptions } from './config.ts';
import { DEFAULT_PATIENCE, type Download, downloadOnce } from './http.ts';

/** What npm's installs ask for: a document without what only people read, several times smaller. */
const ABBREVIATED = 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8';
const MEBIBYTE = 1024 * 1024;
const DOCUMENT_BYTES = 256 * MEBIBYTE;
const PAGE_BYTES = 16 * MEBIBYTE;
/** Changes of one page; npm's own feed gives 10,000 at most. */
const PAGE = 5_000;
/** Where npm's registry tells its changes; https://github.com/orgs/community/discussions/152515 has its rules. */
const NPM_FEED = 'https://replicate.npmjs.com/registry/_changes';

/** CouchDB's positions are numbers or texts (https://docs.couchdb.org/en/stable/api/database/changes.html). */
const Position = z.union([z.int(), z.string().min(1).max(4096)]);
const Page = z.object({ results: z.array(z.object({ id: z.string() })), last_seq: Position });
const Database = z.object({ update_seq: Position });
const Document = z.object({
  name: z.string(),
  'dist-tags': z.object({ latest: z.string().optional() }).catch({}).default({}),
  versions: z.record(z.string(), z.unknown()).default({}),
});

/** What the registries of npm's configuration tell of their packages. */
export async function npmReleases(options: NpmOptions): Promise<Releases> {
  const isDefault = options.registry === (await npmDefaultRegistry());
  return {
    feed: isDefault ? NPM_FEED : null,
    isInFeed: (name) => registryOf(options, name) === options.registry,
    versionsOf: (name, known) => versionsOf(options, name, known),
    positionOf: (feed) => positionOf(options, feed),
    changesSince: (feed, position) => changesSince(options, feed, position),
  };
}

async function versionsOf(
  options: NpmOptions,
  name: string,
  known: Download['known'] | null,
): Promise<VersionsAnswer> {
  if (!isPackageName(name)) return { kind: 'absent' };
  const url = documentUrl(registryOf(options, name), name);
  const what = { url, name, accept: ABBREVIATED, maxBytes: DOCUMENT_BYTES };
  const asked = known === null || known === undefined ? what : { ...what, known };
  const reply = await downloadOnce(asked, options, DEFAULT_PATIENCE);
  if (reply.kind === 'failed') return failed(reply);
  if (reply.kind !== 'ok') return { kind: reply.kind };
  const document = parsed(Document, reply.bytes);
  if (document?.name !== name) return unusable(url);
  const versions = Object.keys(document.versions).filter(isVersion);
  const { latest = null } = document['dist-tags'];
  const { validators } = reply;
  return { kind: 'versions', versions, latest: versions.find((one) => one === latest) ?? null, validators };
}

/** CouchDB tells it at the address of the database; npm's replica also at its root. */
async function positionOf(options: NpmOptions, feed: string): Promise<ChangesAnswer> {
  const places = [new URL('.', feed), new URL('/', feed)].map(({ href }) => href);
  let answer: ChangesAnswer = unusable(feed);
  for (const place of new Set(places)) {
    const reply = await ask(options, place, MEBIBYTE);
    if (reply.kind === 'failed') answer = failed(reply);
    const database = reply.kind === 'ok' ? parsed(Database, reply.bytes) : null;
    if (database === null) continue;
    return { kind: 'changes', names: [], position: String(database.update_seq), isEnd: true };
  }
  return answer;
}

async function changesSince(options: NpmOptions, feed: string, position: string): Promise<ChangesAnswer> {
  const url = new URL(feed);
  url.searchParams.set('since', position);
  url.searchParams.set('limit', String(PAGE));
  const reply = await ask(options, url.href, PAGE_BYTES);
  if (reply.kind === 'failed')
    return reply.status === 400 || reply.status === 416 ? { kind: 'lost' } : failed(reply);
  const page = reply.kind === 'ok' ? parsed(Page, reply.bytes) : null;
  if (page === null) return unusable(feed);
  const { results, last_seq: last } = page;
  if (isEarlier(last, position)) return { kind: 'lost' };
  const names = results.map(({ id }) => id).filter(isName);
  const isEnd = results.length < PAGE || String(last) === position;
  return { kind: 'changes', names, position: String(last), isEnd };
}

/** Numbers go back only when the feed was made anew. */
function isEarlier(last: number | string, position: string): boolean {
  return /^\d+$/.test(String(last)) && /^\d+$/.test(position) && Number(last) < Number(position);
}

/** Without the package's name npm would choose no credentials; a feed has those of its own address. */
function ask(options: NpmOptions, url: string, maxBytes: number) {
  return downloadOnce({ url, name: 'feed', accept: 'application/json', maxBytes }, options, DEFAULT_PATIENCE);
}

function failed(reply: Extract<Awaited<ReturnType<typeof downloadOnce>>, { kind: 'failed' }>): AskingFailed {
  const { error, transient, retryAfterMs } = reply;
  return { kind: 'failed', error, passes: transient, retryAfterMs };
}

function unusable(url: string): AskingFailed {
  const error = new ReproveError('registry-invalid', {
    what: `What the registry gives at ${url} cannot be used.`,
    why: 'It is not what npm registries serve there.',
    next: 'Check the registry of your npm configuration (--registry), and the feed (--feed).',
  });
  return { kind: 'failed', error, passes: false, retryAfterMs: null };
}

function parsed<T>(schema: z.ZodType<T>, bytes: Uint8Array): T | null {
  try {
    return schema.safeParse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return null;
    throw error;
  }
}
