import { describe, expect, it } from 'vitest';
import { publishInstant } from '../../src/plan/instant.ts';

const committedAt = '2024-03-01T12:00:00+02:00';

describe('publishInstant', () => {
  it("is the registry's time up to a week after the commit", () => {
    const registryTime = '2024-03-08T09:59:00.000Z';
    expect(publishInstant({ registryTime, committedAt })).toEqual({ instant: registryTime, signal: null });
  });

  it.each([
    ['years late, as mirrors are', '2031-01-01T00:00:00.000Z'],
    ['before the commit', '2024-02-29T00:00:00.000Z'],
    ['no date', 'yesterday'],
    ['absent', null],
  ])('is an hour after the commit when the registry is %s, and that is said', (_, registryTime) => {
    const { instant, signal } = publishInstant({ registryTime, committedAt });
    expect(instant).toBe('2024-03-01T11:00:00.000Z');
    expect(signal?.kind).toBe('registry-time-implausible');
  });
});
