import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Source } from '../../src/model/source.ts';
import type { Signal } from '../../src/model/verdict.ts';
import { openRepository } from '../../src/source/open-repository.ts';
import { withTags } from '../../src/source/release-tag.ts';
import { youngerSignal } from '../../src/source/tag-date.ts';
import { sourceOf } from '../support/artifacts.ts';
import { temporaryFolder, TestRepository } from '../support/repository.ts';

const URL = 'https://git.example/owner/tagged';
let folder: ReturnType<typeof temporaryFolder>;
let repository: TestRepository;
beforeEach(() => {
  folder = temporaryFolder();
  repository = new TestRepository(path.join(folder.path, 'remote'));
});
afterEach(() => folder.dispose());

const cacheDir = () => path.join(folder.path, 'cache');

/** What is said of the source that a tag leads to, looked at as a run does. */
async function look(
  tag: string,
  version: string,
  remote = repository.directory,
): Promise<{ source: Source | undefined; signals: readonly Signal[] }> {
  const opened = await openRepository({ cacheDir: cacheDir(), key: URL, remotes: [remote] });
  if (!opened.ok) throw new Error(JSON.stringify(opened.failures));
  const commit = (await opened.repository.commitOf(`refs/tags/${tag}`)) ?? '';
  const source = { ...sourceOf({}), commit, ref: `refs/tags/${tag}` };
  const context = { ...opened, url: { url: URL }, cacheDir: cacheDir(), claims: { version } };
  const resolved = await withTags(context, { candidates: [source], signals: [] });
  return { source: resolved.candidates[0], signals: resolved.signals };
}

const told = ({ signals }: { signals: readonly Signal[] }) =>
  signals.map(({ kind, severity }) => `${kind} ${severity}`);

describe('a tag that is moved', () => {
  it.each([
    ['a folder that lends its objects', () => repository.directory],
    ['a remote that is fetched', () => `file://${repository.directory}`],
  ])('is told from then on, and not at first sight: %s', async (_what, remoteOf) => {
    const remote = remoteOf();
    const before = repository.commit({ a: '1' });
    repository.tag('v1.0.0');
    expect(told(await look('v1.0.0', '1.0.0', remote))).toEqual([]);
    expect(told(await look('v1.0.0', '1.0.0', remote))).toEqual([]);
    const after = repository.commit({ a: 'steal();' });
    repository.git('tag', '-f', 'v1.0.0');
    for (const _again of [1, 2]) {
      const { signals } = await look('v1.0.0', '1.0.0', remote);
      expect(told({ signals })).toEqual(['tag-moved high']);
      expect(signals[0]?.message).toContain(before);
      expect(signals[0]?.message).toContain(after);
    }
  });

  it('and back again is told as well', async () => {
    const before = repository.commit({ a: '1' });
    repository.tag('v1.0.0');
    await look('v1.0.0', '1.0.0');
    repository.commit({ a: '2' });
    repository.git('tag', '-f', 'v1.0.0');
    await look('v1.0.0', '1.0.0');
    repository.git('tag', '-f', 'v1.0.0', before);
    expect(told(await look('v1.0.0', '1.0.0'))).toEqual(['tag-moved high']);
  });

  it('is milder when it was written anew for the same commit', async () => {
    repository.commit({ a: '1' });
    repository.tag('v1.0.0');
    await look('v1.0.0', '1.0.0');
    repository.git('tag', '-f', '-a', '-m', 'again', 'v1.0.0', 'v1.0.0');
    expect(told(await look('v1.0.0', '1.0.0'))).toEqual(['tag-moved low']);
  });

  it('of another remote of the same repository is no move', async () => {
    repository.commit({ a: '1' });
    repository.tag('v1.0.0');
    await look('v1.0.0', '1.0.0');
    const mirror = new TestRepository(path.join(folder.path, 'mirror'));
    mirror.commit({ a: '2' });
    mirror.tag('v1.0.0');
    expect(told(await look('v1.0.0', '1.0.0', mirror.directory))).toEqual([]);
  });

  it('is not forgotten while the tag is gone', async () => {
    repository.commit({ a: '1' });
    repository.git('tag', 'other');
    repository.tag('v1.0.0');
    await look('v1.0.0', '1.0.0');
    repository.git('tag', '-d', 'v1.0.0');
    await look('other', '1.0.0');
    repository.commit({ a: '2' });
    repository.tag('v1.0.0');
    expect(told(await look('v1.0.0', '1.0.0'))).toEqual(['tag-moved high']);
  });

  it.each(['', '{', '{"schemaVersion":2}', '{"schemaVersion":1,"tags":[["refs/tags/v1.0.0",[]]]}'])(
    'is not misjudged by a memory that is damaged: %j',
    async (damage) => {
      repository.commit({ a: '1' });
      repository.tag('v1.0.0');
      await look('v1.0.0', '1.0.0');
      const memory = path.join(cacheDir(), 'seen-tags');
      const [file = ''] = readdirSync(memory);
      expect(readdirSync(memory)).toHaveLength(1);
      writeFileSync(path.join(memory, file), damage);
      expect(told(await look('v1.0.0', '1.0.0'))).toEqual([]);
      repository.commit({ a: '2' });
      repository.git('tag', '-f', 'v1.0.0');
      expect(told(await look('v1.0.0', '1.0.0'))).toEqual(['tag-moved high']);
    },
  );
});

const PGP = '-----BEGIN PGP SIGNATURE-----\n\niQ\n-----END PGP SIGNATURE-----';
const SSH = '-----BEGIN SSH SIGNATURE-----\nU1NI\n-----END SSH SIGNATURE-----';

describe('a signature in git', () => {
  const annotated = (name: string, signature: string) =>
    repository.git('tag', '-a', '--cleanup=verbatim', '-m', `${name}\n${signature}\n`, name);
  const release = (name: string, signature: string) => {
    repository.commit({ a: name });
    annotated(name, signature);
  };

  it.each([PGP, SSH])('that all earlier tags have and this one has not is missed', async (signature) => {
    for (const name of ['v0.9.0', 'v1.2.0', 'v1.10.0']) release(name, signature);
    release('v1.11.0', '');
    const { signals } = await look('v1.11.0', '1.11.0');
    expect(told({ signals })).toEqual(['tag-signature-lost medium']);
    expect(signals[0]?.message).toContain('(v1.10.0, v1.2.0, v0.9.0)');
  });

  it('is missed of a tag without any object of its own', async () => {
    for (const name of ['v1.0.0', 'v1.1.0', 'v1.2.0']) release(name, PGP);
    repository.commit({ a: 'last' });
    repository.tag('v1.3.0');
    expect(told(await look('v1.3.0', '1.3.0'))).toEqual(['tag-signature-lost medium']);
  });

  it('is not missed when one of the earlier tags has none, or there are too few', async () => {
    for (const name of ['v1.0.0', 'v1.1.0']) release(name, PGP);
    release('v1.2.0', '');
    expect(told(await look('v1.2.0', '1.2.0'))).toEqual([]);
    release('v1.3.0', '');
    expect(told(await look('v1.3.0', '1.3.0'))).toEqual([]);
  });

  it('of tags of another package, of prereleases and of later versions does not count', async () => {
    for (const name of ['x@1.0.0', 'v1.0.0-rc.1', 'v2.0.0', 'v2.1.0', 'v2.2.0']) release(name, PGP);
    release('v1.0.0', '');
    expect(told(await look('v1.0.0', '1.0.0'))).toEqual([]);
  });

  it('that is there is not missed', async () => {
    for (const name of ['v1.0.0', 'v1.1.0', 'v1.2.0', 'v1.3.0']) release(name, SSH);
    expect(told(await look('v1.3.0', '1.3.0'))).toEqual([]);
  });

  it('that all earlier commits have and this one has not is missed, milder', async () => {
    for (const name of ['v1.0.0', 'v1.1.0', 'v1.2.0']) {
      repository.commit({ a: name });
      repository.git('tag', name, signedCommit());
    }
    repository.commit({ a: 'last' });
    repository.tag('v1.3.0');
    expect(told(await look('v1.3.0', '1.3.0'))).toEqual(['tag-signature-lost low']);
  });

  /** HEAD with a signature, as a commit of its own. */
  function signedCommit(): string {
    const raw = repository.git('cat-file', 'commit', 'HEAD');
    const file = path.join(folder.path, 'commit');
    writeFileSync(file, `${raw.replace('\n\n', `\ngpgsig ${SSH.replaceAll('\n', '\n ')}\n\n`)}\n`);
    return repository.git('hash-object', '-t', 'commit', '-w', file);
  }
});

describe('the date of a tag', () => {
  it('is read of an annotated one', async () => {
    repository.commit({ a: '1' });
    repository.git('tag', '-a', '-m', 'x', 'v1.0.0');
    repository.tag('light');
    expect((await look('v1.0.0', '1.0.0')).source?.taggedAt).toBe('2024-03-01T12:01:00Z');
    expect((await look('light', '1.0.0')).source?.taggedAt).toBeUndefined();
  });

  const source = { ...sourceOf({}), ref: 'refs/tags/v1.0.0', committedAt: '2024-03-01T12:00:00Z' };
  it.each([
    ['2024-03-01T12:00:00Z', undefined, null],
    ['2024-03-01T11:30:00Z', undefined, null],
    ['2024-03-01T09:00:00Z', undefined, 'low'],
    ['2024-02-01T09:00:00Z', undefined, 'medium'],
    ['2024-03-01T12:10:00Z', '2024-03-01T13:00:00Z', null],
    ['2024-03-01T12:10:00Z', '2024-03-09T13:00:00Z', 'low'],
    [null, '2030-03-09T13:00:00Z', null],
    ['2024-03-01T12:10:00Z', 'garbage', null],
  ])('published %s and tagged %s: %s', (publishedAt, taggedAt, severity) => {
    const tagged = taggedAt === undefined ? source : { ...source, taggedAt };
    expect(youngerSignal(tagged, publishedAt)?.severity ?? null).toBe(severity);
  });
});
