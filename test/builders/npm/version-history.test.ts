import { describe, expect, test } from 'vitest';
import { parseDocument } from '../../../builders/npm/registry/document.ts';
import { historySignals } from '../../../builders/npm/version-history.ts';
import { archiveOf } from '../../support/artifacts.ts';
import { npmTarball } from '../../support/tarball.ts';

interface Release {
  readonly fields?: object;
  readonly dist?: object;
  readonly time?: string;
}

const FETCHED = new Date('2026-06-01T12:00:00.000Z');

function signalsOf(
  releases: Readonly<Record<string, Release>>,
  script = 'f();',
  manifest: object = {},
): readonly string[] {
  const versions = Object.entries(releases).map(([version, { fields, dist }]) => {
    const tarball = `https://registry.example/a/-/a-${version}.tgz`;
    return [version, { name: 'a', version, dist: { tarball, ...dist }, ...fields }] as const;
  });
  const time = Object.entries(releases).flatMap(([version, one]) =>
    one.time === undefined ? [] : [[version, one.time] as const],
  );
  const bytes = Buffer.from(
    JSON.stringify({
      name: 'a',
      versions: Object.fromEntries(versions),
      time: { created: '2020-01-01T00:00:00Z', ...Object.fromEntries(time) },
    }),
  );
  const document = parseDocument(bytes, {
    name: 'a',
    registry: 'https://registry.example/',
    fetchedAt: FETCHED,
  });
  const { entries } = archiveOf(npmTarball({ 'index.js': script, 'package.json': JSON.stringify(manifest) }));
  const [version = ''] = Object.keys(releases).slice(-1);
  return historySignals({ document, version, entries }).map(({ kind, message }) => `${kind}: ${message}`);
}

describe('an install script', () => {
  const hooked = { fields: { scripts: { postinstall: 'node x.js' } } };
  test('that no version before had is told', () => {
    expect(signalsOf({ '1.0.0': {}, '1.0.1': {}, '1.0.2': hooked })).toEqual([
      'install-script-new: It runs postinstall when it is installed; none of the 2 versions before it did.',
    ]);
  });
  test('that a version before had is not', () => {
    expect(signalsOf({ '1.0.0': hooked, '1.0.1': {}, '1.0.2': hooked })).toEqual([]);
  });
  test('of the first version is not', () => {
    expect(signalsOf({ '1.0.0': hooked })).toEqual([]);
  });
  test('may be a binding.gyp', () => {
    expect(signalsOf({ '1.0.0': {}, '1.0.1': { fields: { gypfile: true } } })).toHaveLength(1);
  });
});

describe('a new dependency', () => {
  const releases = {
    '1.0.0': { fields: { dependencies: { b: '1' } } },
    '1.0.1': { fields: { dependencies: { b: '1', evil: '1' } } },
  };
  test('that no script names is told', () => {
    expect(signalsOf(releases)).toEqual([
      'dependency-new-unused: It depends on evil, which 1.0.0 did not, and no script of it names that.',
    ]);
  });
  test('that a script imports is not', () => {
    expect(signalsOf(releases, "require('evil');")).toEqual([]);
  });
});

describe('provenance', () => {
  const attested = { dist: { attestations: { url: 'https://registry.example/x' } } };
  test('that the version before had is missed', () => {
    expect(signalsOf({ '1.0.0': attested, '1.0.1': {} })).toEqual([
      'provenance-lost: 1.0.0 was published with provenance, this one without.',
    ]);
  });
  test('that there is, or never was, is not', () => {
    expect(signalsOf({ '1.0.0': attested, '1.0.1': attested })).toEqual([]);
    expect(signalsOf({ '1.0.0': {}, '1.0.1': {} })).toEqual([]);
  });
});

describe('a publisher', () => {
  const by = (name: string) => ({ fields: { _npmUser: { name } } });
  test('who published none before is told', () => {
    expect(signalsOf({ '1.0.0': by('alice'), '1.0.1': by('bob'), '1.0.2': by('mallory') })).toEqual([
      'publisher-changed: mallory published it, and none of the 2 versions before it; the last one was published by bob.',
    ]);
  });
  test('of an earlier version is known', () => {
    expect(signalsOf({ '1.0.0': by('alice'), '1.0.1': by('bob'), '1.0.2': by('alice') })).toEqual([]);
  });
  test('whom the registry does not name is no signal', () => {
    expect(signalsOf({ '1.0.0': {}, '1.0.1': by('bob') })).toEqual([]);
  });
});

describe('maintainers', () => {
  const of = (...names: string[]) => ({ fields: { maintainers: names.map((name) => ({ name })) } });
  test('who could not publish before are told', () => {
    expect(signalsOf({ '1.0.0': of('alice'), '1.0.1': of('alice', 'mallory') })).toEqual([
      'maintainers-changed: mallory can publish it, and could not when 1.0.0 was published.',
    ]);
  });
  test('who left, or whom the registry does not name, are not', () => {
    expect(signalsOf({ '1.0.0': of('alice', 'bob'), '1.0.1': of('alice') })).toEqual([]);
    expect(signalsOf({ '1.0.0': {}, '1.0.1': of('alice') })).toEqual([]);
  });
});

describe('a dependency by its address', () => {
  const depends = (specification: string) => ({ fields: { optionalDependencies: { b: specification } } });
  test.each(['git+https://git.example/o/b.git', 'o/b', 'github:o/b#v1', 'https://files.example/b.tgz'])(
    'is told: %s',
    (address) => {
      expect(signalsOf({ '1.0.0': depends('^1.0.0'), '1.0.1': depends(address) })).toEqual([
        `dependency-from-git: It depends on b from ${address}.`,
      ]);
    },
  );
  test.each(['^1.0.0', 'latest', 'npm:c@1', 'file:../b', 'workspace:*', ''])(
    'is none: %s',
    (specification) => {
      expect(signalsOf({ '1.0.0': depends('^1.0.0'), '1.0.1': depends(specification) })).toEqual([]);
    },
  );
  test('is told as an old one where the version before had it', () => {
    expect(signalsOf({ '1.0.0': depends('o/b'), '1.0.1': depends('o/b') })).toEqual([
      'dependency-from-git: It depends on b from o/b; so did 1.0.0.',
    ]);
  });
});

describe('a large script', () => {
  const sized = (unpackedSize: number) => ({ dist: { unpackedSize } });
  const payload = `f();${' '.repeat(600_000)}`;
  test('that is larger than every version before it is told', () => {
    expect(
      signalsOf({ '1.0.0': sized(9000), '1.0.1': sized(8000), '1.0.2': sized(610_000) }, payload),
    ).toEqual([
      'large-new-file: index.js has 600 kB; all files of each of the 2 versions before it together had at most 9 kB.',
    ]);
  });
  test('that an earlier version may have had is not', () => {
    expect(
      signalsOf({ '1.0.0': sized(700_000), '1.0.1': sized(9000), '1.0.2': sized(610_000) }, payload),
    ).toEqual([]);
  });
  test('that no version before had, by registries without sizes, is told when nothing names it', () => {
    const unnamed = { main: 'other.js' };
    expect(signalsOf({ '1.0.0': {}, '1.0.1': {} }, payload, unnamed)).toEqual([
      'large-new-file: index.js has 600 kB; all other scripts together have 0 kB, and nothing in package.json names it.',
    ]);
    expect(signalsOf({ '1.0.0': {}, '1.0.1': {} }, payload)).toEqual([]);
  });
  test('of the first version is not', () => {
    expect(signalsOf({ '1.0.0': sized(610_000) }, payload)).toEqual([]);
  });
});

describe('the time', () => {
  test('after years of silence is told', () => {
    expect(
      signalsOf({ '1.0.0': { time: '2020-01-01T00:00:00Z' }, '1.0.1': { time: '2026-01-01T00:00:00Z' } }),
    ).toEqual(['published-after-silence: The version before it, 1.0.0, is 2192 days older.']);
  });
  test('of some hours ago is told', () => {
    expect(
      signalsOf({ '1.0.0': { time: '2026-05-01T00:00:00Z' }, '1.0.1': { time: '2026-06-01T09:30:00Z' } }),
    ).toEqual(['published-recently: It was published 2 h ago.']);
  });
});
