/** Milliseconds of one repetition of both. */
export interface Pair {
  readonly reprove: number;
  readonly hand: number;
}

export interface Row {
  readonly cells: readonly string[];
}

const HEAD = ['package', 'engine', 'state', 'pairs', 'reprove, s', 'by hand, s', 'ratio', 'target'] as const;

/** One line of the table: medians, and the smallest and largest in brackets. The ratio is the median of the pairs' ratios. */
export function rowOf(options: {
  readonly spec: string;
  readonly kind: 'pack' | 'build';
  readonly engine: string;
  readonly state: 'cold' | 'warm';
  readonly pairs: readonly Pair[];
  readonly target: number | null;
}): Row {
  const { spec, kind, engine, state, pairs, target } = options;
  const seconds = (side: keyof Pair) => spread(pairs.map((pair) => pair[side] / 1000));
  const ratios = pairs.map((pair) => pair.reprove / pair.hand);
  const isMet = target !== null && median(ratios) <= target;
  const verdict = target === null ? '' : `at most ${target}: ${isMet ? 'met' : 'missed'}`;
  const what = `${spec} (${kind === 'pack' ? 'no build' : 'with build'})`;
  const measured = [seconds('reprove'), seconds('hand'), spread(ratios)];
  return { cells: [what, engine, state, String(pairs.length), ...measured, verdict] };
}

/** A markdown table. */
export function table(rows: readonly Row[]): string {
  const lines = [HEAD, HEAD.map(() => '---'), ...rows.map((row) => row.cells)];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function spread(values: readonly number[]): string {
  if (values.length === 0) return '-';
  const shown = (value: number) => value.toFixed(2);
  return `${shown(median(values))} (${shown(Math.min(...values))}-${shown(Math.max(...values))})`;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = Number.NaN, high = Number.NaN] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}
