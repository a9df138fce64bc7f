import { visible } from '../published/visible.ts';
import { type Canvas, INDENT } from './canvas.ts';
import type { CodeDocument, ResultDocument } from './document.ts';
import { abilitiesOf, changesToRead, codeOf, dataLinesOf, diffOf } from './facts.ts';
import { wrap } from './wrap.ts';

type Look = Pick<Canvas, 'style' | 'width'>;

const MOST_CHANGES = 8;

/** What differs in a file, to read below its finding: the statements where lines are too long, and what they can do. */
export function evidenceLines(finding: ResultDocument['findings'][number], look: Look): readonly string[] {
  const changes = changesToRead(finding);
  const total = codeOf(finding)?.total ?? 0;
  const lines = changes.length > 0 ? changeLines({ changes, total }, look) : diffLines(diffOf(finding), look);
  return [...abilityLines(finding, look), ...dataLines(finding, look), ...lines];
}

/** The values of data that differ, one a line. */
function dataLines(finding: ResultDocument['findings'][number], { style, width }: Look): readonly string[] {
  return dataLinesOf(finding).flatMap((text) =>
    wrap(`= ${visible(text)}`, width - INDENT.length).map((line) => style.bold(`${INDENT}${line}`)),
  );
}

function diffLines(diff: readonly string[], { style }: Look): readonly string[] {
  return diff.map((line) => {
    const text = `${INDENT}${visible(line, { keepLines: true })}`;
    if (line.startsWith('+')) return style.added(text);
    return line.startsWith('-') ? style.removed(text) : style.dim(text);
  });
}

/** One line for each kind of what the code that is only published can do. */
function abilityLines(
  finding: ResultDocument['findings'][number],
  { style, width }: Look,
): readonly string[] {
  return abilitiesOf([finding]).flatMap(([words, details]) =>
    wrap(`! ${words}: ${visible(details)}`, width - INDENT.length).map((line) =>
      style.bold(`${INDENT}${line}`),
    ),
  );
}

const MARKS = { added: '+', removed: '-', changed: '~' } as const;

function changeLines(
  { changes, total }: Pick<CodeDocument, 'changes' | 'total'>,
  { style, width }: Look,
): readonly string[] {
  const lines = changes.slice(0, MOST_CHANGES).flatMap(({ kind, offset, line, code }) => {
    const where = style.dim(`${INDENT}${kind} at byte ${offset}, line ${line}`);
    const paint = kind === 'removed' ? style.removed : style.added;
    const shown = wrap(`${MARKS[kind]} ${visible(code)}`, width - INDENT.length);
    return [where, ...shown.map((one) => paint(`${INDENT}${one}`))];
  });
  const rest = total - Math.min(changes.length, MOST_CHANGES);
  return rest > 0
    ? [...lines, style.dim(`${INDENT}... and ${rest} more places; --json has the first 20`)]
    : lines;
}
