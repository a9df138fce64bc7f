import { describe, expect, it } from 'vitest';
import { INPUT_ECOSYSTEMS } from '../../builders/inputs.ts';
import { type Advisory, BadVersions } from '../../src/affected/bad-versions.ts';
import { addOsv } from '../../src/affected/osv.ts';
import { parseJson } from '../../src/inputs/json.ts';

const into = () => ({ bad: new BadVersions(INPUT_ECOSYSTEMS), ecosystems: INPUT_ECOSYSTEMS });
const npm = { ecosystem: 'npm', name: 'x' };

function osv(affected: object, more: object = {}): BadVersions {
  const target = into();
  addOsv(
    parseJson(JSON.stringify({ id: 'MAL-1', affected: [{ package: npm, ...affected }], ...more })),
    'osv.json',
    target,
  );
  return target.bad;
}
const isBad = (bad: BadVersions, version: string | null) => bad.matching('npm', 'x', version).length > 0;
const semver = (...events: readonly object[]) => ({ ranges: [{ type: 'SEMVER', events }] });

describe('an advisory of the OSV format', () => {
  it.each([
    ['0.0.0-0', semver({ introduced: '0' }), true],
    ['1.9.9', semver({ introduced: '2.0.0' }, { fixed: '2.1.0' }), false],
    ['2.0.0', semver({ introduced: '2.0.0' }, { fixed: '2.1.0' }), true],
    ['2.1.0', semver({ introduced: '2.0.0' }, { fixed: '2.1.0' }), false],
    ['2.1.0-beta.1', semver({ introduced: '2.0.0' }, { fixed: '2.1.0' }), true],
    ['2.1.0', semver({ introduced: '2.0.0' }, { last_affected: '2.1.0' }), true],
    ['2.1.1', semver({ introduced: '2.0.0' }, { last_affected: '2.1.0' }), false],
    ['3.5.0', semver({ introduced: '3.0.0' }, { introduced: '0' }, { fixed: '1.0.0' }), true],
    ['2.0.0', semver({ introduced: '3.0.0' }, { introduced: '0' }, { fixed: '1.0.0' }), false],
    ['10.0.0', semver({ introduced: '9.0.0' }, { fixed: '11.0.0' }), true],
    ['1.0.0', { versions: ['1.0.0', '1.0.1'] }, true],
    ['1.0.0+build', { versions: ['1.0.0'] }, true],
    ['1.0.2', { versions: ['1.0.0', '1.0.1'] }, false],
    ['1.0.2', { versions: ['1.0.0'], ...semver({ introduced: '1.0.2' }) }, true],
    ['7.0.0', {}, true],
    ['7.0.0', { ranges: [{ type: 'GIT', events: [{ introduced: '0' }] }] }, true],
  ])('of %s: %j says %j', (version, affected, expected) => {
    expect(isBad(osv(affected), version)).toBe(expected);
  });

  it('is of no use once it is withdrawn, nor of another ecosystem', () => {
    const target = into();
    const entries = [
      { id: 'A', withdrawn: '2026-01-01T00:00:00Z', affected: [{ package: npm, versions: ['1.0.0'] }] },
      { id: 'B', affected: [{ package: { ecosystem: 'PyPI', name: 'x' }, versions: ['1.0.0'] }] },
    ];
    expect(addOsv(parseJson(JSON.stringify({ vulns: entries })), 'osv.json', target)).toEqual({
      withdrawn: 1,
      otherEcosystems: 1,
    });
    expect(isBad(target.bad, '1.0.0')).toBe(false);
  });

  it('attack: is not taken for less than it says when a version in it cannot be read', () => {
    expect(() => osv(semver({ introduced: 'one' }))).toThrow('no version');
    expect(() => osv({ versions: [1] })).toThrow('no advisory');
  });

  it('says with its line who it is', () => {
    const target = into();
    const text = JSON.stringify(
      [{ id: 'A' }, { id: 'B', summary: 'one\ntwo', affected: [{ package: npm }] }],
      null,
      1,
    );
    addOsv(parseJson(text), 'osv.json', target);
    expect(target.bad.matching('npm', 'x', '1.0.0')).toEqual([
      { id: 'B', summary: 'one', file: 'osv.json', line: 5 },
    ]);
  });
});

it('a version that is not told is bad only when every one is', () => {
  expect(isBad(osv({ versions: ['1.0.0'] }), null)).toBe(false);
  expect(isBad(osv({}), null)).toBe(true);
});

it('names like those of objects are names', () => {
  const bad = new BadVersions(INPUT_ECOSYSTEMS);
  const advisory: Advisory = { id: null, summary: null, file: 'f', line: 1 };
  for (const ecosystem of INPUT_ECOSYSTEMS)
    bad.add(ecosystem, 'constructor', { kind: 'version', version: '1.0.0' }, advisory);
  expect(bad.matching('npm', 'constructor', '1.0.0')).toEqual([advisory]);
  expect(bad.matching('npm', 'toString', '1.0.0')).toEqual([]);
});
