import { describe, expect, it } from 'vitest';
import { revisedPlans } from '../../../builders/npm/revise.ts';
import type { PlanRequest } from '../../../src/ecosystem.ts';
import { sourceOf } from '../../support/artifacts.ts';
import { commands, difference, FACTS, MANIFEST, PLAN, REQUEST, revise } from '../../support/revising.ts';

describe('sources that a published map shows with the line ends of Windows', () => {
  const map = (content: string, sources = ['../src/a.ts']) =>
    JSON.stringify({ version: 3, sources, sourcesContent: [content], mappings: '' });
  const request: PlanRequest = {
    ...REQUEST,
    source: sourceOf({ 'package.json': JSON.stringify(MANIFEST), 'src/a.ts': 'a\nb\n' }),
  };
  const planned = async (published: string, rebuilt: string) => {
    const differences = [difference('content', 'dist/a.js.map', [published, rebuilt])];
    const { next } = await revisedPlans({
      request,
      plan: PLAN,
      went: { kind: 'differed', differences },
      ...FACTS,
    });
    return next.map((plan) => commands(plan)[1]).filter((words) => words?.startsWith('node -e '));
  };

  it('are written so before the build', async () => {
    const [words = '', ...others] = await planned(map('a\r\nb\r\n'), map('a\nb\n'));
    expect(words).toMatch(/ src\/a\.ts$/);
    expect(others).toEqual([]);
  });

  it.each([
    ['more than that differs', map('a\r\nc\r\n'), map('a\nb\n')],
    ['the source is no file of the commit', map('a\r\n', ['../b.ts']), map('a\n', ['../b.ts'])],
    ['another source is named', map('a\r\nb\r\n'), map('a\nb\n', ['../src/b.ts'])],
    ['it cannot be read', '{', map('a\n')],
    ['it has no contents', '{"version":3,"sources":["../src/a.ts"],"mappings":""}', map('a\nb\n')],
  ])('are left as they are where %s', async (_what, published, rebuilt) => {
    expect(await planned(published, rebuilt)).toEqual([]);
  });
});

describe('where nothing but the choice of files differs', () => {
  const chosen = async (
    npm: string,
    kinds: readonly ('missing' | 'added' | 'content')[],
    inCommit = true,
  ) => {
    const differences = kinds.map((kind, at) => ({ ...difference(kind, `a${at}.spec.js`), inCommit }));
    const plan = { ...PLAN, toolchain: { node: '20.20.2', npm } };
    const { next } = await revise({ kind: 'differed', differences }, plan);
    return next.map(({ toolchain }) => toolchain['npm']).filter((version) => version !== npm);
  };

  it.each([
    ['8.19.4', ['missing', 'missing'], ['10.9.2']],
    ['11.1.0', ['missing', 'added'], ['8.19.4']],
    ['8.19.4', ['missing', 'content'], []],
    ['6.14.18', ['missing'], []],
  ] as const)('npm %s, %j: is packed by %j', async (npm, kinds, expected) => {
    expect(await chosen(npm, kinds)).toEqual(expected);
  });

  it('it does not for a file that the commit has not', async () => {
    expect(await chosen('8.19.4', ['added'], false)).toEqual([]);
  });
});
