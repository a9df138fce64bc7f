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

  it.each(['', 'never', '10000-01-01T00:00:00+00:00', '+99999-01-01T00:00:00Z', '1969-12-31T23:59:59+00:00'])(
    'is the time of the registry when the commit has the date %j, and that is said',
    (date) => {
      const registryTime = '2024-03-08T09:59:00.000Z';
      const { instant, signal } = publishInstant({ registryTime, committedAt: date });
      expect([instant, signal?.kind]).toEqual([registryTime, 'registry-time-implausible']);
      expect(publishInstant({ registryTime: null, committedAt: date }).instant).toMatch(/^1970-/);
    },
  );
});
