import { describe, expect, test } from 'vitest';
import { differenceAt } from '../../src/model/content.ts';
import { textDifference } from '../../src/compare/text-diff.ts';

const show = (published: string | Uint8Array | null, rebuilt: string | Uint8Array | null, options = {}) =>
  textDifference({
    published: published === null ? null : Buffer.from(published),
    rebuilt: rebuilt === null ? null : Buffer.from(rebuilt),
    ...options,
  });

test('three lines prepended are shown as added lines', () => {
  const { form, text, offset } = show('evil1()\nevil2()\n\nmodule()\nend()\n', 'module()\nend()\n');
  expect(form).toBe('lines');
  expect(offset).toBe(0);
  expect(text).toBe('--- rebuilt\n+++ published\n@@ -1,2 +1,5 @@\n+evil1()\n+evil2()\n+\n module()\n end()');
});

describe('a payload far to the right of a minified line', () => {
  const line = 'var a=1;'.repeat(500);
  const { form, text, offset } = show(`${line}evil();${line}`, `${line}${line}`);
  test('is shown, with its offset', () => {
    expect(form).toBe('window');
    expect(offset).toBe(4000);
    expect(text).toContain('first difference at byte 4000');
    expect(text).toContain('+ ...');
    expect(text).toMatch(/^\+.*evil\(\);/m);
    expect(text).not.toMatch(/^-.*evil/m);
  });
  test('does not fill the screen', () => expect(text.length).toBeLessThan(1000));
});

test('characters that cannot be seen are made visible in lines and in windows', () => {
  const bidi = 'if (a\u202e) {\n';
  expect(show(bidi, 'if (a) {\n').text).toContain('+if (a<U+202E>) {');
  const far = 'x'.repeat(5000);
  expect(show(`${far}\u200b`, far).text).toContain('<U+200B>');
  expect(show('\u001b[2Jgone\n', 'here\n').text).not.toContain('\u001b');
});

test('a carriage return cannot paint over a line', () => {
  expect(show('evil()\rok()\n', 'ok()\n').text).toContain('+evil()<U+000D>ok()');
});

test('a binary file is shown in hexadecimal around the first byte that differs', () => {
  const bytes = Buffer.alloc(4096, 0x90);
  bytes[0] = 0;
  const changed = Buffer.from(bytes);
  changed[2050] = 0xcc;
  const { form, text, offset } = show(changed, bytes);
  expect([form, offset]).toEqual(['window', 2050]);
  expect(text).toContain('+ 00000800  90 90 cc 90');
  expect(text).toContain('- 00000800  90 90 90 90');
});

test('lines are bounded in number and width', () => {
  const many = Array.from({ length: 500 }, (_, index) => `line ${index}`).join('\n');
  const { text, truncated } = show(many, null, { maxLines: 10 });
  expect(truncated).toBe(true);
  expect(text.split('\n')).toHaveLength(11);
  expect(text).toContain('more lines');
  const wide = show(`${'c'.repeat(900)}\nb\n`, `${'c'.repeat(900)}\na\n`, { maxWidth: 100 });
  expect(wide.form).toBe('lines');
  expect(Math.max(...wide.text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(103);
});

test('a cut through a character of several bytes shows no replacement characters', () => {
  const euros = '€'.repeat(3000);
  expect(show(`${euros}x${euros}`, `${euros}y${euros}`).text).not.toContain('\ufffd');
});

test('texts too different for lines still show where they begin to differ', () => {
  const random = (seed: number) =>
    Array.from({ length: 150_000 }, (_, index) => ((index * seed) % 7919).toString(36)).join('\n');
  const { text } = show(random(31), random(37));
  expect(text.length).toBeGreaterThan(0);
});

test('the first difference', () => {
  expect(differenceAt(Buffer.from('abc'), Buffer.from('abd'))).toBe(2);
  expect(differenceAt(Buffer.from('abc'), Buffer.from('ab'))).toBe(2);
  expect(differenceAt(Buffer.from(''), Buffer.from(''))).toBe(0);
});
