import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { npmOptions } from '../../builders/npm/registry/config.ts';
import { npmReleases } from '../../builders/npm/registry/releases.ts';
import { LoopbackRegistry } from '../../src/demo/loopback-registry.ts';
import type { Releases } from '../../src/model/releases.ts';
import { openStore, type Store } from '../../src/store/open.ts';
import type { Sighting } from '../../src/store/sightings.ts';
import type { Watched } from '../../src/store/watches.ts';
import { Follower } from '../../src/watch/follow.ts';
import { TestFeed } from '../support/feed.ts';
import { packageTarball } from '../support/registry.ts';
import { temporaryFolder } from '../support/repository.ts';
import { STORE_KINDS, type StoreKind } from '../support/stores.ts';

const HOUR = 3_600_000;
const INSTALL_TYPE = 'application/vnd.npm.install-v1+json';

describe.each(Object.entries(STORE_KINDS))('following a registry, in %s', (_, openKind) => {
  const folder = temporaryFolder();
  let kind: StoreKind;
  let location: string;
  let store: Store;
  let registry: LoopbackRegistry;
  let feed: TestFeed;
  let releases: Releases;
  let now: Date;
  let said: string[];
  let sighted: string[];

  beforeAll(async () => {
    kind = await openKind();
  });
  afterAll(async () => {
    await kind.close();
    folder.dispose();
  });
  beforeEach(async () => {
    location = kind.location();
    store = await openStore(location);
    registry = await LoopbackRegistry.start();
    feed = await TestFeed.start();
    const env = { HOME: folder.path };
    releases = await npmReleases(await npmOptions({ cwd: folder.path, registry: registry.url, env }));
    now = new Date('2026-03-01T03:00:00.000Z');
    [said, sighted] = [[], []];
  });
  afterEach(async () => {
    await store.close();
    await registry.close();
    await feed.close();
  });

  const publish = (name: string, ...versions: readonly string[]) => {
    for (const version of versions) {
      const manifest = { name, version };
      registry.publish({ manifest, bytes: packageTarball(manifest) });
    }
  };
  const asWatched = (name: string): Watched => ({ package: `pkg:npm/${name}`, ecosystem: 'npm', name });
  const asSighting = ({ name }: Watched, version: string, seenAt: Date): Sighting => ({
    series: 'watch',
    purl: `pkg:npm/${name}@${version}`,
    name,
    version,
    kind: 'new',
    seen_at: seenAt.toISOString(),
    expected: '[]',
    places: '[]',
  });
  const open = (
    names: readonly string[],
    more: { feed?: string; extent?: 'part'; patienceMs?: number; signal?: AbortSignal } = {},
  ) =>
    Follower.open(
      {
        series: 'watch',
        feed: more.feed ?? null,
        packages: names.map(asWatched),
        extent: more.extent ?? 'all',
        patienceMs: more.patienceMs ?? 0,
        signal: more.signal ?? new AbortController().signal,
      },
      {
        store,
        releases,
        now: () => now,
        sightingsOf: (watched, versions, at) => versions.map((one) => asSighting(watched, one, at)),
        baselineOf: () => [],
        onSighted: (all) => void sighted.push(...all.map(({ name, version }) => `${name}@${version}`)),
        onTrouble: (text) => void said.push(text),
      },
    );
  const stored = async () =>
    (await store.query((db) => db.selectFrom('sightings').select('purl').orderBy('purl').execute())).map(
      ({ purl }) => purl,
    );

  test('what was published before is the baseline; what comes then is new, once', async () => {
    publish('a', '1.0.0', '1.1.0');
    publish('b', '1.0.0');
    const follower = await open(['a', 'b', 'later']);
    expect(await follower.round()).toEqual({ unanswered: 0 });
    publish('a', '1.2.0', '2.0.0');
    // Of a name that nobody had, the first version is new as well.
    publish('later', '0.0.1');
    await follower.round();
    await follower.round();
    expect(sighted.toSorted()).toEqual(['a@1.2.0', 'a@2.0.0', 'later@0.0.1']);
    expect(await stored()).toEqual(['pkg:npm/a@1.2.0', 'pkg:npm/a@2.0.0', 'pkg:npm/later@0.0.1']);
    expect(said).toEqual([]);
  });

  test('a restart takes up where it was, and asks only for what has changed', async () => {
    publish('a', '1.0.0');
    await (await open(['a'])).round();
    publish('a', '1.1.0');
    await (await open(['a'])).round();
    await (await open(['a'])).round();
    expect(sighted).toEqual(['a@1.1.0']);
    const asked = registry.requests.map(({ accept, ifNoneMatch }) => [
      accept?.startsWith(INSTALL_TYPE),
      ifNoneMatch !== null,
    ]);
    expect(asked).toEqual([
      [true, false],
      [true, true],
      [true, true],
    ]);
  });

  test('a version that is taken back and comes again is not new', async () => {
    publish('a', '1.0.0');
    const follower = await open(['a']);
    await follower.round();
    publish('a', '1.1.0');
    await follower.round();
    registry.alter('a', (document) => ({ ...document, versions: {} }));
    await follower.round();
    publish('a', '1.1.0');
    await follower.round();
    expect(sighted).toEqual(['a@1.1.0']);
  });

  test('what left the list is forgotten, unless the list could not be read whole', async () => {
    publish('a', '1.0.0');
    publish('b', '1.0.0');
    await (await open(['a', 'b'])).round();
    await open(['a'], { extent: 'part' });
    publish('b', '1.1.0');
    await (await open(['a', 'b'])).round();
    expect(sighted).toEqual(['b@1.1.0']);
    await open(['a']);
    publish('b', '1.2.0');
    await (await open(['a', 'b'])).round();
    expect(sighted).toEqual(['b@1.1.0']);
  });

  test('attack: names and versions that are none are left where they are', async () => {
    publish('a', '1.0.0');
    const follower = await open(['a', '../a', 'https://x.example/']);
    await follower.round();
    const evil = {
      '../../etc': {},
      '--flag': {},
      '1.0.0\n2.0.0': {},
      ['x'.repeat(300)]: {},
      ['__proto__']: {},
    };
    registry.alter('a', (document) => ({ ...document, versions: { ...evil, '1.0.1': {} } }));
    await follower.round();
    expect(sighted).toEqual(['a@1.0.1']);
    expect(registry.requests.map(({ path }) => path)).toEqual(['/a', '/a']);
  });

  test('attack: a document of another package is not taken for it', async () => {
    publish('a', '1.0.0');
    const follower = await open(['a']);
    await follower.round();
    registry.alter('a', (document) => ({ ...document, name: 'b', versions: { '9.9.9': {} } }));
    expect(await follower.round()).toEqual({ unanswered: 1 });
    expect(await follower.round()).toEqual({ unanswered: 1 });
    expect(sighted).toEqual([]);
    // Once is enough.
    expect(said).toEqual([expect.stringContaining('a is not watched')]);
  });

  describe('a registry that does not answer', () => {
    test('is left alone for a while, and nothing of that time is lost', { timeout: 60_000 }, async () => {
      publish('a', '1.0.0');
      publish('b', '1.0.0');
      const follower = await open(['a', 'b'], { patienceMs: 20_000 });
      await follower.round();
      publish('a', '1.1.0');
      registry.fault('/a', { kind: 'answer', status: 503, body: 'not now', times: 1 });
      expect(await follower.round()).toEqual({ unanswered: 1 });
      expect(said.join('\n')).toMatch(/status 503\. It is asked again in 5 s\.\nthe registry answers again/);
      expect(await follower.round()).toEqual({ unanswered: 0 });
      expect(sighted).toEqual(['a@1.1.0']);
    });

    test('is asked no more in a round that has waited long enough', async () => {
      publish('a', '1.0.0');
      const headers = { 'retry-after': '1800' };
      for (const name of ['a', 'b', 'c'])
        registry.fault(`/${name}`, { kind: 'answer', status: 429, body: 'too many', headers });
      const follower = await open(['a', 'b', 'c']);
      expect(await follower.round()).toEqual({ unanswered: 3 });
      expect(registry.requests).toHaveLength(1);
      expect(said).toEqual([expect.stringContaining('status 429. The next round asks again.')]);
    });

    test('is waited for as long as it wants, and Ctrl-C ends that', async () => {
      registry.fault('/a', { kind: 'answer', status: 503, body: '', headers: { 'retry-after': '1800' } });
      const ending = new AbortController();
      const follower = await open(['a', 'b'], { patienceMs: Infinity, signal: ending.signal });
      const round = follower.round();
      await expect.poll(() => said).toEqual([expect.stringContaining('It is asked again in 1800 s.')]);
      ending.abort();
      expect(await round).toEqual({ unanswered: 2 });
    });

    test('that refuses one package still gives the others', async () => {
      publish('b', '1.0.0');
      registry.fault('/a', { kind: 'answer', status: 403, body: '{}' });
      const follower = await open(['a', 'b']);
      expect(await follower.round()).toEqual({ unanswered: 1 });
      publish('b', '1.1.0');
      await follower.round();
      expect(sighted).toEqual(['b@1.1.0']);
    });
  });

  describe('with a feed', () => {
    const documents = () => registry.requests.map(({ path }) => path);

    test('asks only for what the feed names', async () => {
      publish('a', '1.0.0');
      publish('b', '1.0.0');
      const follower = await open(['a', 'b'], { feed: feed.url });
      await follower.round();
      expect(documents()).toEqual(['/a', '/b']);
      publish('b', '1.1.0');
      feed.tell('unlisted', 'b', '_design/app', 'b');
      await follower.round();
      await follower.round();
      expect([documents().slice(2), sighted]).toEqual([['/b'], ['b@1.1.0']]);
    });

    test('goes on after a restart where it was', async () => {
      publish('a', '1.0.0');
      await (await open(['a'], { feed: feed.url })).round();
      publish('a', '1.1.0');
      feed.tell('a');
      await (await open(['a'], { feed: feed.url })).round();
      expect(sighted).toEqual(['a@1.1.0']);
      expect(feed.requests.at(-1)).toMatch(/_changes\?since=100&limit=\d+$/);
    });

    test('a package that the feed named and the registry did not give is asked for again', async () => {
      publish('a', '1.0.0');
      const follower = await open(['a'], { feed: feed.url });
      await follower.round();
      publish('a', '1.1.0');
      feed.tell('a');
      registry.fault('/a', { kind: 'answer', status: 500, body: '', times: 1 });
      expect(await follower.round()).toEqual({ unanswered: 1 });
      await (await open(['a'], { feed: feed.url })).round();
      expect(sighted).toEqual(['a@1.1.0']);
    });

    test.each([
      ['that fails', () => void (feed.failing = 503)],
      ['that no longer knows the position', () => void (feed.forgets = true)],
      ['that was made anew', () => feed.reset()],
    ])('one %s is said to, and every package is asked for', async (_what, breakFeed) => {
      publish('a', '1.0.0');
      const follower = await open(['a'], { feed: feed.url });
      await follower.round();
      publish('a', '1.1.0');
      breakFeed();
      await follower.round();
      expect(sighted).toEqual(['a@1.1.0']);
      expect(said).toEqual([expect.stringContaining('every package is asked for')]);
      feed.failing = null;
      feed.forgets = false;
      publish('a', '1.2.0');
      feed.tell('a');
      await follower.round();
      expect(sighted).toEqual(['a@1.1.0', 'a@1.2.0']);
    });

    test('every package is asked for now and then all the same, also when the clock goes back', async () => {
      publish('a', '1.0.0');
      const follower = await open(['a'], { feed: feed.url });
      await follower.round();
      await follower.round();
      expect(documents()).toHaveLength(1);
      now = new Date(now.getTime() + 7 * HOUR);
      await follower.round();
      expect(documents()).toHaveLength(2);
      now = new Date(now.getTime() - 30 * 24 * HOUR);
      publish('a', '1.1.0');
      await follower.round();
      expect(sighted).toEqual(['a@1.1.0']);
    });
  });
});

test("only npm's own registry has a feed that is known", async () => {
  const feedOf = async (registry: string) =>
    (await npmReleases(await npmOptions({ cwd: '/', registry, env: { HOME: '/nonexistent' } }))).feed;
  expect(await feedOf('https://registry.npmjs.org/')).toContain('_changes');
  expect(await feedOf('https://registry.example/')).toBeNull();
});
