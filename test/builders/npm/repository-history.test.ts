import { describe, expect, it } from 'vitest';
import { parseDocument } from '../../../builders/npm/registry/document.ts';
import { otherRepositories, repositorySignals } from '../../../builders/npm/repository-history.ts';

type History = readonly (readonly [version: string, repository: unknown, time?: string])[];

function documentOf(history: History) {
  const bytes = Buffer.from(
    JSON.stringify({
      name: 'x',
      versions: Object.fromEntries(history.map(([key, stated]) => [key, { repository: stated }])),
      time: {
        created: '2020-01-01T00:00:00.000Z',
        ...Object.fromEntries(history.flatMap(([key, , time]) => (time === undefined ? [] : [[key, time]]))),
      },
    }),
  );
  return parseDocument(bytes, { name: 'x', registry: 'https://r.example/', fetchedAt: new Date() });
}

function signalsOf(history: History, version: string, repository: string | null) {
  return repositorySignals({ document: documentOf(history), version, repository });
}

const HOME = 'https://github.com/owner/home';
const EVIL = 'https://github.com/evil/home';

describe('a version that names another repository than those before it', () => {
  it('has a signal that names both', () => {
    const [one, ...more] = signalsOf(
      [
        ['1.0.0', HOME],
        ['1.0.1', { url: HOME }],
      ],
      '1.0.2',
      EVIL,
    );
    expect(one).toMatchObject({ kind: 'repository-changed', severity: 'medium' });
    expect(one?.message).toContain(HOME);
    expect(one?.message).toContain(EVIL);
    expect(more).toEqual([]);
  });

  it('has a milder one when the owner is the same', () => {
    const signals = signalsOf([['1.0.0', HOME]], '1.0.1', 'https://github.com/Owner/monorepo');
    expect(signals).toMatchObject([{ kind: 'repository-changed', severity: 'low' }]);
  });

  it('is found by time, whatever its number', () => {
    const history: History = [
      ['1.0.0', HOME, '2021-01-01T00:00:00.000Z'],
      ['0.0.0-nightly', EVIL, '2022-01-01T00:00:00.000Z'],
    ];
    expect(signalsOf(history, '0.0.0-nightly', EVIL)).toHaveLength(1);
    expect(signalsOf(history, '1.0.0', HOME)).toEqual([]);
  });
});

describe('there is no signal', () => {
  it.each([
    'git+ssh://git@github.com/owner/home.git',
    'git@github.com:owner/home.git',
    'github:owner/home',
    'owner/home',
    'http://github.com/Owner/Home/tree/main/packages/x',
  ])('when only the form differs: %s', (form) => {
    expect(signalsOf([['1.0.0', form]], '1.0.1', HOME)).toEqual([]);
  });

  it.each([
    ['it is the first version', [], EVIL],
    [
      'those before name none that can be read',
      [
        ['1.0.0', undefined],
        ['1.0.1', 7],
        ['1.0.2', '../x'],
      ],
      EVIL,
    ],
    ['it names none itself', [['1.0.0', HOME]], null],
    [
      'one of those before names it too',
      [
        ['1.0.0', EVIL],
        ['1.0.1', HOME],
      ],
      EVIL,
    ],
  ] as [string, History, string | null][])('when %s', (_when, history, repository) => {
    expect(signalsOf(history, '2.0.0', repository)).toEqual([]);
  });

  it('for a repository that only later versions name', () => {
    expect(
      signalsOf(
        [
          ['1.0.0', HOME],
          ['3.0.0', EVIL],
        ],
        '2.0.0',
        EVIL,
      ),
    ).toHaveLength(1);
  });

  it('for a move of long ago, and not for want of counting either', () => {
    const moved: History = Array.from({ length: 10 }, (_, index) => [`1.0.${index + 1}`, HOME]);
    // Eleven versions ago it was another's: that no longer counts, in either direction.
    expect(signalsOf([['1.0.0', EVIL], ...moved], '1.1.0', HOME)).toEqual([]);
    expect(signalsOf([['1.0.0', EVIL], ...moved], '1.1.0', EVIL)).toHaveLength(1);
  });
});

describe('the repositories of other versions', () => {
  it('are those of the newest first, each once, and not its own', () => {
    const others = otherRepositories({
      document: documentOf([
        ['1.0.0', HOME],
        ['1.1.0', 'github:Owner/Home'],
        ['2.0.0', 'git+https://github.com/owner/second.git'],
        ['3.0.0', { url: 'https://github.com/owner/third' }],
        ['10.0.0', 'https://github.com/owner/third'],
        ['9.0.0', 'no repository'],
      ]),
      version: '1.0.0',
      repository: HOME,
    });
    expect(others).toEqual([
      { repository: 'https://github.com/owner/third', version: '10.0.0' },
      { repository: 'https://github.com/owner/second', version: '2.0.0' },
    ]);
  });

  it('are three at most, and go by time where that can be trusted', () => {
    const history = ['one', 'two', 'three', 'four'].map(
      (name, index) => [`${9 - index}.0.0`, `owner/${name}`, `2021-01-0${index + 1}T00:00:00.000Z`] as const,
    );
    const others = otherRepositories({ document: documentOf(history), version: '0.0.1', repository: null });
    expect(others.map((one) => one.version)).toEqual(['6.0.0', '7.0.0', '8.0.0']);
  });
});
