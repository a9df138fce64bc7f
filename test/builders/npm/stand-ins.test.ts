import { describe, expect, it } from 'vitest';
import { namesGoneFile } from '../../../builders/npm/install-log.ts';
import { installStep } from '../../../builders/npm/steps.ts';
import { commands, failed, PLAN, revise, ROOT, TOOLS } from '../../support/revising.ts';

const NPM = 'npm error 404 Not Found - GET http://127.0.0.1:4873/@s/gone/-/gone-1.0.5.tgz - Not found';

describe('a file that the registry does not have', () => {
  it.each([
    ['npm', NPM],
    ['pnpm', 'ERR_PNPM_FETCH_404  GET http://127.0.0.1:4873/gone/-/gone-1.0.0.tgz: Not Found - 404'],
    ['yarn classic', 'error http://127.0.0.1:4873/gone/-/gone-1.0.0.tgz: Not found'],
    ['yarn berry, of a version', '➤ YN0035: │ gone@npm:1.0.0: Package not found'],
    [
      'yarn berry, of a file',
      '➤ YN0035: │ gone@npm:1.0.0: The remote server failed\n➤ YN0035: │   Response Code: 404 (Not Found)',
    ],
  ])('is read in the words of %s', (_who, log) => {
    expect(namesGoneFile(log)).toBe(true);
  });

  it.each([
    'npm error 404 Not Found - GET http://127.0.0.1:4873/gone - Not found',
    '➤ YN0035: │   Response Code: 502 (Bad Gateway)',
    'added 404 packages from /-/a-1.0.0.tgz',
  ])('is not seen in %j', (log) => {
    expect(namesGoneFile(log)).toBe(false);
  });
});

describe('after a fetch that failed for such a file', () => {
  it('something stands in for it, once', async () => {
    const { next } = await revise(failed('fetch-failed', NPM));
    expect(commands(next[0])[0]).toMatch(/registry\.cjs \S+ --stand-ins npm ci /);
    const again = await revise(failed('fetch-failed', NPM), next[0]);
    expect(again.next.filter((plan) => commands(plan)[0]?.includes(' --stand-ins npm ci '))).toEqual([]);
  });

  it('then what is gone is left out', async () => {
    const { next } = await revise(failed('fetch-failed', NPM));
    expect(commands(next[1])[0]).toContain('--without=@s/gone npm install ');
  });

  it('berry is told not to check, also in a build', async () => {
    const log = '➤ YN0035: │ gone@npm:1.0.0: Package not found';
    const { next } = await revise(failed('fetch-failed', log));
    expect(next[0]?.steps.map(({ env }) => env['YARN_CHECKSUM_BEHAVIOR'])).toEqual([
      'ignore',
      'ignore',
      'ignore',
    ]);
  });

  it('nothing does where no lockfile is followed: it does not name the version', async () => {
    const install = installStep({ root: { ...ROOT, lockfile: null }, lock: 'ignored', version: TOOLS.npm });
    const plan = { ...PLAN, steps: [install, ...PLAN.steps.slice(1)] };
    const { next } = await revise(failed('fetch-failed', NPM), plan);
    expect(next.flatMap((one) => commands(one)).filter((words) => words.includes('--stand-ins'))).toEqual([]);
  });
});
