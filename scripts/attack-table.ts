import { z } from 'zod';

/** What is used of the runner's JSON report: the notes that tests of attacks leave (test/support/attack-suite.ts). */
const REPORT = z.object({
  testResults: z.array(
    z.object({
      assertionResults: z.array(
        z.object({
          status: z.string(),
          meta: z
            .object({
              attack: z
                .object({
                  row: z.int(),
                  attack: z.string(),
                  on: z.string(),
                  expected: z.string(),
                  came: z.string(),
                })
                .optional(),
            })
            .optional(),
        }),
      ),
    }),
  ),
});

/** One attack on one package. */
export interface Tried {
  readonly row: number;
  readonly attack: string;
  readonly on: string;
  readonly expected: string;
  readonly came: string;
  readonly passed: boolean;
}

/**
 * The attacks of a report of the runner, in its order.
 *
 * @throws ZodError for anything that is not such a report
 */
export function attacksOf(json: string): readonly Tried[] {
  const { testResults } = REPORT.parse(JSON.parse(json));
  return testResults.flatMap(({ assertionResults }) =>
    assertionResults.flatMap(({ status, meta }) =>
      meta?.attack === undefined ? [] : [{ ...meta.attack, passed: status === 'passed' }],
    ),
  );
}

export interface Table {
  readonly lines: readonly string[];
  /** Rows that no test tried. */
  readonly missing: readonly string[];
  readonly failed: number;
}

/**
 * A line for each attack and package below the row that it belongs to. Packages for which the very same is to be said share
 * a line.
 */
export function tableOf(tried: readonly Tried[], rows: Readonly<Record<number, string>>): Table {
  const missing: string[] = [];
  const lines = Object.entries(rows).flatMap(([number, title]) => {
    const all = tried.filter(({ row }) => row === Number(number));
    if (all.length === 0) missing.push(`${number} ${title}`);
    const attacks = Map.groupBy(all, ({ attack }) => attack);
    return ['', `${number}. ${title}`, ...[...attacks].flatMap(([attack, ones]) => linesOf(attack, ones))];
  });
  const failed = tried.filter(({ passed }) => !passed).length;
  const places = new Set(tried.map(({ attack, row }) => `${row} ${attack}`)).size;
  const summary = `${places} attacks, tried ${tried.length} times: ${tried.length - failed} as expected, ${failed} not`;
  return { lines: [...lines, '', summary].slice(1), missing, failed };
}

function linesOf(attack: string, tried: readonly Tried[]): readonly string[] {
  const alike = Map.groupBy(tried, ({ expected, came, passed }) => `${expected}\n${came}\n${passed}`);
  const outcomes = [...alike.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const packages = [first, ...others].map(({ on }) => on).join(', ');
    return [
      `     ${first.passed ? 'ok    ' : 'FAILED'} on ${packages}`,
      `            expected  ${first.expected}`,
      `            came out  ${first.came}`,
    ];
  });
  return [`   ${attack}`, ...outcomes];
}
