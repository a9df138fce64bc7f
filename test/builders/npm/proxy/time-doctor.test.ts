import { describe, expect, it } from 'vitest';
import { diagnose, snapshot } from '../../../../builders/npm/proxy/time-doctor.ts';
import { parseDocument, type PackageDocument } from '../../../../builders/npm/registry/document.ts';
import { tagsAt } from '../../../../builders/npm/proxy/view.ts';

function document(
  times: Readonly<Record<string, string | null>>,
  latest?: string,
  created?: string,
): PackageDocument {
  const versions = Object.keys(times).map((version) => [version, { name: 'p', version }]);
  const known = Object.entries(times).filter(([, time]) => time !== null);
  const body = {
    name: 'p',
    'dist-tags': latest === undefined ? {} : { latest },
    versions: Object.fromEntries(versions) as unknown,
    time: { ...(created !== undefined && { created }), ...Object.fromEntries(known) },
  };
  const asked = { name: 'p', registry: 'https://r.test/', fetchedAt: new Date() };
  return parseDocument(Buffer.from(JSON.stringify(body)), asked);
}

const keptAt = (of: PackageDocument, cutoff: string, allowed: readonly string[] = []): string[] => [
  ...snapshot(of, new Date(cutoff), new Set(allowed)).kept.keys(),
];

describe('times that can be trusted', () => {
  const honest = document(
    { '1.0.0': '2020-01-01', '1.0.1': '2024-01-01', '1.1.0': '2021-01-01', '2.0.0': '2022-01-01' },
    '2.0.0',
    '2020-01-01',
  );

  it('are taken as they are: a late backport did not exist early', () => {
    expect(diagnose(honest)).toMatchObject({ trusted: true, inversions: 1 });
    expect(keptAt(honest, '2022-06-01')).toEqual(['1.0.0', '1.1.0', '2.0.0']);
  });

  it('stay what they are, whenever sources named a version', () => {
    const seen = new Map([['1.0.1', Date.parse('2020-06-01')]]);
    const { kept } = snapshot(honest, new Date('2022-06-01'), new Set(), seen);
    expect([...kept.keys()]).toEqual(['1.0.0', '1.1.0', '2.0.0']);
  });

  it('include the instant of the cutoff itself', () => {
    expect(keptAt(honest, '2021-01-01T00:00:00.000Z')).toContain('1.1.0');
    expect(keptAt(honest, '2020-12-31T23:59:59.999Z')).not.toContain('1.1.0');
  });

  it('are completed for a version without one, which is hidden when nothing can be inferred', () => {
    const gaps = document({ '1.0.0': null, '1.1.0': '2021-01-01', '1.2.0': null }, '1.2.0', '2020-01-01');
    expect(keptAt(gaps, '2022-01-01')).toEqual(['1.0.0', '1.1.0']);
  });
});

describe('times that a mirror made', () => {
  it('are found by the missing creation time', () => {
    expect(diagnose(document({ '1.0.0': '2024-03-01' }))).toMatchObject({ trusted: false });
  });

  it('are found by their order', () => {
    const times = Array.from({ length: 30 }, (_, minor) => [
      `1.${minor}.0`,
      `2024-01-${String(30 - minor).padStart(2, '0')}`,
    ]);
    expect(
      diagnose(document(Object.fromEntries(times) as Record<string, string>, undefined, '2024-01-01')),
    ).toMatchObject({
      trusted: false,
      inversions: 29,
      neighbours: 29,
    });
  });

  const mirrored = document({
    '1.0.0': '2025-12-11',
    '1.1.0': '2024-02-23',
    '1.2.0': '2025-06-01',
    '2.0.0-rc.1': '2025-12-01',
    '2.0.0': '2025-12-01',
    '2.1.0': '2024-05-01',
    '3.0.0': '2025-11-01',
  });

  it('are bounded by higher versions of the same line, not by those of another', () => {
    expect(keptAt(mirrored, '2024-03-01')).toEqual(['1.0.0', '1.1.0']);
    expect(keptAt(mirrored, '2024-06-01')).toEqual(['1.0.0', '1.1.0', '2.0.0-rc.1', '2.0.0', '2.1.0']);
  });

  it('never open a nightly that happens to sort low', () => {
    const nightly = document({
      '0.0.0-nightly.1': '2020-01-01',
      '0.0.0-nightly.2': '2026-01-01',
      '0.5.0': '2021-01-01',
    });
    expect(keptAt(nightly, '2022-01-01')).toEqual(['0.0.0-nightly.1', '0.5.0']);
  });

  it('open everything below a version that is known to have existed', () => {
    expect(keptAt(mirrored, '2020-01-01')).toEqual([]);
    expect(keptAt(mirrored, '2020-01-01', ['1.1.0'])).toEqual(['1.0.0', '1.1.0']);
  });

  it('are bounded by the sources that name a version, and so are lower ones of its line', () => {
    const seen = new Map([
      ['2.1.0', Date.parse('2021-05-01')],
      ['3.0.0', Date.parse('2026-01-01')],
    ]);
    const kept = (cutoff: string) => [...snapshot(mirrored, new Date(cutoff), new Set(), seen).kept.keys()];
    expect(kept('2021-04-30')).toEqual([]);
    expect(kept('2021-05-01')).toEqual(['2.0.0-rc.1', '2.0.0', '2.1.0']);
    expect(kept('2025-11-02')).toContain('3.0.0');
  });

  it('count what was inferred and what stays hidden', () => {
    const then = snapshot(mirrored, new Date('2024-06-01'), new Set());
    expect(then.inferred).toEqual(['1.0.0', '2.0.0-rc.1', '2.0.0']);
    expect(then.hidden).toBe(2);
  });
});

describe('tags', () => {
  const of = document(
    {
      '1.0.0': '2020-01-01',
      '1.1.0': '2021-01-01',
      '2.0.0-rc.1': '2021-06-01',
      '2.0.0': '2022-01-01',
      '1.1.1': '2023-01-01',
    },
    '1.1.1',
    '2020-01-01',
  );
  const latestAt = (cutoff: string): string | undefined =>
    tagsAt(of, snapshot(of, new Date(cutoff), new Set())).get('latest');

  it.each([
    ['2019-01-01', undefined],
    ['2020-06-01', '1.0.0'],
    ['2021-12-01', '1.1.0'],
    ['2022-12-01', '1.1.0'],
    ['2024-01-01', '1.1.1'],
  ])('latest at %s is %s', (cutoff, version) => {
    expect(latestAt(cutoff)).toBe(version);
  });
});
