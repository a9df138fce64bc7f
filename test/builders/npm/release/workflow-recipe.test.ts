import { describe, expect, it } from 'vitest';
import { publishingWorkflow, recipeOf, recipeOfSteps, shown } from './recipe-of.ts';

const NODE = '- uses: actions/setup-node@v4\n  with:\n';

describe('the Node of a publishing job', () => {
  it.each([
    ['    node-version: 22.x', '22.x'],
    ['    node-version: 20', '20'],
    ["    node-version: 'lts/*'", 'lts/*'],
    ['    node-version-file: .nvmrc', 'v20.9.0'],
    ['    node-version-file: .tool-versions', '18.20.1'],
    ['    node-version-file: package.json', '>=18'],
    ['    node-version: ${{ env.NODE }}', '16'],
    ["    node-version: ${{ inputs.node || '14' }}", '14'],
    ['    node-version: ${{ steps.x.outputs.node }}', null],
    ['    cache: npm', null],
  ])('is what the set-up says: %s', async (input, expected) => {
    const recipe = await recipeOfSteps(`${NODE}${input}\n- run: npm publish\n  env: { NODE: 16 }`, {
      '.nvmrc': 'v20.9.0\n',
      '.tool-versions': 'ruby 3.0\nnodejs 18.20.1\n',
      'package.json': { name: 'pkg', engines: { node: '>=18' } },
      '.github/workflows/release.yml': '',
    });
    // `env` of the publishing step is not that of the set-up.
    expect(recipe.nodeVersion).toBe(input.includes('env.NODE') ? null : expected);
  });

  it('is found in the environment of the workflow', async () => {
    const steps = `${NODE}    node-version: \${{ env.NODE }}\n- run: npm publish`;
    const recipe = await recipeOf({
      '.github/workflows/release.yml': `env: { NODE: 16 }\n${publishingWorkflow(steps)}`,
    });
    expect(recipe.nodeVersion).toBe('16');
  });

  it('is the highest of a matrix, and its long-term one where that is among them', async () => {
    const workflow = (versions: string) =>
      `on: push\njobs:\n  release:\n    strategy: { matrix: { node: ${versions} } }\n    steps:\n` +
      `      - uses: actions/setup-node@v4\n        with: { node-version: '\${{ matrix.node }}' }\n      - run: npm publish\n`;
    const nodeOf = async (versions: string) =>
      (await recipeOf({ '.github/workflows/a.yml': workflow(versions) })).nodeVersion;
    expect(await nodeOf('[18, 22, 20]')).toBe('22');
    expect(await nodeOf('[18, lts/*, 22]')).toBe('lts/*');
    expect(await nodeOf('"${{ fromJSON(needs.x.outputs.y) }}"')).toBeNull();
  });

  it('is the last that is set up before publishing', async () => {
    const steps = `${NODE}    node-version: 20\n- run: npm publish\n${NODE}    node-version: 22`;
    expect((await recipeOfSteps(steps)).nodeVersion).toBe('20');
  });

  it('is that of the image the job runs in', async () => {
    const workflow =
      'on: push\njobs:\n  publish:\n    container: { image: "node:20.11-alpine" }\n    steps: [{ run: npm publish }]\n';
    expect((await recipeOf({ '.github/workflows/publish.yml': workflow })).nodeVersion).toBe('20.11');
  });
});

it.each(['bin/resolveNPMTag.js', 'scripts/check-version.mjs', 'tools/getVersion.js'])(
  'a step that runs %s builds nothing',
  async (file) => {
    const { build } = await recipeOfSteps(`- run: npm ci\n- run: node ${file}\n- run: npm publish`, {
      [file]: 'console.log(1)\n',
    });
    expect(build).toEqual([]);
  },
);

describe('the package manager of a publishing job', () => {
  it.each([
    ['- uses: pnpm/action-setup@v4\n  with: { version: 9 }', { name: 'pnpm', version: '9' }],
    ['- uses: oven-sh/setup-bun@v2\n  with: { bun-version: 1.2.0 }', { name: 'bun', version: '1.2.0' }],
    ['- run: corepack prepare yarn@4.1.0 --activate', { name: 'yarn', version: '4.1.0' }],
    ['- run: npm install -g pnpm@8', { name: 'pnpm', version: '8' }],
    ['- run: yarn --immutable', { name: 'yarn', version: null }],
    ['- run: npm i -g pnpm@8\n- run: npm ci', { name: 'npm', version: null }],
    ['- run: echo', null],
  ])('is what it sets up or installs with: %j', async (steps, expected) => {
    const recipe = await recipeOfSteps(`${steps}\n- run: npm publish`);
    expect(recipe.packageManager).toEqual(expected);
  });

  it('has the version of the manifest when the job gives none', async () => {
    const recipe = await recipeOfSteps('- uses: pnpm/action-setup@v4\n- run: pnpm publish', {
      'package.json': { name: 'pkg', packageManager: 'pnpm@9.1.0+sha512.abc' },
    });
    expect(recipe.packageManager).toEqual({ name: 'pnpm', version: '9.1.0' });
  });

  it('is that of the installation, and another may pack', async () => {
    const recipe = await recipeOfSteps(`
- uses: pnpm/action-setup@v4
  with: { version: 9 }
- run: pnpm install
- uses: pnpm/action-setup@v4
  with: { version: 11.1.0 }
- run: pnpm publish`);
    expect([recipe.packageManager?.version, recipe.publish?.packerVersion]).toEqual(['9', '11.1.0']);
  });

  it('may get a newer npm to publish with, which is no installation', async () => {
    const recipe = await recipeOfSteps(
      '- run: npm install -g npm@^11.5.1\n- run: npm ci\n- run: npm publish',
    );
    expect([recipe.npmVersion, shown(recipe.install)]).toEqual(['^11.5.1', ['.: npm ci']]);
  });
});

describe('the commands of a publishing job', () => {
  it('are those before it publishes, without checks, git and version bumps', async () => {
    const recipe = await recipeOfSteps(`
- uses: actions/checkout@v4
- run: npm ci
- run: npm run lint && npm test
- run: |
    git config user.name x
    npm version patch
    npm run build
- run: npx tsc --noEmit
- run: npm publish
- run: npm run docs:deploy && npm run build:late`);
    expect(shown(recipe.install)).toEqual(['.: npm ci']);
    expect(shown(recipe.build)).toEqual(['.: npm run build']);
  });

  it('have the folder and the literal variables that the workflow states', async () => {
    const workflow = `
on: release
env: { A: '1', TOKEN: '\${{ secrets.X }}' }
defaults: { run: { working-directory: lib } }
jobs:
  publish:
    env: { B: '\${{ env.A }}2' }
    steps:
      - run: make
        env: { C: 3 }
      - run: make
        working-directory: ./packages/b/
      - run: npm publish
`;
    const { build } = await recipeOf({ '.github/workflows/x.yml': workflow });
    expect(build).toEqual([
      { argv: ['make'], directory: 'lib', env: { A: '1', B: '12', C: '3' } },
      { argv: ['make'], directory: 'packages/b', env: { A: '1', B: '12' } },
    ]);
  });

  it('are said when they are not understood', async () => {
    const recipe = await recipeOfSteps('- run: node build.js ${{ github.ref }}\n- run: npm publish');
    expect(recipe.build).toEqual([]);
    expect(recipe.evidence).toContainEqual({
      kind: 'release-not-understood',
      detail: '"node build.js ${{ github.ref }}" is left out: a variable, substitution or pattern',
    });
  });

  it('are not those of steps for another system or for failures', async () => {
    const recipe = await recipeOfSteps(`
- run: make windows
  if: runner.os == 'Windows'
- run: make report
  if: failure()
- run: make x
  shell: pwsh
- run: make
  if: success() || !cancelled()
- run: npm publish`);
    expect(shown(recipe.build)).toEqual(['.: make']);
  });

  it('are not those of steps that its own condition excludes', async () => {
    const recipe = await recipeOfSteps(`
- run: make next
  if: inputs.next == 'true'
- run: make latest
  if: \${{ inputs.next != 'true' }}
- run: make
  if: inputs.other == 'true'
- run: npm publish
  if: inputs.next == 'false'`);
    expect(shown(recipe.build)).toEqual(['.: make latest', '.: make']);
  });

  it('are those of a composite action of the repository as well', async () => {
    const action = `
inputs: { node: { default: '18' }, folder: { default: lib } }
runs:
  using: composite
  steps:
    - uses: actions/setup-node@v4
      with: { node-version: '\${{ inputs.node }}' }
    - run: pnpm install
      working-directory: \${{ inputs.folder }}
      shell: bash
`;
    const recipe = await recipeOfSteps(
      "- uses: ./.github/actions/setup\n  with: { node: '21' }\n- run: pnpm publish",
      { '.github/actions/setup/action.yml': action },
    );
    expect([recipe.nodeVersion, shown(recipe.install)]).toEqual(['21', ['lib: pnpm install']]);
  });

  it('are those of a reusable workflow of the repository as well, with what it is given', async () => {
    const called = `
on: { workflow_call: { inputs: { script: { default: build } } } }
jobs:
  go:
    steps:
      - run: npm run \${{ inputs.script }}
      - run: npm publish
`;
    const caller =
      'on: push\njobs:\n  release:\n    uses: ./.github/workflows/called.yml\n    with: { script: bundle }\n';
    const recipe = await recipeOf({
      '.github/workflows/called.yml': called,
      '.github/workflows/main.yml': caller,
    });
    expect(shown(recipe.build)).toEqual(['.: npm run bundle']);
  });

  it('are those of the job whose artifact it downloads, with the Node of that', async () => {
    const workflow = `
on: push
jobs:
  build:
    steps:
      - uses: actions/setup-node@v4
        with: { node-version: 18 }
      - run: npm ci
      - run: npm run build
      - uses: actions/upload-artifact@v4
        with: { name: dist, path: dist }
  publish:
    needs: build
    steps:
      - uses: actions/setup-node@v4
        with: { node-version: 24 }
      - uses: actions/download-artifact@v4
        with: { name: dist }
      - run: npm publish
`;
    const recipe = await recipeOf({ '.github/workflows/release.yml': workflow });
    expect([recipe.nodeVersion, shown(recipe.install), shown(recipe.build)]).toEqual([
      '18',
      ['.: npm ci'],
      ['.: npm run build'],
    ]);
  });

  it('are those of the jobs whose caches it shares, as a run of a tag has them', async () => {
    const cache = (key: string) => `- uses: actions/cache@v3
        with: { path: ./*, key: "\${{ runner.os }}-\${{ github.sha }}-${key}" }`;
    const workflow = `
on: push
jobs:
  setup:
    steps:
      - run: npm ci
      ${cache('setup')}
  trial:
    needs: setup
    steps:
      - run: npm run build-trial
      ${cache('trial')}
  build:
    needs: setup
    steps:
      ${cache('setup')}
      - run: npm run build
        env:
          NODE_ENV: \${{ startsWith(github.ref, 'refs/tags/v') && 'release' || '' }}
      ${cache('build')}
  publish:
    needs: [trial, build]
    steps:
      ${cache('build')}
      - run: npm publish
`;
    const recipe = await recipeOf({ '.github/workflows/release.yml': workflow });
    expect([shown(recipe.install), shown(recipe.build)]).toEqual([['.: npm ci'], ['.: npm run build']]);
    expect(recipe.build[0]?.env).toEqual({ NODE_ENV: 'release' });
    const ofModules = { '.github/workflows/release.yml': workflow.replaceAll('./*', '**/node_modules') };
    expect((await recipeOf(ofModules)).build).toEqual([]);
  });

  it.each([
    ["'a' && 'b' || 'c'", 'b'],
    ["false && 'b' || 'c'", 'c'],
    ["matrix.none && 'b' || 'c'", undefined],
    ["github.event_name == 'push' && 'b' || 'c'", undefined],
  ])('have the variables that an expression gives, as far as it is known: %s', async (expression, value) => {
    const step = `- run: npm run build\n  env: { MODE: "\${{ ${expression} }}" }\n- run: npm publish`;
    expect((await recipeOfSteps(step)).build[0]?.env['MODE']).toBe(value);
  });

  it('are followed by what prepublishOnly adds, unless it runs no scripts', async () => {
    const files = { 'package.json': { name: 'pkg', scripts: { prepublishOnly: 'npm test && tsc -p .' } } };
    const build = async (publish: string) => shown((await recipeOfSteps(`- run: ${publish}`, files)).build);
    expect(await build('npm publish')).toEqual(['.: tsc -p .']);
    expect(await build('npm publish --ignore-scripts')).toEqual([]);
    expect(await build('npm publish dist')).toEqual([]);
  });

  it('have a step only once, without lists of checks and scripts that there are not', async () => {
    const recipe = await recipeOfSteps(`
- run: npm run build
- run: npm run build
- run: npm run other --if-present
- run: npx run-s clean lint build
- run: run-s clean lint build
- run: nr bundle
- run: npm publish`);
    expect(shown(recipe.build)).toEqual([
      '.: npm run build',
      '.: npx run-s clean lint build',
      '.: run-s clean build',
      '.: npm run bundle',
    ]);
  });
});
