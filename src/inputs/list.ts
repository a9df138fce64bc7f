import { PackageURL } from 'packageurl-js';
import { type InputEcosystem, type InputFormat, type ListedWarning, Unreadable } from './format.ts';
import { nameOf } from './sbom.ts';
import { Sorted } from './sorted.ts';

/** Characters of a line; no name, version and comment are longer. */
const LONGEST_LINE = 2048;

/** One line of a list. */
export interface Line {
  readonly ecosystem: InputEcosystem;
  readonly name: string;
  /** Null when the line names a package without a version, `name@*` included. */
  readonly version: string | null;
  /** From 1. */
  readonly line: number;
}

/** What becomes of lines that name a package without a version; a bare name is such a line only where they are `left-out`. */
export type Unversioned = 'refused' | 'left-out';

/** Package versions, one a line. */
export function list(ecosystems: readonly InputEcosystem[], unversioned: Unversioned): InputFormat {
  return {
    title: 'lists of name@version or of purls, one a line',
    fileNames: [],
    recognises: ({ text }) => {
      const first = text.split('\n').find((line) => contentOf(line) !== '');
      if (first === undefined || first.length > LONGEST_LINE) return false;
      return lineOf(first, 1, { ecosystems, unversioned }) !== null;
    },
    read({ text }) {
      const sorted = new Map(ecosystems.map((one) => [one.name, new Sorted(one)]));
      const names: string[] = [];
      for (const { ecosystem, name, version, line } of linesIn(text, ecosystems, unversioned)) {
        if (version === null && unversioned === 'refused')
          throw new Unreadable(`${JSON.stringify(name)} is there without a version.`, line);
        const nothing = {
          resolved: null,
          integrity: null,
          direct: null,
          dev: null,
          optional: null,
          peer: null,
        };
        sorted.get(ecosystem.name)?.add({ key: String(line), name, version, installedAs: name, ...nothing });
        names[line] = version === null ? name : `${name}@${version}`;
      }
      const all = [...sorted.values()];
      return {
        format: 'list',
        entries: all.flatMap(({ entries }) => entries),
        leftOut: all.flatMap(({ leftOut }) => leftOut),
        warnings: [] as readonly ListedWarning[],
        locate: (key) => ({ line: Number(key), project: '.', path: [names[Number(key)] ?? ''] }),
      };
    },
  };
}

/**
 * Every line of a list that is no comment.
 *
 * @throws Unreadable for a line that names nothing: a list must not be taken for shorter than it is
 */
export function linesIn(
  text: string,
  ecosystems: readonly InputEcosystem[],
  unversioned: Unversioned = 'refused',
): readonly Line[] {
  return text.split('\n').flatMap((line, index) => {
    if (contentOf(line) === '') return [];
    const read = line.length > LONGEST_LINE ? null : lineOf(line, index + 1, { ecosystems, unversioned });
    if (read === null)
      throw new Unreadable(
        `${JSON.stringify(contentOf(line).slice(0, 80))} is neither ${unversioned === 'refused' ? '' : 'a name, nor '}name@version, with an exact version, nor a purl.`,
        index + 1,
      );
    return [read];
  });
}

/** Comments begin with `#`, at the beginning or behind white space. */
function contentOf(line: string): string {
  return line
    .trim()
    .replace(/(?:^|\s)#.*$/, '')
    .trimEnd();
}

/** Without a purl the first ecosystem is meant. */
function lineOf(
  line: string,
  number: number,
  { ecosystems, unversioned }: { ecosystems: readonly InputEcosystem[]; unversioned: Unversioned },
): Line | null {
  const content = contentOf(line);
  if (/^pkg:/i.test(content)) return ofPurl(content, number, ecosystems);
  const [ecosystem] = ecosystems;
  if (ecosystem === undefined) return null;
  const at = content.lastIndexOf('@');
  if (at < 1)
    return unversioned === 'refused'
      ? null
      : checked({ ecosystem, name: content, version: null, line: number });
  const version = content.slice(at + 1);
  return checked({
    ecosystem,
    name: content.slice(0, at),
    version: version === '*' ? null : version,
    line: number,
  });
}

function ofPurl(content: string, line: number, ecosystems: readonly InputEcosystem[]): Line | null {
  try {
    const purl = PackageURL.fromString(content);
    const ecosystem = ecosystems.find(({ name }) => name === purl.type);
    if (ecosystem === undefined) return null;
    return checked({ ecosystem, name: nameOf(purl), version: purl.version ?? null, line });
  } catch {
    return null;
  }
}

function checked(line: Line): Line | null {
  const { ecosystem, name, version } = line;
  return ecosystem.isName(name) && (version === null || ecosystem.isVersion(version)) ? line : null;
}
