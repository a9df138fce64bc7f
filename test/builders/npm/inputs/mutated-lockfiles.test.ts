import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { INPUT_ECOSYSTEMS } from '../../../../builders/inputs.ts';
import { Unreadable } from '../../../../src/inputs/format.ts';
import { complete } from '../../../../src/inputs/read.ts';
import { formatsOf, readText } from '../../../../src/inputs/read-text.ts';

const FIXTURES = path.join(import.meta.dirname, '../../../../fixtures/inputs');
const FORMATS = formatsOf(INPUT_ECOSYSTEMS);
/** What means something in one of the formats or in the addresses in them. */
const PIECES = [
  '"',
  "'",
  '{',
  '}',
  '[',
  ':',
  ',',
  '@',
  '%',
  '#',
  '(',
  '/',
  '\n',
  '  ',
  '\t',
  '\\',
  '- ',
  '::',
  'patch:%',
  'link:',
  'npm:',
  '__proto__',
  'null',
  '0',
];

it.each([
  'npm-6/package-lock.json',
  'npm-8/package-lock.json',
  'npm-11/bom.json',
  'npm-11/spdx.json',
  'pnpm-7/pnpm-lock.yaml',
  'pnpm-12/pnpm-lock.yaml',
  'yarn-1/yarn.lock',
  'yarn-4/yarn.lock',
  'bun-1.4/bun.lock',
])('attack: %s with anything in it is read or refused, and never a surprise', (file) => {
  const text = readFileSync(path.join(FIXTURES, file), 'utf8');
  const change = fc.record({
    at: fc.nat(text.length),
    drop: fc.nat(12),
    put: fc.constantFrom(...PIECES, ''),
  });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
      const mutated = changes.reduce(
        (all, { at, drop, put }) => all.slice(0, at) + put + all.slice(at + drop),
        text,
      );
      try {
        const reading = readText({ fileName: path.basename(file), text: mutated, manifest: null }, FORMATS);
        const { entries } = complete(file, reading, INPUT_ECOSYSTEMS);
        for (const { place, subject } of entries) {
          expect(place.line).toBeGreaterThan(0);
          expect(place.path.length).toBeGreaterThan(0);
          expect(subject.purl).toMatch(/^pkg:npm\//);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(Unreadable);
      }
    }),
    { numRuns: 150 },
  );
});
