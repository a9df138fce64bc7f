/** One long-term-support line of Node: https://github.com/nodejs/Release, schedule.json. */
export interface NodeLine {
  readonly major: number;
  /** When its first version came out, ISO 8601 date. */
  readonly released: string;
  /** When it became the long-term-support release that people are told to use. */
  readonly supported: string;
  readonly codename: string;
  /** The npm major that came with it, from a date on; oldest first. */
  readonly npm: readonly { readonly from: string; readonly major: number }[];
}

/** Even majors only: odd ones were for half a year, and nobody was told to publish with them. */
// prettier-ignore
export const NODE_LINES: readonly NodeLine[] = [
  line(4, 'argon', ['2015-09-08', '2015-10-12'], [['2015-09-08', 2]]),
  line(6, 'boron', ['2016-04-26', '2016-10-18'], [['2016-04-26', 3]]),
  line(8, 'carbon', ['2017-05-30', '2017-10-31'], [['2017-05-30', 5], ['2018-09-10', 6]]),
  line(10, 'dubnium', ['2018-04-24', '2018-10-30'], [['2018-04-24', 6]]),
  line(12, 'erbium', ['2019-04-23', '2019-10-21'], [['2019-04-23', 6]]),
  line(14, 'fermium', ['2020-04-21', '2020-10-27'], [['2020-04-21', 6]]),
  line(16, 'gallium', ['2021-04-20', '2021-10-26'], [['2021-04-20', 7], ['2021-10-08', 8]]),
  line(18, 'hydrogen', ['2022-04-19', '2022-10-25'], [['2022-04-19', 8], ['2023-02-01', 9], ['2023-11-29', 10]]),
  line(20, 'iron', ['2023-04-18', '2023-10-24'], [['2023-04-18', 9], ['2023-09-18', 10]]),
  line(22, 'jod', ['2024-04-24', '2024-10-29'], [['2024-04-24', 10]]),
  line(24, 'krypton', ['2025-05-06', '2025-10-28'], [['2025-05-06', 11]]),
  line(26, 'lithium', ['2026-05-05', '2026-10-28'], [['2026-05-05', 11]]),
];

function line(
  major: number,
  codename: string,
  [released, supported]: readonly [released: string, supported: string],
  npm: readonly (readonly [from: string, major: number])[],
): NodeLine {
  return { major, released, supported, codename, npm: npm.map(([from, which]) => ({ from, major: which })) };
}

/** The long-term-support line that was current at an instant; the oldest known for everything before it. */
export function supportedLine(at: Date): NodeLine {
  const current = NODE_LINES.findLast(({ supported }) => Date.parse(supported) <= at.getTime());
  return current ?? (NODE_LINES[0] as NodeLine);
}

/** The npm major that came with a Node major at an instant. */
export function bundledNpm(nodeMajor: number, at: Date): number {
  const known = NODE_LINES.findLast(({ major }) => major <= nodeMajor) ?? NODE_LINES[0];
  const since = known?.npm.findLast(({ from }) => Date.parse(from) <= at.getTime()) ?? known?.npm[0];
  return since?.major ?? 2;
}
