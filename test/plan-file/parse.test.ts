import { describe, expect, it } from 'vitest';
import { ReproveError } from '../../src/errors.ts';
import { parsePlanFile } from '../../src/plan-file/parse.ts';

const COMMIT = 'a'.repeat(40);

const STEP = {
  name: 'pack',
  phase: 'pack',
  argv: ['npm', 'pack'],
  cwd: '/work/source',
  env: { CI: 'true' },
  optional: false,
};
const PLAN = {
  strategy: 'pack',
  toolchain: { node: '22.14.0', npm: '10.9.2' },
  evidence: [],
  registryTime: '2024-03-01T12:02:00.000Z',
  clock: '2024-03-01T12:02:00.000Z',
  steps: [STEP],
  withGit: false,
  conclusive: true,
  output: '/work/output',
};
const SOURCE = {
  repository: 'https://git.example/owner/x',
  commit: COMMIT,
  ref: 'refs/tags/v1.0.0',
  directory: '.',
  evidence: [],
};
const SUBJECT = { purl: 'pkg:npm/x@1.0.0' };
const FILE = { schemaVersion: 1, subject: SUBJECT, sources: [SOURCE], plans: [{ commit: COMMIT, ...PLAN }] };

function parse(document: unknown) {
  return parsePlanFile(JSON.stringify(document), 'plan.json');
}

function errorOf(document: unknown): ReproveError {
  try {
    parse(document);
  } catch (error) {
    if (error instanceof ReproveError) return error;
    throw error;
  }
  throw new Error('It was taken.');
}

const withPlan = (more: object) => ({ ...FILE, plans: [{ commit: COMMIT, ...PLAN, ...more }] });
const withStep = (more: object) => withPlan({ steps: [{ ...STEP, ...more }] });
const withSource = (more: object) => ({ ...FILE, sources: [{ ...SOURCE, ...more }] });

describe('a plan file is taken', () => {
  it('with no more than what is used', () => {
    const { evidence: _, ...source } = SOURCE;
    expect(parse(FILE)).toMatchObject({
      purl: 'pkg:npm/x@1.0.0',
      sha512: null,
      sources: [source],
      plans: [{ commit: COMMIT, plan: PLAN }],
    });
  });

  it('as a result document, with its one plan', () => {
    const { plans: _, sources: __, ...rest } = FILE;
    const result = { ...rest, verdict: 'diverged', source: SOURCE, plan: PLAN, findings: [{ kind: 'x' }] };
    expect(parse(result)).toEqual(parse(FILE));
  });

  it('with sources that no plan is for, which are then not looked at', () => {
    const other = { ...SOURCE, commit: 'b'.repeat(40) };
    expect(parse({ ...FILE, sources: [other, SOURCE] }).sources).toEqual([SOURCE]);
  });
});

describe('a plan file is refused', () => {
  it.each([
    ['a list', [], 'the document'],
    ['another schema version', { ...FILE, schemaVersion: 2 }, 'schemaVersion'],
    ['none', { ...FILE, schemaVersion: undefined }, 'schemaVersion'],
    ['no plan', { ...FILE, plans: [] }, 'plans: must hold a plan'],
    ['a result without a plan', { schemaVersion: 1, subject: SUBJECT, source: null, plan: null }, 'no plan'],
    ['a plan for no source', { ...FILE, plans: [{ commit: 'b'.repeat(40), ...PLAN }] }, 'plans[0].commit'],
    ['a source twice', { ...FILE, sources: [SOURCE, SOURCE] }, 'Two of its "sources"'],
    [
      'two repositories',
      {
        ...FILE,
        sources: [SOURCE, { ...SOURCE, commit: 'b'.repeat(40), repository: 'https://git.example/owner/y' }],
      },
      'several repositories',
    ],
    ['a field that nobody knows', withPlan({ network: true }), 'network'],
    ['no subject', { ...FILE, subject: {} }, 'subject.purl'],
  ])('with %s', (_, document, said) => {
    const error = errorOf(document);
    expect(error.code).toBe('usage');
    expect(error.text.why).toContain(said);
  });
});

describe('nothing in a plan names a place or a thing outside the sandbox', () => {
  it.each([
    ['plans[0].output', withPlan({ output: '/etc' })],
    ['plans[0].output', withPlan({ output: '/work' })],
    ['plans[0].output', withPlan({ output: '/work/output/../../etc' })],
    ['plans[0].output', withPlan({ output: '/workshop/output' })],
    ['plans[0].output', withPlan({ output: 'output' })],
    ['plans[0].output', withPlan({ output: '/work//output' })],
    ['plans[0].steps[0].cwd', withStep({ cwd: '/' })],
    ['plans[0].steps[0].cwd', withStep({ cwd: '/run/registry' })],
    ['plans[0].steps[0].cwd', withStep({ cwd: '/work/source/..' })],
    ['plans[0].steps[0].cwd', withStep({ cwd: '/work/./source' })],
    ['plans[0].steps[0].cwd', withStep({ cwd: '/work/source\n/etc' })],
    ['plans[0].steps[0].cwd', withStep({ cwd: '/work/source\0' })],
    ['plans[0].steps[0].argv[0]', withStep({ argv: [] })],
    ['plans[0].steps[0].argv[0]', withStep({ argv: [''] })],
    ['plans[0].steps[0].argv[0]', withStep({ argv: ['--split-string=sh'] })],
    ['plans[0].steps[0].argv[0]', withStep({ argv: ['LD_PRELOAD=x.so', 'npm'] })],
    ['plans[0].steps[0].argv[1]', withStep({ argv: ['npm', 'a\0b'] })],
    ['plans[0].steps[0].argv[1]', withStep({ argv: ['npm', 'x'.repeat(200_000)] })],
    [
      'plans[0].steps[0]',
      withStep({ argv: ['npm', ...Array.from({ length: 99 }, () => 'x'.repeat(32_000))] }),
    ],
    ['plans[0].steps[0].env.-i', withStep({ env: { '-i': 'x' } })],
    ['plans[0].steps[0].env.A=B', withStep({ env: { 'A=B': 'x' } })],
    ['plans[0].steps[0].env.', withStep({ env: { '': 'x' } })],
    ['plans[0].steps[0].env.A', withStep({ env: { A: 'a\0b' } })],
    ['plans[0].steps[0].phase', withStep({ phase: 'host' })],
    ['plans[0].steps', withPlan({ steps: [STEP, { ...STEP, phase: 'fetch' }] })],
    ['plans[0].steps', withPlan({ steps: Array.from({ length: 101 }, () => STEP) })],
    ['plans[0].toolchain.node', withPlan({ toolchain: { node: '^22' } })],
    ['plans[0].toolchain.node', withPlan({ toolchain: { node: '../../../etc' } })],
    ['plans[0].toolchain.node', withPlan({ toolchain: { node: 'latest' } })],
    ['plans[0].toolchain.../x', withPlan({ toolchain: { '../x': '1.0.0' } })],
    ['plans[0].toolchain.@evil/node', withPlan({ toolchain: { '@evil/node': '1.0.0' } })],
    ['plans[0].clock', withPlan({ clock: 'now' })],
    ['plans[0].clock', withPlan({ clock: '1969-12-31T23:59:59Z' })],
    ['plans[0].clock', withPlan({ clock: '2024-02-30T00:00:00Z' })],
    ['plans[0].registryTime', withPlan({ registryTime: '+010000-01-01T00:00:00Z' })],
    ['plans[0].registryTime', withPlan({ registryTime: `2024-01-01T00:00:00.${'0'.repeat(100)}Z` })],
    ['plans[0].strategy', withPlan({ strategy: '\u001b[2J' })],
    ['sources[0].repository', withSource({ repository: '/etc' })],
    ['sources[0].repository', withSource({ repository: 'file:///etc' })],
    ['sources[0].repository', withSource({ repository: 'ext::sh -c touch% pwned' })],
    ['sources[0].commit', withSource({ commit: 'HEAD~1' })],
    ['sources[0].commit', withSource({ commit: '--upload-pack=touch pwned' })],
    ['sources[0].directory', withSource({ directory: '..' })],
    ['sources[0].directory', withSource({ directory: '/etc' })],
    ['sources[0].directory', withSource({ directory: 'a/../../b' })],
    ['subject.digests.sha512', { ...FILE, subject: { ...SUBJECT, digests: { sha512: 'x' } } }],
  ])('%s', (place, document) => {
    const error = errorOf(document);
    expect(error.code).toBe('usage');
    expect(error.text.why).toContain(`${place}: `);
  });

  it('a hundred faults are told in one sentence of a few', () => {
    const steps = Array.from({ length: 100 }, () => ({ ...STEP, cwd: '/etc' }));
    const { why } = errorOf(withPlan({ steps })).text;
    expect(why).toContain('and 95 more');
    expect(why.length).toBeLessThan(1000);
  });
});
