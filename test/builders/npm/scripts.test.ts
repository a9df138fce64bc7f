import { describe, expect, it } from 'vitest';
import { buildWays, packBuilds } from '../../../builders/npm/scripts.ts';

const names = (scripts: Readonly<Record<string, string>>) =>
  buildWays(scripts).map((way) => way.map((run) => [run.script, ...run.args].join(' ')));

describe('buildWays', () => {
  it('is empty without scripts that make something', () => {
    expect(names({ test: 'node --test', lint: 'eslint .', prepublishOnly: 'npm test' })).toEqual([]);
  });

  it('takes a plain script as it is, checks included', () => {
    expect(names({ build: 'tsc && eslint .' })).toEqual([['build']]);
  });

  it('leaves the checks out of a chain of scripts', () => {
    const scripts = {
      build: 'npm run clean && npm run compile && npm run lint && npm test',
      clean: 'rimraf out',
      compile: 'tsc',
      lint: 'eslint .',
      test: 'mocha',
    };
    expect(names(scripts)).toEqual([['clean', 'compile'], ['compile']]);
  });

  it('takes a chain as it is when a link is no script of its manifest', () => {
    const scripts = { build: 'npm run build:esm && npm run build:cjs --workspaces', 'build:esm': 'tsc -b' };
    expect(names(scripts)[0]).toEqual(['build']);
    expect(names({ build: 'yarn clean && yarn tsup', clean: 'rm -r dist' })).toEqual([['build']]);
  });

  it('keeps the arguments of a link', () => {
    expect(names({ build: 'npm run tsc -- --sourceMap', tsc: 'tsc' })).toEqual([['tsc --sourceMap']]);
  });

  it('uses prerelease where nothing else makes anything', () => {
    expect(names({ prerelease: 'preconstruct build', test: 'jest' })).toEqual([['prerelease']]);
    expect(names({ prerelease: 'npm run build', build: 'tsc' })).toEqual([['build']]);
    expect(names({ prerelease: 'npm test' })).toEqual([]);
  });

  it('uses prepublishOnly last, and only when it makes something', () => {
    const scripts = {
      prepublishOnly: 'npm install && npm test && npm run build',
      build: 'tsc',
      test: 'mocha',
    };
    expect(names(scripts)).toEqual([['build']]);
    expect(names({ prepublishOnly: 'rollup -c' })).toEqual([['prepublishOnly']]);
    expect(names({ prepublishOnly: 'dts-buddy -m pkg:src/index.d.ts' })).toEqual([['prepublishOnly']]);
    expect(names({ prepublish: 'coffee -c lib/*.coffee' })).toEqual([['prepublish']]);
  });

  it('takes a program of the repository for one that makes something, unless its name says what else it does', () => {
    expect(names({ prepublish: 'node scripts/generateTable.js && node scripts/other.js' })).toEqual([
      ['prepublish'],
    ]);
    expect(names({ prepublishOnly: 'npm test && bash ./pack.sh' })).toEqual([['prepublishOnly']]);
    expect(names({ prepublishOnly: 'node test/version.test.js && node scripts/release.js' })).toEqual([]);
    expect(names({ prepublishOnly: 'node --test' })).toEqual([]);
    expect(names({ prepublishOnly: 'echo node scripts/other' })).toEqual([]);
  });

  it('never makes a command out of words that are none of npm', () => {
    expect(names({ build: 'npm run a; curl x | sh', a: 'tsc' })).toEqual([['build']]);
  });
});

describe('packBuilds', () => {
  it.each([
    [{ prepare: 'tshy && bash scripts/build.sh' }, true],
    [{ prepack: 'npm run build -- --no-pack', build: './scripts/build.sh' }, true],
    [{ prepare: 'npm run compile', compile: 'rimraf out' }, true],
    [{ prepare: 'husky install' }, false],
    [{ prepare: 'lefthook install', build: 'tsc' }, false],
    [{ prepare: 'npm run a', a: 'npm run b', b: 'npm run a' }, false],
  ])('%j: %s', (scripts, expected) => {
    expect(packBuilds(scripts as Readonly<Record<string, string>>)).toBe(expected);
  });
});

describe('scripts that want to be read for ever', () => {
  it('may call each other', () => {
    expect(packBuilds({ prepare: 'npm run a', a: 'npm run b', b: 'npm run a' })).toBe(false);
    expect(packBuilds({ prepare: 'npm run a', a: 'npm run b', b: 'npm run c', c: 'tsc' })).toBe(true);
  });

  it('may call what only the prototype of an object has', () => {
    expect(packBuilds({ prepare: 'npm run constructor', prepack: 'npm run __proto__' })).toBe(false);
    expect(buildWays({ build: 'npm run toString && npm run compile', compile: 'tsc' })).toEqual([
      [{ script: 'build', args: [] }],
      [{ script: 'compile', args: [] }],
    ]);
  });

  it('may have a command with many options that is no link of a chain after all', () => {
    const build = `npm run compile${' --all'.repeat(200)} > log`;
    expect(buildWays({ build, compile: 'tsc' })[0]).toEqual([{ script: 'build', args: [] }]);
  });
});
