import { signal } from '../model/signals.ts';
import type { Source } from '../model/source.ts';
import type { Signal } from '../model/verdict.ts';
import type { RawObject } from './raw-objects.ts';
import type { Repository, TagRef } from './repository.ts';
import { rememberTags, type Sighting } from './seen-tags.ts';

/** What is known of the repository whose tags are looked at. */
export interface TagContext {
  readonly repository: Repository;
  readonly remote: string;
  readonly url: { readonly url: string };
  readonly cacheDir: string;
  readonly claims: { readonly version: string };
}

/** What there is to say of the tags that lead to some sources, and the sources with the dates of their tags. */
export async function withTags<
  T extends { readonly candidates: readonly Source[]; readonly signals: readonly Signal[] },
>(context: TagContext, resolved: T): Promise<T> {
  const { repository, remote, url, cacheDir, claims } = context;
  const tags = await repository.tags();
  const seen = await rememberTags({ cacheDir, key: url.url, remote }, tags, new Date().toISOString());
  const tagOf = ({ ref }: Source) => tags.find(({ name }) => name === ref) ?? null;
  const used = resolved.candidates.map(tagOf).filter((tag) => tag !== null);
  const moved = used.map((tag) => movedSignal(tag, seen.get(tag.name) ?? []));
  const [release] = used;
  const lost =
    release === undefined
      ? null
      : await lostSignature(repository, { tags, release, version: claims.version });
  const candidates = resolved.candidates.map((source) => {
    const taggedAt = tagOf(source)?.taggedAt ?? null;
    return taggedAt === null ? source : { ...source, taggedAt };
  });
  const signals = [...moved, lost].filter((one) => one !== null);
  return { ...resolved, candidates, signals: [...resolved.signals, ...signals] };
}

/** Milder where the tag was only written anew and leads to the same commit as ever. */
function movedSignal({ name, object, commit }: TagRef, sightings: readonly Sighting[]): Signal | null {
  const before = sightings.find((one) => one.object !== object);
  if (before === undefined) return null;
  const was = `It named ${before.object} (commit ${before.commit.slice(0, 12)}) when it was seen on ${before.at.slice(0, 10)}`;
  const now = `it names ${object} (commit ${commit.slice(0, 12)}) now`;
  const told = signal('tag-moved', `The tag ${shortName(name)} has been moved. ${was}; ${now}.`);
  return sightings.every((one) => one.commit === commit) ? { ...told, severity: 'low' } : told;
}

function shortName(name: string): string {
  return name.replace('refs/tags/', '');
}

/** So many earlier releases have to agree before one that is otherwise is worth a word. */
const EARLIER = 5;

/**
 * A release whose tag is not signed in git, while the tags of the five releases before it are; the same of commits, milder. Only
 * that there is a signature is looked at: whose key may sign a project's tags is nothing that a repository tells.
 */
async function lostSignature(
  repository: Repository,
  { tags, release, version }: { tags: readonly TagRef[]; release: TagRef; version: string },
): Promise<Signal | null> {
  const earlier = earlierReleases(tags, release, version).slice(0, EARLIER);
  if (earlier.length < EARLIER) return null;
  const all = [release, ...earlier];
  const objects = await repository.rawObjects([...new Set(all.flatMap((tag) => [tag.object, tag.commit]))]);
  const what = shortName(release.name);
  const names = earlier.map(({ name }) => shortName(name)).join(', ');
  const others = `those of the ${earlier.length} releases before it (${names}) are. Whether those signatures are right was not looked at`;
  const lacks = (type: 'tag' | 'commit', idOf: (tag: TagRef) => string) => {
    const isSigned = (one: RawObject | undefined) => one?.type === type && SIGNED[type](one.text);
    const [own, ...before] = all.map((tag) => objects.get(idOf(tag)));
    return own !== undefined && !isSigned(own) && before.every(isSigned);
  };
  if (lacks('tag', ({ object }) => object))
    return signal('tag-signature-lost', `The tag ${what} is not signed; ${others}.`);
  if (!lacks('commit', ({ commit }) => commit)) return null;
  const told = signal('tag-signature-lost', `The commit of ${what} is not signed; ${others}.`);
  return { ...told, severity: 'low' };
}

/** Tags with the same words around a lower version, the highest first. Prereleases are signed by other rules. */
function earlierReleases(tags: readonly TagRef[], release: TagRef, version: string): readonly TagRef[] {
  const at = release.name.lastIndexOf(version);
  const own = numbersOf(version);
  if (at < 0 || own === null) return [];
  const [prefix, suffix] = [release.name.slice(0, at), release.name.slice(at + version.length)];
  return tags
    .flatMap((tag) => {
      if (!tag.name.startsWith(prefix) || !tag.name.endsWith(suffix)) return [];
      const numbers = numbersOf(tag.name.slice(prefix.length, tag.name.length - suffix.length));
      return numbers === null || compareNumbers(numbers, own) >= 0 ? [] : [{ tag, numbers }];
    })
    .toSorted((a, b) => compareNumbers(b.numbers, a.numbers))
    .map(({ tag }) => tag);
}

/** The numbers of a version that has nothing else. */
function numbersOf(version: string): readonly number[] | null {
  return /^\d{1,9}(\.\d{1,9}){0,5}$/.test(version) ? version.split('.').map(Number) : null;
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  const differing = a.findIndex((one, index) => one !== (b[index] ?? 0));
  return differing < 0 ? a.length - b.length : (a[differing] ?? 0) - (b[differing] ?? 0);
}

/** What ends the message of a signed tag (gitformat-signature(5)). */
const SIGNATURE = /^-----BEGIN (?:PGP SIGNATURE|PGP MESSAGE|SSH SIGNATURE|SIGNED MESSAGE)-----$/m;

/** Whether there is a signature: behind the message of a tag, and in the header of a commit. */
const SIGNED = {
  tag: (text: string) => SIGNATURE.test(text.slice(endOfHeader(text))),
  commit: (text: string) => /^gpgsig(?:-sha256)? /m.test(text.slice(0, endOfHeader(text))),
} as const;

function endOfHeader(text: string): number {
  const gap = text.indexOf('\n\n');
  return gap < 0 ? text.length : gap;
}
