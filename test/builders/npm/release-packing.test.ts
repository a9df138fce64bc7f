import { expect, it } from 'vitest';
import { plansOf } from '../../support/planning.ts';

const workflow = (...commands: readonly string[]) =>
  `on: push\njobs:\n  release:\n    runs-on: ubuntu-latest\n    steps:\n${commands.map((one) => `      - run: ${one}\n`).join('')}`;

const planned = async (scripts: Readonly<Record<string, string>>, ...commands: readonly string[]) => {
  const { steps } = await plansOf({
    files: {
      'package.json': { name: 'pkg', scripts },
      '.github/workflows/release.yml': workflow(...commands),
    },
    unexplained: { 'dist/index.js': 'runs-on-import' },
  });
  return steps[0]?.map((step) => step.slice(step.indexOf(': ') + 2));
};

const PACK = 'npm pack --pack-destination=/work/output';

it('a release that publishes without scripts packs without them, and has prepared at its install', async () => {
  const scripts = { build: 'tsc', prepare: 'husky', prepack: 'lint' };
  expect(await planned(scripts, 'npm run build', 'npm publish --ignore-scripts')).toEqual([
    'npm run prepare',
    'npm run build',
    `${PACK} --ignore-scripts`,
  ]);
  expect(await planned(scripts, 'npm run build', 'npm publish')).toEqual(['npm run build', PACK]);
});

it('but where nothing else is known to build, packing may be what does', async () => {
  expect(await planned({ prepack: 'tsc' }, 'npm publish --ignore-scripts')).toEqual([PACK]);
});

it('a release that publishes from a folder which only a run can tell looks for the one with the published files', async () => {
  expect(await planned({ build: 'tsc' }, 'npm run build', 'cd "$OUT" && npm publish')).toEqual([
    'npm run build',
    `node /opt/inside/pack-folder.cjs --own-first /work/source pkg -- ${PACK}`,
  ]);
});
