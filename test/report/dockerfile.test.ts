import { DockerfileParser } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import { describe, expect, it } from 'vitest';
import { bareForm } from '../../builders/npm/bare-form.ts';
import { toolStep, withRegistry } from '../../builders/npm/managers/manager.ts';
import type { RebuildPlan, Step } from '../../src/model/plan.ts';
import { dockerfileOf } from '../../src/report/dockerfile.ts';
import { divergedDocument } from '../support/documents.ts';

const { subject, source, plan } = divergedDocument();
const REGISTRY = 'https://registry.example/';
const step = (...argv: [string, ...string[]]) =>
  toolStep({ name: argv.join(' '), phase: 'build', argv, directory: '.' });
const INSTALL = withRegistry({ ...step('npm', 'ci', '--ignore-scripts'), phase: 'fetch' });
const PACK: Step = { ...step('npm', 'pack', '--pack-destination=/work/output'), phase: 'pack' };

/** What a plan with these steps is printed as. */
function printed(steps: readonly Step[], more: Partial<RebuildPlan> = {}): string {
  if (source === null || plan === null) throw new Error('There is a plan.');
  const { tree: _, ...stated } = source;
  const whole = { ...plan, ...more, steps: [...steps] } as unknown as RebuildPlan;
  const document = {
    schemaVersion: 1 as const,
    tool: { name: 'reprove' as const, version: '0.1.0' },
    subject,
    reason: null,
    fingerprint: null,
    sources: [stated],
    plans: [{ ...structuredClone(whole), commit: source.commit }],
    signals: [],
  };
  const form = bareForm(whole, () => 'https://tools.example/');
  return dockerfileOf({
    document: document as unknown as Parameters<typeof dockerfileOf>[0]['document'],
    form,
    registry: REGISTRY,
  });
}

/** The words of every instruction that runs something, as Docker hands them over. */
function commands(dockerfile: string): readonly (readonly string[])[] {
  return DockerfileParser.parse(dockerfile)
    .getInstructions()
    .filter((one) => one.getKeyword() === 'RUN')
    .map((one) => one.getArgumentsContent() ?? '')
    .filter((text) => text.startsWith('['))
    .map((text) => JSON.parse(text) as string[]);
}

describe('a plan as a Dockerfile', () => {
  it('is one that Docker accepts, and is kept as it was', async () => {
    const text = printed([INSTALL, step('npm', 'run', 'build'), PACK]);
    expect(validate(text)).toEqual([]);
    await expect(text.replaceAll(/node-linux-(?:x64|arm64)/g, 'node-linux-ARCH')).toMatchFileSnapshot(
      'snapshots/dockerfile.txt',
    );
  });

  it('runs the commands of the plan, without what leads to the proxy', () => {
    const all = commands(printed([INSTALL, step('npm', 'run', 'build'), PACK]));
    expect(all.slice(-3)).toEqual([
      ['npm', 'ci', '--ignore-scripts'],
      ['npm', 'run', 'build'],
      ['npm', 'pack', '--pack-destination=/work/output'],
    ]);
    expect(printed([INSTALL, PACK])).not.toContain('4873');
  });

  it.each([
    ['quotes and variables', `say "$HOME" 'and' \${PATH} \\ end\\`],
    ['a line feed, and what would be an instruction', 'one\nRUN rm -rf /\n'],
    ['characters of other scripts', 'snö 雪 \u2028 😀'],
    ['the end of a here-document', '<<EOF'],
  ])('hands over %s as they are', (_, word) => {
    const text = printed([{ ...step('echo', word), env: { WORD: word }, optional: true }, PACK]);
    expect(validate(text)).toEqual([]);
    const run = commands(text).at(-2) ?? [];
    expect(run.slice(0, 4)).toEqual(['sh', '-c', '"$@" || true', 'sh']);
    expect(run.slice(-2)).toEqual(['echo', word]);
    expect(run).toContain(`WORD=${word}`);
  });

  it('lets no name or reason begin an instruction', () => {
    const text = printed([{ ...PACK, name: 'pack\nRUN rm -rf /' }]);
    expect(text.split('\n').filter((line) => line.startsWith('RUN rm -rf /'))).toEqual([]);
  });

  it('writes the programs of ours that a step runs, and says what it cannot do', () => {
    const own: Step = { ...step('node', '/opt/inside/manifest.cjs', 'gitHead', 'x') };
    const install = withRegistry({
      ...INSTALL,
      argv: ['--without=gone,lost', 'npm', 'ci', '--ignore-scripts'],
    });
    const text = printed([install, own, PACK]);
    expect(
      commands(text).some((words) => words.includes('/opt/inside/manifest.cjs') && words[0] === 'sh'),
    ).toBe(true);
    expect(text).toContain('Not done here: gone is to be left out');
    expect(commands(text).at(-3)).toEqual(['npm', 'ci', '--ignore-scripts']);
  });

  it('keeps git and the tag only where the plan has them', () => {
    const [without, withGit] = [printed([PACK], { withGit: false }), printed([PACK], { withGit: true })];
    expect([without.includes('"rm","-rf"'), withGit.includes('"rm","-rf"')]).toEqual([true, false]);
    expect(withGit).toContain('refs/tags/v1.0.0:refs/tags/v1.0.0');
  });

  it('speaks of dependencies only where some are fetched', () => {
    expect(printed([PACK])).not.toContain('Without a lockfile');
    expect(printed([INSTALL, PACK])).toContain('Without a lockfile');
  });
});
