import path from 'node:path/posix';
import { z } from 'zod';
import { textOf } from '../compare/utf8.ts';
import type { Content } from '../model/artifact.ts';
import type { Difference } from '../model/comparison.ts';
import type { Source } from '../model/source.ts';
import type { Finding } from '../model/verdict.ts';
import { gitBlobId } from '../published/digests.ts';
import { visible } from '../published/visible.ts';
import { FINDINGS } from './findings.ts';

/** Bytes; a larger one is said not to be read. */
const MOST_BYTES = 16 * 1024 * 1024;
const MOST_SOURCES = 100_000;
const MOST_NAMED = 5;
const MOST_NAME = 200;

const Name = z.string().nullish();
const PlainMap = z.object({
  file: Name,
  sourceRoot: Name,
  sources: z.array(z.string().nullable()).max(MOST_SOURCES).catch([]).default([]),
  sourcesContent: z.array(z.string().nullable()).max(MOST_SOURCES).catch([]).default([]),
});
/** Source maps of ECMA-426: plain ones, and those that only hold others (section 6, "Index source map"). */
const SourceMap = z.union([
  z.object({ file: Name, sections: z.array(z.object({ map: PlainMap })).max(MOST_SOURCES) }),
  PlainMap.extend({ version: z.number() }),
]);

/** What a map says of the code that it belongs to. */
interface Read {
  readonly file: string | null;
  readonly sources: readonly { readonly name: string; readonly content: string | null }[];
}

/** Where the commit's files are to be found; null where there is no commit. */
type Commit = Pick<Source, 'tree' | 'directory'> | null;

/** What a source map says that neither the rebuilt one nor the commit does; null when there is nothing. */
export function sourceMapFinding(
  { path: file, published, rebuilt }: Pick<Difference, 'path' | 'published' | 'rebuilt'>,
  commit: Commit,
): Finding<'source-map-disagrees'> | null {
  if (published === null || !/\.map$/i.test(file)) return null;
  const ours = read(published.content);
  if (ours === null) return disagreement(file, ['it cannot be read as a source map'], {});
  const theirs = rebuilt === null ? null : read(rebuilt.content);
  const known = new Set(theirs?.sources.map(keyOf));
  const names = new Set(theirs?.sources.map(({ name }) => name));
  const news = ours.sources.filter((one) => !known.has(keyOf(one)));
  const place = placesOf(file, commit);
  const outside = news.filter(({ name }) => !names.has(name) && place(name) === null).map(({ name }) => name);
  const isOutside = new Set(outside);
  const contents = news.filter(({ name }) => !isOutside.has(name));
  const blobs = new Map(commit?.tree.map((one) => [one.path, one.blobId]));
  const isInCommit = ({ name }: Read['sources'][number]) => blobs.has(place(name) ?? '');
  const isOfCommit = ({ name, content }: Read['sources'][number]) =>
    content === null || blobIds(content).includes(blobs.get(place(name) ?? '') ?? '');
  const other = contents.filter((one) => isInCommit(one) && !isOfCommit(one)).map(({ name }) => name);
  // Without a commit any other content is what another version has.
  const unknown = (commit === null ? [] : contents)
    .filter((one) => one.content !== null && !isInCommit(one))
    .map(({ name }) => name);
  const isMapOf = ours.file === null || ours.file === theirs?.file || isOwnName(file, ours.file);
  const said = [
    ...(other.length > 0 ? [`it shows other content of ${named(other)} than the commit has`] : []),
    ...(unknown.length > 0
      ? [`it shows content of ${named(unknown)} that neither rebuild nor commit has`]
      : []),
    ...(outside.length > 0 ? [`${named(outside)} lies outside of the repository`] : []),
    ...(isMapOf ? [] : [`it says that it belongs to ${named([ours.file ?? ''])}`]),
  ];
  const evidence = { other: firsts(other), unknown: firsts(unknown), outside: firsts(outside) };
  return said.length === 0 ? null : disagreement(file, said, evidence);
}

function disagreement(
  file: string,
  said: readonly string[],
  evidence: Finding['evidence'],
): Finding<'source-map-disagrees'> {
  const message = `${FINDINGS['source-map-disagrees'].title}: ${visible(file)}: ${said.join('; ')}.`;
  return { kind: 'source-map-disagrees', severity: 'low', path: file, message, evidence };
}

/** Null for what is no map, or more than is read. */
function read(content: Content): Read | null {
  const text = content.length > MOST_BYTES ? null : textOf(content.subarray());
  // Maps may begin with a line that keeps them from being run as scripts.
  const parsed = SourceMap.safeParse(text === null ? null : parse(text.replace(/^\)\]\}'[^\n]*\n/, '')));
  if (!parsed.success) return null;
  const maps = 'sections' in parsed.data ? parsed.data.sections.map(({ map }) => map) : [parsed.data];
  const sources = maps.flatMap((map) =>
    map.sources.flatMap((name, index) =>
      name === null
        ? []
        : [{ name: rooted(map.sourceRoot ?? '', name), content: map.sourcesContent[index] ?? null }],
    ),
  );
  return { file: parsed.data.file ?? null, sources };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

function rooted(root: string, name: string): string {
  return root === '' ? name : `${root.replace(/\/$/, '')}/${name}`;
}

/** The path in the repository of a source that a map names; null for what lies outside of it, or has no path at all. */
function placesOf(file: string, commit: Commit): (name: string) => string | null {
  const folder = path.join(commit?.directory ?? '.', path.dirname(file));
  return (name) => {
    if (/^[a-z][a-z0-9+.-]*:|^[\\/]/i.test(name)) return null;
    const place = path.join(folder, name);
    // Without a commit nobody knows how deep in its repository the package lies.
    return commit !== null && (place === '..' || place.startsWith('../')) ? null : place;
  };
}

function isOwnName(file: string, name: string): boolean {
  return path.basename(name) === path.basename(file).replace(/\.map$/i, '');
}

function keyOf({ name, content }: Read['sources'][number]): string {
  return `${name}\n${content === null ? '' : gitBlobId(Buffer.from(content))}`;
}

/** Of a text as it is, and with the line ends of git. */
function blobIds(content: string): readonly string[] {
  return [content, content.replaceAll('\r\n', '\n')].map((text) => gitBlobId(Buffer.from(text)));
}

function firsts(names: readonly string[]): readonly string[] {
  return names.slice(0, MOST_NAMED).map((name) => name.slice(0, MOST_NAME));
}

function named(names: readonly string[]): string {
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : '';
  return (
    firsts(names)
      .map((name) => visible(name))
      .join(', ') + more
  );
}
