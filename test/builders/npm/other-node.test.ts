import { describe, expect, it } from 'vitest';
import { failed, PLAN, revise } from '../../support/revising.ts';

it.each([
  ['a newer', 'Error [ERR_REQUIRE_ESM]: require() of ES Module', '22.22.2'],
  [
    'an older',
    "Error: You must provide the URL of lib/mappings.wasm by calling it({ 'lib/mappings.wasm': 1 })",
    '18.20.8',
  ],
])('%s line of Node is tried when the log reads as if it were wanted', async (_which, log, node) => {
  const { next } = await revise(failed('build-failed', log));
  expect(next.map(({ toolchain }) => toolchain['node'])).toContain(node);
});

describe('a package that refuses to be installed with a Node', () => {
  const refusal = (range: string) =>
    failed(
      'fetch-failed',
      `npm ERR! code EBADENGINE\nnpm ERR! engine Unsupported engine\nnpm ERR! notsup Required: {"npm":">=6","node":"${range}"}\n`,
    );
  const nodesAfter = async (range: string, node: string) => {
    const { next } = await revise(refusal(range), { ...PLAN, toolchain: { ...PLAN.toolchain, node } });
    return next.map(({ toolchain }) => toolchain['node']);
  };

  it.each([
    ['>=20', '16.20.2', '20.20.2'],
    ['^14 || >=22', '16.20.2', '14.21.3'],
    ['<=12', '16.20.2', '8.17.0'],
  ])('gets the lowest line that it allows: %s, not %s', async (range, node, wanted) => {
    expect((await nodesAfter(range, node))[0]).toBe(wanted);
  });

  it.each(['>=99', 'no range', '>=16'])('is not read of %s', async (range) => {
    // The line after is what any log of an unsupported engine asks for.
    expect((await nodesAfter(range, '16.20.2')).filter((node) => node !== '20.20.2')).toEqual([]);
  });
});
