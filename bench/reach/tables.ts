import type { Outcome } from './outcome.ts';

/** Markdown: how many of each level, why the others are not byte-identical, and how long it took. */
export function tables(outcomes: readonly Outcome[]): string {
  return [levelTable(outcomes), causeTable(outcomes), timeLine(outcomes)].join('\n\n');
}

function levelTable(outcomes: readonly Outcome[]): string {
  const rows = [...countBy(outcomes, levelOf)]
    .toSorted(([, a], [, b]) => b.length - a.length)
    .map(([level, all]) => [level, String(all.length), percent(all.length, outcomes.length)]);
  const conclusive = outcomes.filter(
    ({ document }) => document !== null && document.verdict !== 'unverifiable',
  );
  const sum = ['conclusive', String(conclusive.length), percent(conclusive.length, outcomes.length)];
  return table(['verdict', 'package versions', 'share'], [...rows, sum]);
}

function causeTable(outcomes: readonly Outcome[]): string {
  const others = outcomes.filter(({ document }) => document?.level !== 'bytes');
  const rows = [...countBy(others, causeOf)]
    .toSorted(([, a], [, b]) => b.length - a.length)
    .map(([cause, all]) => [cause, String(all.length), all.map(({ spec }) => spec).join(', ')]);
  return table(['cause', 'package versions', 'which'], rows);
}

function timeLine(outcomes: readonly Outcome[]): string {
  const times = outcomes.map(({ durationMs }) => durationMs / 1000).toSorted((a, b) => a - b);
  const at = (share: number) => (times[Math.floor((times.length - 1) * share)] ?? 0).toFixed(1);
  const sum = times.reduce((all, one) => all + one, 0) / 60;
  return `Seconds for one: median ${at(0.5)}, 90 % below ${at(0.9)}, longest ${at(1)}; ${sum.toFixed(0)} minutes in all.`;
}

function levelOf({ document }: Outcome): string {
  if (document === null) return 'crashed';
  return document.level === null ? document.verdict : `reproduced: ${document.level}`;
}

/** What stands between an outcome and identical bytes, in words that are the same for the same cause. */
function causeOf({ document }: Outcome): string {
  if (document === null) return 'crashed';
  if (document.verdict === 'unverifiable') return document.reason?.code ?? 'no reason';
  if (document.verdict === 'reproduced') {
    const { normalizers = [], wrapping = [] } = document.comparison ?? {};
    const names = new Set(normalizers.map(({ name }) => name));
    const words = [...names, ...wrapping.map((one) => one.replace(/:.*/, ''))];
    return `${document.level ?? ''}: ${words.join('; ')}`;
  }
  const kinds = new Set(document.findings.map(({ kind, path }) => `${kind} ${shapeOf(path ?? '')}`));
  return `diverged: ${[...kinds].slice(0, 4).join(', ')}${kinds.size > 4 ? ', ...' : ''}`;
}

/** A path by its kind: its name for what every package has, else its ending. */
function shapeOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return /^(package\.json|README|LICENSE|CHANGELOG)/i.test(name)
    ? name
    : `*${/(\.[^.]+)*$/.exec(name)?.[0] ?? ''}`;
}

function countBy(
  outcomes: readonly Outcome[],
  keyOf: (outcome: Outcome) => string,
): ReadonlyMap<string, readonly Outcome[]> {
  return Map.groupBy(outcomes, keyOf);
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / Math.max(1, whole)).toFixed(1)} %`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}
