import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { NORMALIZERS } from '../../src/compare/normalizers.ts';
import { FINDINGS, forbidsReproduced } from '../../src/judge/findings.ts';
import { REASONS } from '../../src/judge/reasons.ts';
import { ABSENCES } from '../../src/model/absences.ts';
import { SIGNALS, signal } from '../../src/model/signals.ts';

const ROOT = new URL('../../', import.meta.url);
const read = (page: string): string => readFileSync(new URL(page, ROOT), 'utf8');
const pagesIn = (folder: string): string[] =>
  readdirSync(new URL(folder, ROOT)).map((name) => `${folder}/${name}`);

interface Page {
  readonly title: string;
  readonly severity: string;
  readonly page: string;
}

const CATALOGUES: readonly (readonly [string, Readonly<Record<string, Page>>])[] = [
  ['findings', FINDINGS],
  ['signals', SIGNALS],
];

describe.each(CATALOGUES)('%s', (folder, catalogue) => {
  test.each(Object.entries(catalogue))(
    '%s has a page in the one template, with its title and severity',
    (kind, entry) => {
      const page = read(entry.page);
      expect(entry.page).toBe(`docs/${folder}/${kind}.md`);
      expect(page.startsWith(`# ${entry.title}\n\nKind: \`${kind}\`. Severity: `)).toBe(true);
      expect(page.match(/^## .*$/gm)).toEqual(['## What it means', '## Why it matters', '## What to do']);
      const [, severity] = /Severity: (.*)$/m.exec(page) ?? [];
      const word = entry.severity === 'by-role' ? 'follows what the entry can do' : `\`${entry.severity}\``;
      expect(severity).toContain(word);
    },
  );
  test('no page is left over', () => {
    const pages = Object.values(catalogue).map(({ page }) => page);
    expect(new Set(pagesIn(`docs/${folder}`))).toEqual(new Set(pages));
  });
});

test('nothing that is reproduced has a finding that is high', () => {
  for (const [kind, { severity, effect }] of Object.entries(FINDINGS)) {
    const high = { kind, severity: 'high', path: null, message: '', evidence: {} } as const;
    const canBeHigh = effect !== 'shown-only' || severity === 'high' || severity === 'critical';
    expect([kind, canBeHigh && !forbidsReproduced(high)]).toEqual([kind, false]);
  }
});

test('every normalizer has a page that says why it cannot carry code', () => {
  for (const [name, { page, title }] of Object.entries(NORMALIZERS)) {
    expect(read(page)).toMatch(new RegExp(`^# ${title}\n\nNormalizer: \`${name}\``));
    expect(read(page)).toContain('## Why it cannot carry code that runs');
  }
  expect(new Set(pagesIn('docs/normalizers'))).toEqual(
    new Set(Object.values(NORMALIZERS).map(({ page }) => page)),
  );
});

test('every reason has a section', () => {
  const page = read('docs/reasons.md');
  const sections = [...page.matchAll(/^## (.*)\n\n(.*)\. Severity: `(.*)`\.$/gm)].map(
    ([, ...parts]) => parts,
  );
  expect(sections).toEqual(
    Object.entries(REASONS).map(([code, { title, severity }]) => [code, title, severity]),
  );
});

test('everything that can be absent has a section', () => {
  const sections = [...read('docs/absent-data.md').matchAll(/^## (.*)$/gm)].map(([, kind]) => kind);
  expect(sections).toEqual(Object.keys(ABSENCES));
});

test('a signal has the severity of its catalogue entry', () => {
  expect(signal('not-the-registry-artifact', 'm')).toEqual({
    kind: 'not-the-registry-artifact',
    severity: 'high',
    message: 'm',
  });
});
