import { describe, expect, it } from 'vitest';
import { selectInputs } from '../../src/inputs/select.ts';
import type { InputEntry, Inputs, Selection } from '../../src/model/inputs.ts';

const A = `sha512-${'A'.repeat(86)}==`;
const B = `sha512-${'B'.repeat(86)}==`;
const SHA1 = `sha1-${'C'.repeat(27)}=`;

let files = 0;
function entry(change: Partial<InputEntry> & { name?: string } = {}): InputEntry {
  const { name = 'ms', ...rest } = change;
  files += 1;
  return {
    subject: { ecosystem: 'npm', name, version: '1.0.0', purl: `pkg:npm/${name}@1.0.0` },
    alias: null,
    integrity: [A],
    resolved: null,
    registry: null,
    direct: false,
    dev: false,
    optional: false,
    peer: false,
    place: { file: `lock-${files}`, line: 1, project: '.', path: [] },
    ...rest,
  };
}

const select = (entries: readonly InputEntry[], change: Partial<Selection> = {}) => {
  const inputs: Inputs = { files: [], entries, leftOut: [], warnings: [], refused: [] };
  return selectInputs(inputs, { depth: 'all', omit: [], scopes: [], registries: [], ...change });
};
const names = (selected: ReturnType<typeof select>) => selected.packages.map(({ subject }) => subject.name);

describe('one artifact', () => {
  it('is one package, whoever lists it', () => {
    const { packages, conflicts } = select([entry(), entry(), entry({ integrity: [] })]);
    expect(packages.map(({ entries }) => entries.length)).toEqual([3]);
    expect(conflicts).toEqual([]);
  });

  it('has the digests of all who list it', () => {
    const { packages } = select([entry({ integrity: [SHA1] }), entry()]);
    expect(packages.map(({ integrity }) => integrity)).toEqual([[A, SHA1]]);
  });

  it('attack: is never made of two, when lockfiles want one version with different digests', () => {
    const { packages, conflicts } = select([entry(), entry({ integrity: [B] }), entry()]);
    expect(packages.map(({ integrity, entries }) => [integrity, entries.length])).toEqual([
      [[A], 2],
      [[B], 1],
    ]);
    expect(conflicts).toEqual([packages]);
  });

  it('attack: is not told by a weaker digest that could belong to either', () => {
    const { packages } = select([entry({ integrity: [SHA1] }), entry(), entry({ integrity: [B] })]);
    expect(packages.map(({ integrity }) => integrity)).toEqual([[A], [B], [SHA1]]);
  });
});

describe('selection', () => {
  const all = [
    entry({ name: 'direct', direct: true }),
    entry({ name: 'dev', dev: true }),
    entry({ name: '@a/scoped', optional: true }),
    entry({ name: 'untold', direct: null, dev: null, optional: null, peer: null }),
  ];

  it('takes only what the projects ask for, and what is not told', () => {
    const selected = select(all, { depth: 'top-level' });
    expect(names(selected)).toEqual(['direct', 'untold']);
    expect(selected).toMatchObject({ notSelected: 2, untold: 1 });
  });

  it('omits what is for development, but for what is not told', () => {
    const selected = select(all, { omit: ['dev'] });
    expect(names(selected)).toEqual(['direct', '@a/scoped', 'untold']);
    expect(selected).toMatchObject({ notSelected: 1, untold: 1 });
    expect(names(select(all, { omit: ['dev', 'optional'] }))).toEqual(['direct', 'untold']);
  });

  it('takes scopes', () => {
    expect(names(select(all, { scopes: ['@a'] }))).toEqual(['@a/scoped']);
  });

  it('leaves out what comes from registries that are not asked, and says so', () => {
    const { packages, leftOut } = select(
      [
        entry({ registry: 'npm.example', resolved: 'https://npm.example/ms/-/ms-1.0.0.tgz' }),
        entry({ name: 'other' }),
      ],
      { registries: ['registry.npmjs.org'] },
    );
    expect(packages.map(({ subject }) => subject.name)).toEqual(['other']);
    expect(leftOut).toMatchObject([{ reason: 'private-registry', name: 'ms', integrity: [A] }]);
  });
});
