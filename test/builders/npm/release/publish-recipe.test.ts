import { describe, expect, it } from 'vitest';
import { publishingWorkflow, recipeOf, recipeOfSteps, shown, type RepositoryFiles } from './recipe-of.ts';

/** `packer folder` of what a step publishes. */
const published = async (step: string, files: RepositoryFiles = {}) => {
  const { publish } = await recipeOfSteps(step, files);
  return publish === null ? null : `${publish.packer ?? 'unknown'} ${publish.directory ?? 'unknown'}`;
};

describe('a publishing command', () => {
  it.each([
    ['npm publish', 'npm .'],
    ['npm publish ./dist --access public', 'npm dist'],
    ['npm --prefix lib publish', 'npm lib'],
    ['npm stage publish', 'npm .'],
    ['cd dist && npm publish', 'npm dist'],
    ['npm publish --workspace=pkg', 'npm .'],
    ['npm publish -w other', null],
    ['pnpm publish --no-git-checks', 'pnpm .'],
    ['pnpm -r publish', 'pnpm .'],
    ['pnpm --filter pkg publish', 'pnpm .'],
    ['yarn publish', 'yarn .'],
    ['yarn npm publish', 'yarn .'],
    ['yarn workspaces foreach --all npm publish', 'yarn .'],
    ['bun publish', 'bun .'],
    ['npx lerna publish from-package', 'lerna .'],
    ['npx changeset publish', 'npm .'],
    ['npx -y semantic-release@23', 'npm .'],
    ['npx release-it --ci', 'npm .'],
    ['npx nx release publish', 'npm .'],
    ['npx np@10', 'npm .'],
    ['npm publish --tag "$TAG"', 'npm .'],
    ['npm publish "$FOLDER"', 'npm unknown'],
    ['if true; then npm publish; fi', 'npm .'],
    ['npm view x || npm publish', 'npm .'],
    ['npm publish --dry-run', null],
    ['npx jsr publish', null],
    ['npx pkg-pr-new publish', null],
    ['npm dist-tag add x@1 latest', null],
    ['npx nx release --skip-publish', null],
    ['npm publish --registry http://localhost:4873', null],
  ])('%s', async (command, expected) => {
    expect(await published(`- run: ${JSON.stringify(command)}`)).toBe(expected);
  });

  it('goes through the package manager of the repository when its tool does', async () => {
    const files = { 'pnpm-lock.yaml': '' };
    expect(await published('- run: npx changeset publish', files)).toBe('pnpm .');
    expect(await published('- run: npx changeset publish', { 'yarn.lock': '' })).toBe('npm .');
  });

  it('may publish the archive of an earlier step', async () => {
    const steps = '- run: pnpm pack\n  working-directory: lib\n- run: npm publish *.tgz';
    expect(await published(steps)).toBe('pnpm lib');
  });

  it.each([
    ['- uses: changesets/action@v1\n  with: { publish: npm run out-of-here }', 'npm .'],
    ['- uses: JS-DevTools/npm-publish@v3\n  with: { package: dist/package.json }', 'npm dist'],
    ['- uses: cycjimmy/semantic-release-action@v4', 'npm .'],
  ])('may be an action: %j', async (step, expected) => {
    const files = { 'package.json': { name: 'pkg', scripts: { 'out-of-here': 'changeset publish' } } };
    expect(await published(step, files)).toBe(expected);
  });

  it('is none of an action that is not told how to publish', async () => {
    expect(await published('- uses: changesets/action@v1')).toBeNull();
  });

  it('may be in the scripts of the manifest, which say what is built before', async () => {
    const scripts = {
      prerelease: 'make first',
      release: 'npm run build && npm run out',
      out: 'make second && npm test && npm publish dist',
    };
    const recipe = await recipeOfSteps('- run: npm run release', {
      'package.json': { name: 'pkg', scripts },
    });
    expect(shown(recipe.build)).toEqual(['.: make first', '.: npm run build', '.: make second']);
    expect(recipe.publish?.directory).toBe('dist');
  });

  it('may be in a shell file of the repository', async () => {
    const files = { 'scripts/go.sh': '#!/bin/sh\nset -e\nmake\nnpm publish\n' };
    const recipe = await recipeOfSteps('- run: ./scripts/go.sh', files);
    expect([shown(recipe.build), recipe.publish?.packer]).toEqual([['.: make'], 'npm']);
  });

  it('may be in a program of a telling name, whose text names the packer', async () => {
    const files = {
      'package.json': { name: 'pkg', scripts: { release: 'node scripts/out.js' } },
      'scripts/out.js': "await run('pnpm', ['publish', '--tag', tag])",
    };
    expect(await published('- run: npm run release', files)).toBe('pnpm .');
  });

  it('may only be guessed by its name, and that is said', async () => {
    const recipe = await recipeOfSteps('- run: pnpm release-tool publish');
    expect(recipe.publish?.packer).toBeNull();
    expect(recipe.evidence[0]?.detail).toMatch(/to go by its name$/);
  });

  it.each([
    ['cd "$OUT" && npm publish', true],
    ['cd dist && npm publish', false],
    ['npm publish', false],
  ])('may be in a folder that only a run can tell: %s', async (command, isElsewhere) => {
    expect((await recipeOfSteps(`- run: ${command}`)).publish?.isElsewhere).toBe(isElsewhere);
  });

  it('is that of the package, not of its neighbours', async () => {
    const steps = ['one', 'two']
      .map((name) => `- run: npm publish\n  working-directory: packages/${name}`)
      .join('\n');
    const files = { '.github/workflows/release.yml': publishingWorkflow(steps) };
    const recipe = await recipeOf(files, { directory: 'packages/two', name: 'two' });
    expect(recipe.publish?.directory).toBe('packages/two');
  });

  it('is that of releases before that of trial releases', async () => {
    const steps = `
- run: npm publish --tag canary
- run: npm publish --access public
- run: npm publish --tag next`;
    expect((await recipeOfSteps(steps)).publish?.command.argv).toEqual([
      'npm',
      'publish',
      '--access',
      'public',
    ]);
  });

  it('is not one that only pull requests start, when there is another', async () => {
    const recipe = await recipeOf({
      '.github/workflows/a.yml': 'on: pull_request\njobs: { publish: { steps: [{ run: npm publish a }] } }',
      '.github/workflows/b.yml': 'on: release\njobs: { go: { steps: [{ run: npm publish b }] } }',
    });
    expect(recipe.publish?.directory).toBe('b');
  });
});

describe('the configuration of a publishing tool', () => {
  it.each([
    [
      'npx semantic-release',
      { '.releaserc': '{"plugins":[["@semantic-release/npm",{"pkgRoot":"out"}]]}' },
      'npm out',
    ],
    [
      'npx semantic-release',
      { '.releaserc.yml': 'plugins:\n  - - "@semantic-release/npm"\n    - pkgRoot: out\n' },
      'npm out',
    ],
    [
      'npx semantic-release',
      { 'release.config.js': "module.exports = { x: { pkgRoot: 'out' } }" },
      'npm out',
    ],
    ['npx lerna publish', { 'lerna.json': { command: { publish: { contents: 'out' } } } }, 'lerna out'],
    ['npx np', { 'package.json': { name: 'pkg', np: { contents: 'out' } } }, 'npm out'],
    ['pnpm publish', { 'package.json': { name: 'pkg', publishConfig: { directory: 'out' } } }, 'pnpm out'],
    ['npm publish', { 'package.json': { name: 'pkg', publishConfig: { directory: 'out' } } }, 'npm .'],
  ] as const)('%s follows %j', async (command, files, expected) => {
    expect(await published(`- run: ${command}`, files)).toBe(expected);
  });

  it('may have the package copied and cleaned first', async () => {
    const files = (config: object) => ({ 'package.json': { name: 'pkg' }, '.clean-publish': config });
    expect(await published('- run: npx clean-publish', files({ tempDir: 'out' }))).toBe('npm out');
    expect(await published('- run: npx clean-publish', files({ packageManager: 'pnpm' }))).toBe(
      'pnpm unknown',
    );
    expect(await published('- run: npx clean-publish --without-publish')).toBeNull();
  });

  it('names the tasks of a workspace that come before', async () => {
    const workflow = publishingWorkflow('- run: npm run release');
    const files = {
      'packages/a/package.json': { name: 'pkg', scripts: { release: 'npm publish' } },
      'package.json': { scripts: { release: 'turbo run release' } },
      'turbo.json': { tasks: { release: { dependsOn: ['^build', 'build', 'x; y'] } } },
      '.github/workflows/release.yml': workflow,
    };
    const recipe = await recipeOf(files, { directory: 'packages/a' });
    expect([shown(recipe.build), recipe.publish?.directory]).toEqual([['.: turbo run build'], 'packages/a']);
  });

  it('names commands that come before', async () => {
    const releaserc = {
      plugins: ['x', ['@semantic-release/exec', { prepareCmd: 'make && make ${nextRelease.version}' }]],
    };
    const recipe = await recipeOfSteps('- run: npx semantic-release', { '.releaserc.json': releaserc });
    expect(shown(recipe.build)).toEqual(['.: make']);
    const nx = { release: { version: { preVersionCommand: 'npx nx run-many -t build' } } };
    const withNx = await recipeOfSteps('- run: npx nx release', { 'nx.json': nx });
    expect(shown(withNx.build)).toEqual(['.: npx nx run-many -t build']);
  });
});

describe('a repository without a publishing workflow', () => {
  it('is released by the scripts of its manifest', async () => {
    const scripts = { release: 'pnpm test && pnpm build && pnpm publish && git push --follow-tags' };
    const recipe = await recipeOf({ 'package.json': { name: 'pkg', scripts }, 'pnpm-lock.yaml': '' });
    expect([recipe.nodeVersion, shown(recipe.build), recipe.publish?.packer]).toEqual([
      null,
      ['.: pnpm build'],
      'pnpm',
    ]);
  });

  it('is released by what runs before such a script, and by shell files that it takes in', async () => {
    const scripts = {
      prerelease: '. ./scripts/build.sh; source ~/.profile',
      release: 'changeset publish',
    };
    const recipe = await recipeOf({ 'package.json': { name: 'pkg', scripts } });
    expect(shown(recipe.build)).toEqual(['.: bash ./scripts/build.sh']);
  });

  it('is released by the shell file that a person starts', async () => {
    const files = {
      'package.json': { name: 'pkg' },
      'scripts/release': '#!/usr/bin/env bash\nmake\nnpm publish\n',
    };
    const recipe = await recipeOf(files);
    expect([shown(recipe.build), recipe.publish?.packer]).toEqual([['.: make'], 'npm']);
  });

  it('is released by the tool whose configuration it has, to go by that', async () => {
    const recipe = await recipeOf(
      { 'packages/a/package.json': { name: 'pkg' }, 'lerna.json': {} },
      { directory: 'packages/a' },
    );
    expect([recipe.publish?.packer, recipe.publish?.directory]).toEqual(['lerna', 'packages/a']);
  });

  it('may be released by a workflow of another one, which is said', async () => {
    const workflow = 'on: push\njobs: { release: { uses: o/r/.github/workflows/release.yml@v1 } }';
    const recipe = await recipeOf({ 'package.json': {}, '.github/workflows/release.yml': workflow });
    expect(recipe.evidence.map((one) => one.kind)).toEqual(['release-elsewhere']);
  });

  it('says nothing otherwise', async () => {
    const recipe = await recipeOf({ 'package.json': { scripts: { release: 'bumpp', test: 'node --test' } } });
    expect(recipe).toEqual({
      nodeVersion: null,
      packageManager: null,
      npmVersion: null,
      install: [],
      build: [],
      publish: null,
      evidence: [],
    });
  });
});

describe('what a check makes before it', () => {
  const built = async (command: string, scripts: object) => {
    const steps = `- run: ${command}\n- run: node clean.mjs\n- run: npm publish`;
    return shown((await recipeOfSteps(steps, { 'package.json': { name: 'pkg', scripts } })).build);
  };

  it.each([
    ['npm test', { pretest: 'npm run build', test: 'node test.js', build: 'tsc' }, ['.: npm run build']],
    ['npm t', { test: 'yarn build:js && mocha', 'build:js': 'tsc' }, ['.: yarn build:js']],
    ['npm run test:ci', { 'test:ci': 'npm run compile && jest' }, ['.: npm run compile']],
    ['yarn test', { test: 'yarn build' }, ['.: yarn build']],
    ['npm test', { test: 'npm run unit && jasmine && $RUN' }, []],
    ['npm test -w other', { pretest: 'npm run build' }, []],
    ['npm test', { build: 'tsc' }, []],
  ])('%s, with %j', async (command, scripts, expected) => {
    expect(await built(command, scripts)).toEqual([...expected, '.: node clean.mjs']);
  });
});

it('files that a step writes by redirecting output are written', async () => {
  const steps =
    "- run: npm run build\n- run: jq 'del(.scripts)' package.json > build/package.json\n" +
    '- run: echo "//r/:_authToken=1" >> .npmrc\n- run: npm publish ./build';
  const { build } = await recipeOfSteps(steps, {
    'package.json': { name: 'pkg', scripts: { build: 'tsc' } },
  });
  expect(shown(build)).toEqual([
    '.: npm run build',
    '.: bash -c "$@" > "$0" build/package.json jq del(.scripts) package.json',
  ]);
});
