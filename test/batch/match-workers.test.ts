import { describe, expect, test } from 'vitest';
import { termsOfWorkers, whyNot } from '../../src/batch/match-workers.ts';
import type { KnownWorker } from '../../src/store/workers.ts';

const WANTED = { tool: '1.0.0', registry: null, policy: null };
const worker = (host: string, isThere: boolean, terms: object): KnownWorker => ({
  id: host,
  host,
  queue: '',
  slots: 1,
  isThere,
  terms: JSON.stringify({ ...WANTED, signer: null, ...terms }),
});

describe('who signs a batch', () => {
  test('are the workers that are there, before those that were there later', () => {
    const known = [worker('late', false, { signer: 'old' }), worker('here', true, { signer: 'new' })];
    expect(termsOfWorkers(known, WANTED).signer).toBe('new');
  });

  test('are the latest that were there, when none is', () => {
    const known = [worker('late', false, { signer: 'new' }), worker('early', false, { signer: 'old' })];
    expect(termsOfWorkers(known, WANTED).signer).toBe('new');
  });

  test('are not two at once', () => {
    const known = [worker('one', true, { signer: 'a' }), worker('other', true, { signer: 'b' })];
    expect(() => termsOfWorkers(known, WANTED)).toThrow('The workers of this batch sign differently.');
  });

  test.each([
    ['of another version', { tool: '2.0.0' }, 'has reprove 2.0.0, not reprove 1.0.0'],
    ['with a policy', { policy: 'a'.repeat(64) }, 'has the policy with sha256 aaaaaaaaaaaa, not no policy'],
    [
      'of another registry',
      { registry: 'https://r.example/' },
      'has --registry https://r.example/, not the configured registry',
    ],
    ['with terms that nobody can read', { more: 1 }, 'has terms that this version cannot read'],
  ])('are no workers %s', (_, terms, why) => {
    const known = [worker('other', true, terms)];
    expect(() => termsOfWorkers(known, WANTED)).toThrow(`other ${why}`);
    expect(whyNot(known, WANTED)).toEqual([`other ${why}`]);
  });
});
