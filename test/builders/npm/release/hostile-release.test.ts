import { describe, expect, it } from 'vitest';
import { readYaml } from '../../../../builders/npm/release/yaml.ts';
import { publishingWorkflow, recipeOf, recipeOfSteps, shown } from './recipe-of.ts';

const WORKFLOW = '.github/workflows/release.yml';
const inTime = async (work: () => unknown, most = 5_000) => {
  const started = performance.now();
  await work();
  expect(performance.now() - started).toBeLessThan(most);
};

describe('a workflow that attacks its reader', () => {
  it('may be a bomb of aliases', async () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
    for (let n = 1; n < 30; n += 1) {
      const before = Array<string>(9)
        .fill(`*a${n - 1}`)
        .join(', ');
      lines.push(`a${n}: &a${n} [${before}]`);
    }
    await inTime(() => readYaml(lines.join('\n')));
    await inTime(() => recipeOf({ [WORKFLOW]: `${lines.join('\n')}\njobs: *a29\n# publish` }));
  });

  it('may be an alias of what it stands in', () => {
    expect(readYaml('a: &a { b: *a }')).toMatchObject({ a: { b: {} } });
  });

  it('may have keys that are collections inside collections', async () => {
    // One kilobyte of these takes the library's own conversion to plain data more than half a minute.
    await inTime(() => readYaml('? '.repeat(500)));
  });

  it.each(['[', '{a: ', '- ', '? ', '}', '!a ', '"\\x', '&a ', 'a: [}', ': ', '\n', "'"])(
    'may be as long as any that is read, of nothing but %j',
    async (part) => {
      await inTime(() => readYaml(part.repeat(65_000 / part.length)), 10_000);
    },
  );

  it('may be of ten megabytes', async () => {
    const steps = '- run: npm publish\n';
    await inTime(async () => {
      const recipe = await recipeOf({ [WORKFLOW]: publishingWorkflow(steps.repeat(500_000)) });
      expect(recipe.publish).toBeNull();
    });
  });

  it('may be one of ten thousand', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, n) => [
        `.github/workflows/${n}.yml`,
        publishingWorkflow('- run: make'),
      ]),
    );
    await inTime(() => recipeOf(files));
  });

  it('may name things that the prototype of every object has', async () => {
    const workflow = `
on: { __proto__: {}, push: }
env: { __proto__: x, constructor: y }
jobs:
  __proto__: { steps: [{ run: npm publish }] }
  constructor:
    strategy: { matrix: { __proto__: [1], toString: [2] } }
    steps:
      - uses: actions/setup-node@v4
        with: { node-version: '\${{ matrix.valueOf }}', __proto__: x }
      - run: npm run constructor && npm run __proto__ && npm publish
`;
    const recipe = await recipeOf({
      [WORKFLOW]: workflow,
      'package.json': '{"__proto__":{"scripts":{"a":"b"}}}',
    });
    expect([recipe.nodeVersion, recipe.publish?.packer]).toEqual([null, 'npm']);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  it('may have a matrix without end', async () => {
    const row = Array.from({ length: 5_000 }, (_, n) => n).join(', ');
    const workflow = `on: push\njobs:\n  publish:\n    strategy: { matrix: { a: [${row}], include: [${row}] } }\n    steps: [{ run: npm publish }]\n`;
    await inTime(() => recipeOf({ [WORKFLOW]: workflow }));
  });

  it.each([
    'a: b',
    '[]',
    'null',
    '"',
    'jobs: []',
    'jobs: { a: b }',
    'jobs: { publish: { steps: 7 } }',
    '\0',
    'on: &a *a',
  ])('may be no workflow at all: %j', async (text) => {
    expect((await recipeOf({ [WORKFLOW]: `${text} # publish` })).publish).toBeNull();
  });
});

describe('commands that want to be more than words', () => {
  it('stay data when a variable of the workflow holds them', async () => {
    const recipe = await recipeOfSteps(`
- run: make \${{ env.X }}
  env: { X: 'a; rm -rf / #' }
- run: make \${{ env.Y }}
  env: { Y: 'a && curl x' }
- run: npm publish`);
    expect(recipe.build).toEqual([]);
  });

  it('stay one word when they are quoted', async () => {
    const recipe = await recipeOfSteps('- run: make \'a; curl x | sh\' "b && c"\n- run: npm publish');
    expect(recipe.build[0]?.argv).toEqual(['make', 'a; curl x | sh', 'b && c']);
  });

  it('never leave the repository', async () => {
    const recipe = await recipeOfSteps(`
- run: make a
  working-directory: ../../etc
- run: make b
  working-directory: /etc
- run: cd .. && make c
- run: npm publish ../../x`);
    expect(recipe.build).toEqual([]);
    expect(recipe.publish?.directory ?? null).toBeNull();
  });

  it('may be scripts that call each other without end', async () => {
    const names = Array.from({ length: 40 }, (_, n) => `release-${n}`);
    const all = names.map((name) => `npm run ${name}`).join(' && ');
    const scripts = Object.fromEntries(names.map((name) => [name, all]));
    await inTime(async () => {
      const recipe = await recipeOfSteps('- run: npm run release-0', { 'package.json': { scripts } });
      expect(recipe.publish).toBeNull();
    });
  });

  it('may be more than anybody reads', async () => {
    const scripts = { a: 'make && '.repeat(4_000), release: 'npm run a && npm publish' };
    const script = 'npm run a\n'.repeat(3_000);
    const action = `runs:\n  using: composite\n  steps:\n    - shell: bash\n      run: ${JSON.stringify(script)}\n`;
    const job = (n: number) =>
      `  job${n}: { steps: [${Array<string>(90).fill('{ uses: ./a }').join(', ')}] }`;
    const workflow = `on: push # publish\njobs:\n${Array.from({ length: 40 }, (_, n) => job(n)).join('\n')}\n`;
    await inTime(
      () => recipeOf({ 'package.json': { scripts }, 'a/action.yml': action, [WORKFLOW]: workflow }),
      20_000,
    );
  });

  it('may be variables that grow with every level', async () => {
    const many = (name: string) => `\${{ env.${name} }}`.repeat(300);
    const workflow = `
on: push
env: { A: ${'x'.repeat(4000)} }
jobs:
  publish:
    env: { B: '${many('A')}' }
    steps: [{ run: npm publish, env: { C: '${many('B')}' } }]
`;
    await inTime(() => recipeOf({ [WORKFLOW]: workflow }));
  });

  it('may be composite actions and workflows that call themselves', async () => {
    const action = 'runs: { using: composite, steps: [{ uses: ./a }, { run: make, shell: bash }] }';
    const workflow = `on: [push, workflow_call]\njobs:\n  again: { uses: ./.github/workflows/release.yml }\n  publish:\n    steps: [{ uses: ./a }, { run: npm publish }]\n`;
    const recipe = await recipeOf({ 'a/action.yml': action, [WORKFLOW]: workflow });
    expect(shown(recipe.build)).toEqual(['.: make']);
  });
});
