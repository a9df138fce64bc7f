import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { DIFFERENCE_KINDS, DIFFERENCES } from '../../src/replay/differences.ts';

const PAGE = readFileSync(new URL('../../docs/replay.md', import.meta.url), 'utf8');

it.each(DIFFERENCE_KINDS)('%s has its section, which says whether it decides', (kind) => {
  const section = PAGE.split(`\n### ${kind}\n\n`)[1];
  expect(section?.startsWith('\\* ')).toBe(DIFFERENCES[kind].decides);
});
