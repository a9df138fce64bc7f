import { describe, expect, it } from 'vitest';
import { commandLines } from '../../../../builders/npm/release/shell.ts';
import { statementsOf, writesFile } from '../../../../builders/npm/release/statements.ts';

const read = (script: string) =>
  statementsOf(script, { directory: '.', env: {} }).map(
    ({ command, words, problem }) =>
      problem ?? `${command?.directory ?? '?'}: ${words.map((word) => word.text).join('|')}`,
  );

describe('output that goes to a file', () => {
  const argv = (script: string) =>
    statementsOf(script, { directory: '.', env: {} }).map(({ command }) => command?.argv);

  it('is written there, whatever the words are', () => {
    expect(argv("jq 'del(.scripts)' package.json > build/package.json; make")).toEqual([
      ['bash', '-c', '"$@" > "$0"', 'build/package.json', 'jq', 'del(.scripts)', 'package.json'],
      ['make'],
    ]);
    expect(argv('echo "; rm x" >>out')).toEqual([['bash', '-c', '"$@" >> "$0"', 'out', 'echo', '; rm x']]);
    expect(argv('make > /dev/null')).toEqual([['make']]);
  });

  it.each([
    ['jq . package.json > build/package.json', true],
    ["echo '{}' > lib/package.json", true],
    ['echo registry=x >> .npmrc', false],
    ['echo registry=x > /etc/npmrc', false],
    ['git log > CHANGELOG.md', false],
    ["bash -c 'make' > lib/x", false],
    ['echo {}', false],
  ])('%s: whether it makes a file of the repository: %s', (script, expected) => {
    expect(statementsOf(script, { directory: '.', env: {} }).map(writesFile)).toEqual([expected]);
  });
});

describe('a script', () => {
  it.each([
    ['npm ci && npm run build', ['.: npm|ci', '.: npm|run|build']],
    ['npm ci\nnpm run build; npm pack', ['.: npm|ci', '.: npm|run|build', '.: npm|pack']],
    ['# npm ci\nnpm t # later', ['.: npm|t']],
    ['node "a b.js" \'c d\' e\\ f', ['.: node|a b.js|c d|e f']],
    ['npm publish \\\n  --access public', ['.: npm|publish|--access|public']],
    ['npm ci &&\nnpm test', ['.: npm|ci', '.: npm|test']],
    ['run-p build:*', ['.: run-p|build:*']],
    ["node -e '\nimport x\n'", ['.: node|-e|\nimport x\n']],
  ])('%j is split into its commands', (script, expected) => {
    expect(read(script)).toEqual(expected);
  });

  it.each([
    ['cp dist/* out', ['a variable, substitution or pattern']],
    ['echo $TOKEN', ['a variable, substitution or pattern']],
    ['make `nproc`', ['a variable, substitution or pattern']],
    ['make -j "$(nproc)"', ['a variable, substitution or pattern']],
    ['node x.js ${{ steps.a.outputs.b }}', ['a variable, substitution or pattern']],
    ['cp ~/x .', ['a variable, substitution or pattern']],
    ['node x.js 2> log', ['a redirection']],
    ['node x.js > log 2>&1', ['a redirection']],
    ['node x.js > log > other', ['a redirection']],
    ['node x.js > $LOG', ['a redirection']],
    ['node x.js >', ['a redirection']],
    ['node x.js < in', ['a redirection']],
    ['npm ls | sh', ['a pipe', 'a pipe']],
    ['make watch &', ['a background process']],
    ['make a || make b', ['.: make|a', 'an alternative']],
    [
      'if [ -d x ]; then make a; else make b; fi; make c',
      [...Array<string>(3).fill('a condition or loop'), '.: make|c'],
    ],
    ['for x in a b; do make a; done', ['a condition or loop']],
    ['node "a', ['a quote or bracket that is not closed']],
    ['build() { make; }', ['a bracket', 'a condition or loop']],
  ])('%j is more than simple commands, and the reason is given', (script, expected) => {
    expect(read(script)).toEqual(expected);
  });

  it.each([
    ['cd lib && npm ci\nnpm t', ['lib: npm|ci', 'lib: npm|t']],
    ['(cd lib && make)\nmake', ['lib: make', '.: make']],
    ['pushd lib; make; popd; make', ['lib: make', '.: make']],
    ['cd a/b && cd .. && make', ['a: make']],
    ['cd ../elsewhere && make', ['a folder that is not known']],
    ['cd /etc && make', ['a folder that is not known']],
    ['cd $DIR && make', ['a folder that is not known']],
  ])('%j is followed into folders', (script, expected) => {
    expect(read(script)).toEqual(expected);
  });

  it('gives variables to the commands that get them', () => {
    const env = statementsOf('export A=1 B=$X\nC=2 make\nD=3\nmake', { directory: '.', env: { E: '4' } }).map(
      (statement) => statement.env,
    );
    expect(env).toEqual([
      { E: '4', A: '1', C: '2' },
      { E: '4', A: '1' },
    ]);
  });

  it('has here-documents, whose lines are no commands', () => {
    expect(read('cat <<EOF > x\nnpm publish\nEOF\nmake')).toEqual(['a redirection', '.: make']);
  });
});

describe('a script that is meant to be read for ever', () => {
  it.each(['${{', '$(', '`', "'", '"', '<<A ', '(', '&&', '\\', '*', '#\n', '{', '{a', '[', '\t', 'a=b '])(
    'of many %j is read in no time',
    (part) => {
      const started = performance.now();
      commandLines(part.repeat((32 * 1024) / part.length - 1));
      statementsOf(part.repeat(10_000), { directory: '.', env: {} });
      expect(performance.now() - started).toBeLessThan(1_000);
    },
  );

  it('is not read at all when nobody can have written it', () => {
    expect(commandLines('make\n'.repeat(100_000))).toEqual([]);
  });
});
