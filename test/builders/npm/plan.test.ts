import { describe, expect, it } from 'vitest';
import { plansOf } from '../../support/planning.ts';

const BUILT = { 'dist/index.js': 'runs-on-import' } as const;

describe('a package whose files are all in the commit', () => {
  it('is only packed, running nothing of its own', async () => {
    const { plans, steps } = await plansOf({
      files: { 'package.json': { name: 'pkg', scripts: { prepare: 'husky' } } },
    });
    expect(steps[0]).toEqual([
      'pack /work/source: npm pack --pack-destination=/work/output --ignore-scripts',
    ]);
    expect(plans[0]?.steps[0]?.env['npm_config_script_shell']).toBe('/usr/bin/true');
    expect(plans[0]?.conclusive).toBe(false);
  });

  it('is only packed, conclusively, when it has no build', async () => {
    const { plans } = await plansOf({ files: { 'package.json': { name: 'pkg' } } });
    expect(plans.map((plan) => [plan.strategy, plan.conclusive])).toEqual([['pack', true]]);
  });

  it('is packed first too when all else that it ships is read by people', async () => {
    const { plans } = await plansOf({
      files: { 'package.json': { name: 'pkg', scripts: { prepublishOnly: 'npm test && tsc' } } },
      unexplained: { '.notes/today.md': 'read-by-people' },
    });
    expect(plans[0]?.strategy).toBe('pack');
  });
});

describe('a package with built files', () => {
  it('is installed, built and packed, the network in the first step only', async () => {
    const { steps, plans } = await plansOf({
      files: {
        'package.json': { name: 'pkg', scripts: { build: 'tsc' }, devDependencies: { typescript: '5' } },
        'package-lock.json': { lockfileVersion: 3, packages: {} },
      },
      unexplained: BUILT,
    });
    expect(steps[0]).toEqual([
      'fetch /work/source: node /opt/forwarder/forward.js node /opt/inside/registry.cjs http://127.0.0.1:4873/ npm ci --ignore-scripts',
      'build /work/source: npm run build',
      'pack /work/source: npm pack --pack-destination=/work/output',
    ]);
    expect(plans.every((plan) => plan.conclusive && plan.withGit)).toBe(true);
  });

  it('is prepared as by an install where npm pack alone would not run what comes after', async () => {
    const { steps } = await plansOf({
      files: { 'package.json': { name: 'pkg', scripts: { prepare: 'tsc', postprepare: 'bash fixup.sh' } } },
      unexplained: BUILT,
    });
    expect(steps[0]).toEqual([
      'build /work/source: npm run prepare',
      'pack /work/source: npm pack --pack-destination=/work/output',
    ]);
  });

  it('is cleaned between the build and packing, where the repository publishes a cleaned copy', async () => {
    const { plans } = await plansOf({
      files: {
        'package.json': {
          name: 'pkg',
          scripts: { build: 'tsc' },
          devDependencies: { 'clean-publish': '^3.4.4', typescript: '5' },
        },
        'package-lock.json': { lockfileVersion: 3, packages: {} },
      },
      unexplained: BUILT,
    });
    const [alone, built] = plans.map(({ steps }) => steps.map(({ phase, name }) => `${phase}: ${name}`));
    expect(alone).toEqual(['fetch: install clean-publish', 'build: clean-publish', 'pack: pack']);
    expect(built).toEqual([
      'fetch: install from the lockfile',
      'fetch: install clean-publish',
      'build: build',
      'build: clean-publish',
      'pack: pack',
    ]);
    expect(plans[1]?.steps.at(-1)?.argv).toContain('--ignore-scripts');
    // Without the build a copy proves nothing against the package.
    expect(plans.slice(0, 2).map(({ conclusive }) => conclusive)).toEqual([false, true]);
  });

  it('falls back to resolution when the lockfile cannot be followed, and says so', async () => {
    const { plans } = await plansOf({
      files: {
        'package.json': { name: 'pkg', scripts: { build: 'tsc' }, devDependencies: { typescript: '5' } },
        'package-lock.json': { lockfileVersion: 3 },
      },
      unexplained: BUILT,
    });
    expect(plans.map((plan) => plan.steps[0]?.argv.slice(5).join(' '))).toEqual([
      'npm ci --ignore-scripts',
      'npm install --no-save --ignore-scripts',
      'npm install --no-package-lock --no-save --ignore-scripts',
    ]);
    expect(plans.map((plan) => plan.fallback)).toEqual([false, true, true]);
    expect(plans[2]?.evidence.map((one) => one.kind)).toEqual(['resolution']);
  });

  it('is never judged by a bare pack', async () => {
    const { plans } = await plansOf({
      files: { 'package.json': { name: 'pkg', scripts: { build: 'tsc' } } },
      unexplained: BUILT,
    });
    expect(plans.map((plan) => plan.strategy)).toEqual(['install-build-pack']);
  });

  it.each([
    [
      'a compiler that another script calls',
      { clean: 'rimraf dist && npx tsc -p src && pnpm link -g' },
      ['tsc -p src', 'tsc'],
    ],
    [
      'that of a check at last',
      { test: 'rollup -c && mocha', start: 'vite build' },
      ['vite build', 'rollup -c'],
    ],
    [
      "TypeScript's, as it is configured",
      { dev: 'tsc -w', types: 'tsc --noEmit', demo: 'esbuild a.ts --servedir=www' },
      ['tsc'],
    ],
    ['nothing that a shell has to read', { start: 'tsc > log', dev: 'tsc; node .' }, ['tsc']],
    ['nothing where packing builds', { prepack: 'tsc' }, []],
    ['nothing where a script builds', { build: 'tsc', clean: 'tsc' }, []],
  ])('is compiled at last as by hand: %s', async (_what, scripts, commands) => {
    const { plans } = await plansOf({
      files: {
        'package.json': { name: 'pkg', scripts, devDependencies: { typescript: '5' } },
        'tsconfig.json': '{}',
      },
      unexplained: BUILT,
    });
    const guesses = plans.filter(({ evidence }) => evidence.some(({ kind }) => kind === 'guessed-build'));
    expect(guesses.map(({ steps }) => steps.at(-2)?.argv.at(-1))).toEqual(commands);
    expect(guesses.every(({ conclusive }) => !conclusive)).toBe(true);
    expect(plans.slice(plans.length - guesses.length)).toEqual(guesses);
  });

  it('is installed where the tools are, when it lies in a folder and names none itself', async () => {
    const { steps } = await plansOf({
      files: {
        'package.json': { name: 'all', devDependencies: { rollup: '1' } },
        'pkg/package.json': { name: 'pkg', scripts: { build: 'cd ..; rollup -c' } },
      },
      directory: 'pkg',
      unexplained: BUILT,
    });
    expect(steps[0]?.map((step) => step.split(': ')[0])).toEqual([
      'fetch /work/source',
      'build /work/source',
      'build /work/source/pkg',
      'pack /work/source/pkg',
    ]);
  });

  it('runs install scripts of dependencies offline, when the lockfile marks any', async () => {
    const { steps } = await plansOf({
      files: {
        'package.json': { name: 'pkg', scripts: { build: 'tsc' }, devDependencies: { esbuild: '1' } },
        'package-lock.json':
          '{"lockfileVersion": 3, "packages": {"node_modules/esbuild": {"hasInstallScript": true}}}',
      },
      unexplained: BUILT,
    });
    expect(steps[0]?.[1]).toBe('build /work/source: npm rebuild --foreground-scripts');
  });
});

describe('a repository that tells npm to run no lifecycle scripts', () => {
  const npmrc = { '.npmrc': 'package-lock=false\nignore-scripts = true\n' };

  it('is built by its own scripts, and never by packing alone', async () => {
    const scripts = { prepack: 'npm run build', build: 'tsc' };
    const files = { 'package.json': { name: 'pkg', scripts } };
    const [before, after] = await Promise.all(
      [files, { ...files, ...npmrc }].map((all) => plansOf({ files: all, unexplained: BUILT })),
    );
    expect(before?.plans.map(({ strategy }) => strategy)).toContain('install-pack');
    expect(after?.plans.map(({ strategy }) => strategy)).not.toContain('install-pack');
    expect(after?.steps[0]?.slice(-2)).toEqual([
      'build /work/source: npm run build',
      'pack /work/source: npm pack --pack-destination=/work/output',
    ]);
  });

  it('is built by what packing would run where that is all there is', async () => {
    const files = { 'package.json': { name: 'pkg', scripts: { prepack: 'tsc' } }, ...npmrc };
    const { steps } = await plansOf({ files, unexplained: BUILT });
    expect(steps[0]?.at(-2)).toBe('build /work/source: npm run prepack');
  });
});

describe('a package of a workspace', () => {
  it('is installed at the root and packed in its folder', async () => {
    const { steps, clues } = await plansOf({
      files: {
        'package.json': { name: 'root', workspaces: ['packages/*'], devDependencies: { typescript: '5' } },
        'package-lock.json': { lockfileVersion: 2 },
        'packages/pkg/package.json': { name: 'pkg', scripts: { build: 'tsc' } },
        '.nvmrc': 'v20.1.0\n',
      },
      directory: 'packages/pkg',
      unexplained: BUILT,
    });
    expect(steps[0]).toEqual([
      'fetch /work/source: node /opt/forwarder/forward.js node /opt/inside/registry.cjs http://127.0.0.1:4873/ npm ci --ignore-scripts',
      'build /work/source: npm rebuild --foreground-scripts',
      'build /work/source/packages/pkg: npm run build',
      'pack /work/source/packages/pkg: npm pack --pack-destination=/work/output',
    ]);
    expect(clues[0]).toMatchObject({
      root: { manager: 'npm', lockfile: { version: '2' } },
      nodeVersion: 'v20.1.0',
    });
  });

  it('is built from the root when only the root has a build', async () => {
    const { steps } = await plansOf({
      files: {
        'package.json': { name: 'root', workspaces: ['packages/*'], scripts: { build: 'tsc -b' } },
        'packages/pkg/package.json': { name: 'pkg' },
      },
      directory: 'packages/pkg',
      unexplained: BUILT,
    });
    expect(steps[0]).toContain('build /work/source: npm run build');
  });
});

it('a manifest that is no JSON has no plan', async () => {
  expect((await plansOf({ files: { 'package.json': '{' } })).plans).toEqual([]);
});

describe('a package that bundles dependencies', () => {
  const manifest = { name: 'pkg', dependencies: { leaf: '1.0.0' } };
  it.each([
    ['bundleDependencies', ['leaf']],
    ['bundledDependencies', ['leaf']],
    ['bundleDependencies', true],
    ['bundledDependencies', { leaf: '1.0.0' }],
  ])('by %s: %j is installed before it is packed, running nothing of its own', async (field, bundle) => {
    const { steps, plans } = await plansOf({
      files: {
        'package.json': { ...manifest, [field]: bundle },
        'package-lock.json': { lockfileVersion: 3 },
      },
      unexplained: { 'node_modules/leaf/index.js': 'code' },
    });
    expect(steps[0]).toEqual([
      'fetch /work/source: node /opt/forwarder/forward.js node /opt/inside/registry.cjs http://127.0.0.1:4873/ npm ci --ignore-scripts',
      'pack /work/source: npm pack --pack-destination=/work/output --ignore-scripts',
    ]);
    expect(plans.map((plan) => [plan.strategy, plan.conclusive, plan.fallback])).toEqual([
      ['install-pack', true, false],
      ['install-pack', true, true],
      ['install-pack', true, true],
    ]);
  });

  it.each([[[]], [false], [null]])('in name only (%j) is only packed', async (bundleDependencies) => {
    const { plans } = await plansOf({ files: { 'package.json': { ...manifest, bundleDependencies } } });
    expect(plans.map((plan) => [plan.strategy, plan.conclusive])).toEqual([['pack', true]]);
  });

  it('in a workspace, whose install may hoist them away, is not judged by that', async () => {
    const { plans } = await plansOf({
      files: {
        'package.json': { name: 'root', workspaces: ['packages/*'] },
        'packages/pkg/package.json': { ...manifest, bundleDependencies: ['leaf'] },
      },
      directory: 'packages/pkg',
    });
    expect(plans.map((plan) => [plan.strategy, plan.conclusive])).toEqual([['install-pack', false]]);
  });
});

describe('a commit that leaves the version open', () => {
  const SET =
    'npm version 1.0.0 --no-git-tag-version --allow-same-version --ignore-scripts --no-workspaces-update';
  it.each(['0.0.0', '0.0.0-development', '0.0.0-semantically-released', undefined])(
    'at %s gets the published one before a bare pack, and the plan says so',
    async (version) => {
      const { steps, plans } = await plansOf({ files: { 'package.json': { name: 'pkg', version } } });
      expect(steps[0]).toEqual([
        `build /work/source: ${SET}`,
        'pack /work/source: npm pack --pack-destination=/work/output --ignore-scripts',
      ]);
      expect(plans[0]?.evidence).toMatchObject([{ kind: 'version-set' }]);
      expect(plans[0]?.steps[0]?.env['npm_config_script_shell']).toBe('/usr/bin/true');
    },
  );

  it('gets it after its build too, in its own folder', async () => {
    const { steps } = await plansOf({
      files: {
        'package.json': { name: 'root', workspaces: ['packages/*'] },
        'packages/pkg/package.json': { name: 'pkg', version: '0.0.0-development', scripts: { build: 'tsc' } },
      },
      directory: 'packages/pkg',
      unexplained: { ...BUILT, 'package.json': 'code' },
    });
    expect(steps[0]).toEqual([
      'build /work/source/packages/pkg: npm run build',
      `build /work/source/packages/pkg: ${SET}`,
      'pack /work/source/packages/pkg: npm pack --pack-destination=/work/output',
    ]);
  });

  it('gets it in the folder that semantic-release packs, and only there', async () => {
    const files = {
      'package.json': { name: 'pkg', version: '0.0.0-development', scripts: { build: 'tsc' } },
      '.releaserc': { plugins: [['@semantic-release/npm', { pkgRoot: 'out' }]] },
      '.github/workflows/release.yml':
        'on: push\njobs:\n  release:\n    runs-on: ubuntu-latest\n    steps:\n      - run: npm run build\n      - run: npx semantic-release\n',
    };
    const { steps } = await plansOf({ files, unexplained: { ...BUILT, 'package.json': 'code' } });
    const set = steps.map((plan) => plan.filter((step) => step.includes('npm version')));
    expect(set[0]).toEqual([`build /work/source/out: ${SET}`]);
  });

  it('gets it in its own folder where semantic-release is run at the root of a workspace', async () => {
    const files = {
      'package.json': { name: 'root', workspaces: ['packages/*'] },
      'packages/pkg/package.json': { name: 'pkg', version: '0.0.0-development', scripts: { build: 'tsc' } },
      '.github/workflows/release.yml':
        'on: push\njobs:\n  release:\n    runs-on: ubuntu-latest\n    steps:\n      - run: npx semantic-release\n',
    };
    const { steps } = await plansOf({
      files,
      directory: 'packages/pkg',
      unexplained: { ...BUILT, 'package.json': 'code' },
    });
    const set = steps.flat().filter((step) => step.includes('npm version'));
    expect(new Set(set)).toEqual(new Set([`build /work/source/packages/pkg: ${SET}`]));
  });

  it('gets it from an old npm without the flags that this one does not know', async () => {
    const { steps } = await plansOf({
      files: { 'package.json': { name: 'pkg', version: '0.0.0' } },
      npm: '6.14.18',
    });
    expect(steps[0]?.[0]).not.toContain('workspaces');
  });

  it.each([
    ['1.0.0', '1.0.0'],
    ['0.0.0', '0.0.0'],
    ['0.0.0', '--script-shell=/work/source/evil'],
  ])('but a commit at %s of what is published as %s is taken as it is', async (version, published) => {
    const { steps } = await plansOf({ files: { 'package.json': { name: 'pkg', version } }, published });
    expect(steps[0]).toHaveLength(1);
  });
});

describe('a commit that states another version', () => {
  it('gets the published one too, but a difference then speaks against nobody', async () => {
    const { steps, plans } = await plansOf({ files: { 'package.json': { name: 'pkg', version: '0.9.0' } } });
    expect(steps[0]?.[0]).toContain('npm version 1.0.0');
    expect(plans.map((plan) => plan.conclusive)).toEqual([false]);
  });
});

describe('a repository of another package manager', () => {
  const manifest = { name: 'pkg', scripts: { build: 'tsc' }, devDependencies: { typescript: '5' } };
  it.each([
    ['pnpm-lock.yaml', "lockfileVersion: '9.0'\n", 'pnpm install --frozen-lockfile --ignore-scripts'],
    ['yarn.lock', '# yarn lockfile v1\n', 'yarn install --frozen-lockfile --ignore-scripts'],
    ['yarn.lock', '__metadata:\n  version: 8\n', 'yarn install --immutable --mode=skip-build'],
    ['bun.lock', '{ "lockfileVersion": 1 }', 'bun install --frozen-lockfile --ignore-scripts'],
  ])('is installed from its %s, and its scripts are run by the same', async (name, text, install) => {
    const { steps } = await plansOf({
      files: { 'package.json': manifest, [name]: text },
      unexplained: BUILT,
    });
    const [program = ''] = install.split(' ');
    expect(steps[0]?.[0]).toContain(install);
    expect(steps[0]?.some((step) => step.endsWith(`${program} run build`))).toBe(true);
  });

  it('is that of packageManager, where there are two lockfiles', async () => {
    const { clues } = await plansOf({
      files: {
        'package.json': { ...manifest, packageManager: 'pnpm@9.1.0' },
        'package-lock.json': { lockfileVersion: 3 },
        'pnpm-lock.yaml': "lockfileVersion: '9.0'\n",
      },
      unexplained: BUILT,
    });
    expect(clues[0]?.root.manager).toBe('pnpm');
  });

  it('is the Yarn that the repository brings, whatever packageManager says', async () => {
    const files = {
      'package.json': { ...manifest, packageManager: 'yarn@2.4.3' },
      'yarn.lock': '__metadata:\n  version: 6\n',
      '.yarnrc.yml': 'nodeLinker: node-modules\nyarnPath: ".yarn/releases/yarn-3.2.3.cjs"\n',
    };
    const { clues } = await plansOf({ files, unexplained: BUILT });
    expect(clues[0]?.root).toMatchObject({ manager: 'berry', ownYarn: '3.2.3' });
    const without = await plansOf({
      files: { ...files, '.yarnrc.yml': 'yarnPath: yarn.cjs' },
      unexplained: BUILT,
    });
    expect(without.clues[0]?.root.ownYarn).toBeNull();
  });

  it('asks for every manager that a script calls by name', async () => {
    const { clues } = await plansOf({
      files: { 'package.json': { name: 'pkg', scripts: { build: 'yarn compile && bun x', compile: 'tsc' } } },
      unexplained: BUILT,
    });
    expect(clues.find(({ purpose }) => purpose === 'build')?.managers).toEqual(['npm', 'yarn', 'bun']);
  });

  it('is packed by the one whose marks the archive bears, after an install where that needs one', async () => {
    const { steps } = await plansOf({
      files: { 'package.json': { name: 'pkg', dependencies: { other: 'workspace:^' } } },
      packer: 'pnpm',
    });
    expect(steps[0]?.at(-1)).toContain('pnpm --config.ignore-scripts=true pack');
    expect(steps[0]?.[0]).toMatch(/^fetch /);
  });
});

it.each([
  ['2023-12-31T00:00:00.000Z', '2023-12-31T00:00:00.000Z'],
  ['2024-06-01T00:00:00.000Z', '2024-01-01T00:00:00.000Z'],
])(
  'published at %s, the registry is shown as of %s: never after the artifact was there',
  async (publishedAt, shown) => {
    const { plans } = await plansOf({ files: { 'package.json': { name: 'pkg' } }, publishedAt });
    expect(plans[0]?.registryTime).toBe(shown);
  },
);
