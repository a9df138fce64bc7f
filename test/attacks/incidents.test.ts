import { describe, expect, test } from 'vitest';
import { explainAll } from '../../src/explain/explain-all.ts';
import { textDifference } from '../../src/compare/text-diff.ts';
import { type Expected, expectOutcome, type Outcome } from '../support/attack-suite.ts';
import { type Incident, INCIDENTS, PAYLOAD, scriptOf } from '../support/incidents.ts';
import { entriesOf, type Files, judged, type Judged, packed, PACKAGES } from '../support/judged.ts';

function replay({ base = (files) => files, attack, document }: Incident, files: Files): Judged | null {
  const honest = base(files);
  const attacked = attack(honest);
  const bytes = Buffer.isBuffer(attacked)
    ? attacked
    : packed(Array.isArray(attacked) ? attacked : entriesOf(attacked as Files));
  const manifest = JSON.parse(honest['package.json'] ?? '{}') as object;
  return judged(honest, packed(entriesOf(honest)), bytes, document?.(manifest) ?? null);
}

function outcomeOf(result: Judged | null): Outcome | null {
  return result === null ? null : { ...result.judgement, normalizers: result.comparison.normalizers };
}

/** The same with the package's first script in the place of `SCRIPT`. */
function expectedOn(files: Files, expected: Expected): Expected {
  const { found = [] } = expected;
  const paths = (path: string | null) => (path === 'SCRIPT' ? scriptOf(files) : path);
  return {
    ...expected,
    found: found.map(([kind, severity, path]) => [kind, severity, paths(path)] as const),
  };
}

describe.each(Object.entries(PACKAGES))('attack: on the %s package', (on, files) => {
  test.for(Object.entries(INCIDENTS))('%s', ([attack, incident], context) => {
    const came = outcomeOf(replay(incident, files));
    const expected = expectedOn(files, incident.expected);
    expectOutcome(context, { row: incident.row, attack, on, expected, came });
  });

  test('code far to the right (flatmap-stream) is shown alone, with its place and what it can do', async (context) => {
    const script = scriptOf(files);
    const at = 2_500;
    const base = { ...files, [script]: `${'f(1);'.repeat(1000)}\n${files[script] ?? ''}` };
    const text = base[script] ?? '';
    const injected = { ...base, [script]: text.slice(0, at) + PAYLOAD.trim() + text.slice(at) };
    const result = judged(base, packed(entriesOf(base)), packed(entriesOf(injected)));
    const expected: Expected = { verdict: 'diverged', found: [['file-changed', 'high', script]] };
    const attack = 'code past column 2,500 (flatmap-stream)';
    expectOutcome(context, { row: 6, attack, on, expected, came: outcomeOf(result) });
    const explained = (await explainAll(result?.comparison.differences ?? [])).get(script);
    expect(explained).toMatchObject({
      total: 1,
      changes: [{ kind: 'added', offset: at, line: 1, code: PAYLOAD.trim() }],
      capabilities: expect.arrayContaining([
        { kind: 'credentials', detail: 'process.env.NPM_TOKEN' },
      ]) as unknown,
    });
  });

  test.each([
    ['a bidi override', '\u202e', '<U+202E>'],
    ['a zero-width space', '\u200b', '<U+200B>'],
    ['a homoglyph in a word', 'p\u0430ypal', 'p<U+0430>ypal'],
  ])('%s in a script is shown', (_, characters, shown) => {
    const script = scriptOf(files);
    const text = `${files[script] ?? ''}// ${characters}\n`;
    const result = judged(files, packed(entriesOf(files)), packed(entriesOf({ ...files, [script]: text })));
    const [difference] = result?.comparison.differences ?? [];
    const { text: diff } = textDifference({
      published: difference?.published?.content ?? null,
      rebuilt: difference?.rebuilt?.content ?? null,
    });
    expect(diff).toContain(shown);
  });
});
