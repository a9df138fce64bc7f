import { describe, expect, it } from 'vitest';
import { chooseToolchain, type ToolchainFacts } from '../../../../builders/npm/toolchain/choose.ts';
import type { ToolVersion } from '../../../../builders/npm/toolchain/versions.ts';

const tool = (
  version: string,
  nodeRange: string | null = null,
  publishedAt: string | null = null,
): ToolVersion => ({
  version,
  nodeRange,
  publishedAt,
});

// prettier-ignore
const NODE = [
  '6.17.1', '8.17.0', '10.24.1', '12.22.12', '14.21.3', '15.14.0', '16.14.0', '16.20.2', '18.12.1', '18.20.8',
  '20.9.0', '20.20.2', '22.14.0', '22.23.3', '24.1.0', '24.21.0', '25.0.0',
].map((version) => tool(version));

const NPM = [
  tool('3.10.10'),
  tool('5.6.0'),
  tool('6.14.18', '6 >=6.2.0 || 8 || >=9.3.0'),
  tool('7.5.6', '>=10'),
  tool('7.24.2', '>=10'),
  tool('8.19.4', '^12.13.0 || ^14.15.0 || >=16.0.0'),
  tool('9.9.4', '^14.17.0 || ^16.13.0 || >=18.0.0'),
  tool('10.9.2', '^18.17.0 || >=20.5.0'),
  tool('11.4.0', '^20.17.0 || >=22.9.0'),
  tool('12.0.0-pre.0', '^22.22.2 || ^24.15.0 || >=26.0.0'),
];

function choose(
  facts: Omit<Partial<ToolchainFacts>, 'publishedAt'> & { readonly at?: string },
): readonly unknown[] {
  const { at = '2025-06-01', ...rest } = facts;
  const chosen = chooseToolchain(
    { purpose: 'build', publishedAt: new Date(at), ...rest },
    { node: NODE, npm: NPM },
  );
  return [chosen.node, chosen.npm, chosen.evidence.map(({ kind }) => kind)];
}

describe('what the registry or the repository names', () => {
  it.each([
    [{ nodeVersion: '18.12.1', npmVersion: '8.19.4' }, '18.12.1', '8.19.4', ['node-version', 'npm-version']],
    [{ nodeVersion: 'v18.12.1' }, '18.12.1', '9.9.4', ['node-version', 'publish-time', 'npm-engines']],
    [{ nodeVersion: '18.13.0' }, '18.20.8', '10.9.2', ['node-version', 'publish-time']],
    [{ nodeVersion: '18.99.0', npmVersion: '9.0.0' }, '18.20.8', '9.9.4', ['node-version', 'npm-version']],
    [{ nodeVersion: '99.0.0' }, '22.23.3', '10.9.2', ['publish-time', 'publish-time']],
    [
      { nodeVersion: '; rm -rf /', npmVersion: '../../x' },
      '22.23.3',
      '10.9.2',
      ['publish-time', 'publish-time'],
    ],
    [{ packageManager: 'npm@9.9.4+sha512.abc' }, '22.23.3', '9.9.4', ['publish-time', 'package-manager']],
    [{ packageManager: 'pnpm@9.9.4' }, '22.23.3', '10.9.2', ['publish-time', 'publish-time']],
    [{ nodeVersionFile: 'v18\n' }, '18.20.8', '10.9.2', ['node-version-file', 'publish-time']],
    [{ nodeVersionFile: '16.14.0' }, '16.14.0', '8.19.4', ['node-version-file', 'publish-time']],
    [
      { nodeVersionFile: 'lts/*', at: '2022-12-01' },
      '18.20.8',
      '8.19.4',
      ['node-version-file', 'publish-time'],
    ],
    [{ nodeVersionFile: 'lts/gallium' }, '16.20.2', '8.19.4', ['node-version-file', 'publish-time']],
    [
      { nodeVersionFile: 'node', at: '2025-06-01' },
      '24.21.0',
      '11.4.0',
      ['node-version-file', 'publish-time'],
    ],
    [{ nodeVersionFile: '$(id)' }, '22.23.3', '10.9.2', ['publish-time', 'publish-time']],
  ] as const)('%j', (facts, node, npm, kinds) => {
    expect(choose(facts)).toEqual([node, npm, kinds]);
  });

  it('says when it takes a neighbour', () => {
    const facts = { purpose: 'build', publishedAt: new Date('2025-06-01'), nodeVersion: '18.13.0' } as const;
    expect(chooseToolchain(facts, { node: NODE, npm: NPM }).evidence[0]?.detail).toMatch(
      /18\.13\.0, which this registry does not have; 18\.20\.8 is the nearest/,
    );
  });
});

describe('otherwise the calendar, corrected by what the package needs', () => {
  it.each([
    ['2013-01-01', '6.17.1', '3.10.10'],
    ['2018-01-01', '8.17.0', '5.6.0'],
    ['2020-01-01', '12.22.12', '6.14.18'],
    ['2021-12-01', '16.20.2', '8.19.4'],
    ['2023-06-01', '18.20.8', '9.9.4'],
    ['2024-01-01', '20.20.2', '10.9.2'],
    ['2025-12-01', '24.21.0', '11.4.0'],
  ])('at %s', (at, node, npm) => {
    expect(choose({ at })).toEqual([node, npm, ['publish-time', 'publish-time']]);
  });

  it('takes the newest patch that was out, where the registry tells the time', () => {
    const node = [
      tool('20.9.0', null, '2023-10-24'),
      tool('20.10.0', null, '2023-11-22'),
      tool('20.20.2', null, '2026-01-01'),
    ];
    const facts = { purpose: 'build', publishedAt: new Date('2024-01-01') } as const;
    expect(chooseToolchain(facts, { node, npm: NPM }).node).toBe('20.10.0');
  });

  it('leaves it for the lowest line that `engines` allow', () => {
    expect(choose({ engines: '>=18', at: '2024-01-01' })).toEqual([
      '20.20.2',
      '10.9.2',
      ['publish-time', 'publish-time'],
    ]);
    expect(choose({ engines: '>=22.10', at: '2024-01-01' })).toEqual([
      '22.23.3',
      '10.9.2',
      ['engines', 'publish-time'],
    ]);
    expect(choose({ engines: '<17', at: '2024-01-01' })[2]).toEqual(['engines', 'publish-time']);
    expect(choose({ engines: 'whatever', at: '2024-01-01' })[0]).toBe('20.20.2');
  });

  it('follows the lockfile to build', () => {
    expect(choose({ lockfileVersion: 1, at: '2020-06-01' })).toEqual([
      '12.22.12',
      '6.14.18',
      ['publish-time', 'lockfile'],
    ]);
    expect(choose({ lockfileVersion: 2, at: '2022-12-01' })).toEqual([
      '18.20.8',
      '8.19.4',
      ['publish-time', 'lockfile'],
    ]);
    // npm since 9 leaves a lockfile of version 2 as it is.
    expect(choose({ lockfileVersion: 2, at: '2024-06-01' })[1]).toMatch(/^10\./);
    expect(choose({ lockfileVersion: 3, at: '2022-12-01' })).toEqual([
      '18.20.8',
      '9.9.4',
      ['publish-time', 'lockfile'],
    ]);
    // npm 6 is not for Node 20: the npm that came with it reads old lockfiles as well.
    expect(choose({ lockfileVersion: 1, at: '2024-01-01' })).toEqual([
      '20.20.2',
      '10.9.2',
      ['publish-time', 'lockfile', 'npm-engines'],
    ]);
  });
});

describe('to pack', () => {
  const gzip = (extraFlags: number, operatingSystem: number) => ({ extraFlags, operatingSystem });

  it('no npm that runs `prepare` although it is told not to', () => {
    expect(choose({ purpose: 'pack' })).toEqual([
      '22.23.3',
      '11.4.0',
      ['publish-time', 'publish-time', 'pack-without-scripts'],
    ]);
    expect(choose({ purpose: 'pack', npmVersion: '10.9.2' })[1]).toBe('11.4.0');
    expect(choose({ purpose: 'pack', npmVersion: '10.9.2', hasPrepare: false })[1]).toBe('10.9.2');
    expect(choose({ purpose: 'pack', npmVersion: '6.14.18', nodeVersion: '12.22.12' }).slice(0, 2)).toEqual([
      '12.22.12',
      '6.14.18',
    ]);
    expect(choose({ purpose: 'build', npmVersion: '10.9.2' })[1]).toBe('10.9.2');
  });

  it('changes Node rather than npm when they do not fit', () => {
    expect(choose({ purpose: 'pack', nodeVersion: '16.14.0', npmVersion: '8.19.4' })).toEqual([
      '22.23.3',
      '11.4.0',
      ['node-version', 'npm-engines', 'npm-version', 'pack-without-scripts'],
    ]);
  });

  it.each([
    ['npm 6, where its header says so and it came with Node 12', '12', gzip(0, 3), '6.14.18', 'fingerprint'],
    ['npm 8, where the header is that of a later one', '12', gzip(2, 255), '8.19.4', 'lockfile'],
    ['npm 8, where npm 6 came with no such Node', '16', gzip(0, 3), '8.19.4', 'lockfile'],
  ])('version 2 of a lockfile is read by %s', (...[, nodeVersionFile, header, npm, kind]) => {
    const [, chosen, kinds] = choose({ lockfileVersion: 2, at: '2022-08-18', nodeVersionFile, gzip: header });
    expect(chosen).toBe(npm);
    expect(kinds).toContain(kind);
  });

  it.each([
    ['XFL 2, OS 255 in 2021: npm 7.7 or later', '2021-03-15', gzip(2, 255), '8.19.4', 'fingerprint'],
    ['XFL 0, OS 255: early npm 7', '2021-03-01', gzip(0, 255), '7.5.6', 'fingerprint'],
    ['XFL 0, OS 19 in 2022: npm 6 on a Mac', '2022-03-01', gzip(0, 19), '6.14.18', 'fingerprint'],
    ['XFL 0, OS 3 in 2020: as expected', '2020-03-01', gzip(0, 3), '6.14.18', 'publish-time'],
    ['XFL 2, OS 255 in 2024: as expected', '2024-03-01', gzip(2, 255), '10.9.2', 'publish-time'],
    ['a header of no npm', '2024-03-01', gzip(4, 10), '10.9.2', 'publish-time'],
  ])('%s', (...[, at, header, npm, kind]) => {
    const [node, chosen, kinds] = choose({ purpose: 'pack', at, gzip: header, hasPrepare: false });
    expect(chosen).toBe(npm);
    expect(kinds).toContain(kind);
    if (npm === '6.14.18') expect(Number.parseInt(String(node), 10)).toBeLessThanOrEqual(16);
  });
});

it('fails when the registry has no tools at all', () => {
  const facts = { purpose: 'build', publishedAt: new Date('2024-01-01') } as const;
  expect(() => chooseToolchain(facts, { node: [], npm: NPM })).toThrow(/no Node/);
  expect(() => chooseToolchain(facts, { node: NODE, npm: [] })).toThrow(/no npm/);
});
