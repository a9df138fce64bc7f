import { LEFT_OUT } from '../inputs/left-out.ts';
import { visible } from '../published/visible.ts';
import {
  type Block,
  type Canvas,
  canvasOf,
  joined,
  labelled,
  oneLine,
  type TextOptions,
} from '../report/canvas.ts';
import type { AffectedDocument } from './document.ts';

/** Longer lists are read in the JSON document. */
const MOST_PLACES = 20;
const MOST_FILES = 20;

type Affected = AffectedDocument['affected'][number];
type Place = Affected['places'][number];

/** What was found, for a person: which version, who says that it is bad, where, and by which way it came there. */
export function renderAffected(document: AffectedDocument, options: TextOptions): string {
  const canvas = canvasOf(options);
  return joined([
    headBlock(document, canvas),
    ...document.affected.map((one) => affectedBlock(one, canvas)),
    fileLines(
      'warning',
      'Look at:',
      document.warnings.map((one) => ({ ...one, why: one.message })),
      canvas,
    ),
    fileLines('refused', 'Cannot be read, so nothing is known of:', document.refused, canvas),
    footBlock(document, canvas),
  ]);
}

function headBlock({ affected, looked, refused }: AffectedDocument, { style }: Canvas): Block {
  if (affected.length > 0) {
    const mark = style.verdict('diverged', '✘ AFFECTED');
    return [
      `${mark}  ${count(looked.affectedFiles, 'file')} of ${counted(looked.files)} with a version known to be bad`,
    ];
  }
  if (refused.length > 0) {
    const mark = style.verdict('unverifiable', '? NOT KNOWN');
    return [`${mark}  nothing found, but ${count(refused.length, 'file')} cannot be read`];
  }
  return [`${style.verdict('reproduced', '✔ NOT AFFECTED')}  ${count(looked.files, 'file')}`];
}

function affectedBlock({ name, version, advisories, places }: Affected, canvas: Canvas): Block {
  const { style } = canvas;
  const title = visible(version === null ? name : `${name}@${version}`);
  const said = advisories.map(({ id, summary, file, line }) => {
    const who = id === null ? `${file}:${line}` : `${id} (${file}:${line})`;
    return labelled('says', summary === null ? who : `${who}: ${summary}`, canvas);
  });
  const shown = places.slice(0, MOST_PLACES).map((place) => placeLine(place, canvas));
  const rest = places.length - MOST_PLACES;
  return [
    style.bold(title),
    ...said.flat(),
    ...shown,
    ...(rest > 0 ? [`  and ${counted(rest)} more; --json has all`] : []),
  ];
}

function placeLine({ file, line, project, path, alias, dev, leftOut }: Place, { style }: Canvas): string {
  const way = [...(project === '.' ? [] : [project]), ...path].map((step) => visible(step)).join(' > ');
  const asides = [
    ...(dev === true ? ['development only'] : []),
    ...(alias === null ? [] : [`installed as ${visible(alias)}`]),
    ...(leftOut === null ? [] : [`it ${LEFT_OUT[leftOut]}`]),
  ];
  return `  ${visible(file)}:${line}  ${way}${asides.length === 0 ? '' : style.dim(`  (${asides.join('; ')})`)}`;
}

interface FileLine {
  readonly file: string;
  readonly line: number | null;
  readonly why: string;
}

function fileLines(kind: string, title: string, all: readonly FileLine[], { style }: Canvas): Block {
  if (all.length === 0) return [];
  const rest = all.length - MOST_FILES;
  const shown = all
    .slice(0, MOST_FILES)
    .map(({ file, line, why }) => `  ${visible(file)}${line === null ? '' : `:${line}`}  ${oneLine(why)}`);
  const heading = kind === 'refused' ? style.bold(title) : title;
  return [heading, ...shown, ...(rest > 0 ? [`  and ${counted(rest)} more; --json has all`] : [])];
}

function footBlock({ list, looked }: AffectedDocument, { style }: Canvas): Block {
  const { files, packages, versions, withdrawn, otherEcosystems } = list;
  const from = `${count(versions, 'bad version or range', 'bad versions or ranges')} of ${count(packages, 'package')}, from ${count(files, 'file')}`;
  const notTaken = [
    ...(withdrawn > 0 ? [`${count(withdrawn, 'advisory', 'advisories')} withdrawn`] : []),
    ...(otherEcosystems > 0 ? [`${count(otherEcosystems, 'package')} of other ecosystems`] : []),
  ];
  const rest = notTaken.length === 0 ? '' : `; not taken: ${notTaken.join(', ')}`;
  return [
    style.dim(
      `Looked through ${count(looked.files, 'file')} with ${count(looked.entries, 'entry', 'entries')} for ${from}${rest}.`,
    ),
  ];
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${counted(number)} ${number === 1 ? one : many}`;
}

function counted(number: number): string {
  return number.toLocaleString('en-US');
}
