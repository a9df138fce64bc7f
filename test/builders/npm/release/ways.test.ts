import { describe, expect, it } from 'vitest';
import { NO_RECIPE, type Command } from '../../../../builders/npm/release/recipe.ts';
import { recipeBuildWays } from '../../../../builders/npm/release/ways.ts';
import { shown } from './recipe-of.ts';

const command = (text: string, directory = '.', env = {}): Command => {
  const [first = '', ...rest] = text.split(' ');
  return { argv: [first, ...rest], directory, env };
};
const ways = (build: readonly Command[], own: readonly string[] = [], directory = '.') =>
  recipeBuildWays(
    { ...NO_RECIPE, build },
    {
      directory,
      own: own.map((script) => [{ script, args: [] }]),
    },
  );

describe('recipeBuildWays', () => {
  it('gives all that the publisher ran, then only what ran in the folder of the package', () => {
    const build = [command('pnpm build'), command('pnpm run dist', 'packages/a')];
    expect(ways(build, [], 'packages/a').map(shown)).toEqual([
      ['.: pnpm build', 'packages/a: pnpm run dist'],
      ['packages/a: pnpm run dist'],
    ]);
  });

  it.each(['npm run build', 'pnpm build', 'yarn build', 'yarn run build', 'npm run-script build'])(
    'leaves out what the own scripts of the package offer already: %s',
    (text) => {
      expect(ways([command(text)], ['build'])).toEqual([]);
      expect(ways([command(text)], ['build'], 'packages/a')).toHaveLength(1);
    },
  );

  it.each(['pnpm -r build', 'npm run build -- --minify', 'npx build', 'pnpm --filter x build'])(
    'does not take another command for the own script: %s',
    (text) => {
      expect(ways([command(text)], ['build'])).toHaveLength(1);
    },
  );

  it('is empty when nothing is made', () => {
    expect(ways([])).toEqual([]);
    expect(ways([command('rm -rf dist'), command('npm run clean'), command('yarn clean:dist')])).toEqual([]);
  });

  it('has what cleans a manifest, which makes another one of it', () => {
    expect(ways([command('clean-pkg-json')]).map(shown)).toEqual([['.: clean-pkg-json']]);
    expect(ways([command('npm run clean:package')])).toHaveLength(1);
  });

  it('passes no variable on that is the sandbox own, or that loads code', () => {
    const env = {
      NODE_ENV: 'production',
      PATH: '/x',
      LD_PRELOAD: '/x',
      NPM_CONFIG_REGISTRY: 'x',
      GITHUB_REF: 'x',
    };
    expect(ways([command('make', '.', env)])[0]?.[0]?.env).toEqual({ NODE_ENV: 'production' });
  });
});
