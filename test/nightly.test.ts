import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { integrityOf, lockfile, worldOptions } from './support/batches.ts';
import { Receiver } from './support/receiver.ts';
import { TestWorld } from './support/world.ts';

const ROOT = path.join(import.meta.dirname, '..');
const MAIN = path.join(ROOT, 'src/cli/main.ts');
const SECRET = `whsec_${Buffer.alloc(32, 'x').toString('base64')}`;

const Action = z.object({
  inputs: z.record(z.string(), z.object({ default: z.string().optional() })),
  runs: z.object({
    steps: z.array(
      z.object({
        id: z.string().optional(),
        env: z.record(z.string(), z.string()).optional(),
        run: z.string().optional(),
      }),
    ),
  }),
});

let world: TestWorld;
let receiver: Receiver;

beforeAll(async () => {
  world = await TestWorld.open();
  receiver = await Receiver.start();
  world.source('attacked', { 'index.js': '1\n' });
  const bytes = world.publish('attacked', { 'index.js': 'steal()\n' });
  lockfile(world, 'package-lock.json', [{ name: 'attacked', integrity: integrityOf(bytes) }]);
});
afterAll(async () => {
  await world.close();
  await receiver.close();
});

describe('action.yml', () => {
  /** Runs its only script as a runner does: the defaults of its inputs, its own shell options, files for what it says. */
  function runAction(given: Readonly<Record<string, string>>) {
    const action = Action.parse(parse(readFileSync(path.join(ROOT, 'action.yml'), 'utf8')));
    const [step, ...others] = action.runs.steps.filter(({ run }) => run !== undefined);
    expect(others).toEqual([]);
    const home = path.join(world.folder.path, `runner${Math.random().toString(36).slice(2)}`);
    const file = (name: string) => path.join(home, name);
    mkdirSync(file('temp'), { recursive: true });
    program(file('tool/run'), `exec '${process.execPath}' '${MAIN}' "$@"`);
    // Root needs none, and it is not everywhere.
    program(file('bin/sudo'), '[ "$1" = -E ] && shift\nexec "$@"');
    const context: Readonly<Record<string, string>> = {
      'runner.temp': file('temp'),
      'github.action_path': file('tool'),
      ...Object.fromEntries(
        Object.entries(action.inputs).map(([name, { default: text = '' }]) => [`inputs.${name}`, text]),
      ),
      ...Object.fromEntries(Object.entries(given).map(([name, text]) => [`inputs.${name}`, text])),
    };
    const filled = Object.entries(step?.env ?? {}).map(([name, text]) => [name, fill(text, context)]);
    const env = {
      HOME: home,
      GITHUB_STEP_SUMMARY: file('summary'),
      GITHUB_OUTPUT: file('output'),
      PATH: `${file('bin')}:${process.env['PATH'] ?? ''}`,
      ...(Object.fromEntries(filled) as Record<string, string>),
    };
    writeFileSync(file('script.sh'), step?.run ?? '');
    const shell = ['--noprofile', '--norc', '-eo', 'pipefail', file('script.sh')];
    const run = runAway('bash', shell, { cwd: world.folder.path, env });
    const read = (name: string) => (existsSync(file(name)) ? readFileSync(file(name), 'utf8') : null);
    return run.then((ended) => ({ ...ended, summary: read('summary'), output: read('output') }));
  }

  test('writes its report into the summary, gives SARIF, and fails as the batch does', async () => {
    const run = await runAction({
      arguments: worldOptions(world).join('\n'),
      'notify-url': receiver.url,
      'notify-secret': SECRET,
    });
    expect(run.exitCode, run.stderr).toBe(1);
    expect(run.stdout).toContain('attacked@1.0.0');
    expect(run.summary).toContain('`attacked@1.0.0`');
    const [, sarif = ''] = /^sarif=(.*)$/m.exec(run.output ?? '') ?? [];
    const { runs } = JSON.parse(readFileSync(sarif, 'utf8')) as { runs: { results: unknown[] }[] };
    expect(runs[0]?.results).toHaveLength(1);
    const [{ headers, body } = { headers: {}, body: '' }] = receiver.received;
    expect(new Webhook(SECRET).verify(body, headers as Record<string, string>)).toMatchObject({
      type: 'batch.regressed',
    });
  });

  test('ends with 2 for wrong usage, and reports nothing', async () => {
    const run = await runAction({ inputs: 'none.json\n\n', arguments: worldOptions(world).join('\n') });
    expect([run.exitCode, run.summary, run.output]).toEqual([2, null, null]);
    expect(run.stderr).toContain('none.json');
  });

  test('attack: what stands in an input is an argument, never a command', async () => {
    const mark = path.join(world.folder.path, 'mark');
    const run = await runAction({ inputs: `$(touch ${mark}); touch ${mark} #\n\`touch ${mark}\`` });
    expect([run.exitCode, existsSync(mark)]).toEqual([2, false]);
  });
});

describe('docs/nightly.md', () => {
  const page = readFileSync(path.join(ROOT, 'docs/nightly.md'), 'utf8');
  const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, kind = '', text = '']) => ({
    kind,
    text,
  }));

  test("GitLab's script leaves a report and fails as the batch does", async () => {
    const text = blocks.find((block) => block.kind === 'yaml' && block.text.includes('rules:'))?.text ?? '';
    const job = z.object({ reprove: z.object({ script: z.array(z.string()) }) }).parse(parse(text));
    const script = job.reprove.script
      .join('\n')
      .replace('/reprove/dist/src/cli/main.js', MAIN)
      .replace('--total-timeout', `${worldOptions(world).join(' ')} --total-timeout`);
    expect(script).toContain(MAIN);
    const env = { HOME: world.folder.path, PATH: process.env['PATH'] ?? '', CI: 'true' };
    const run = await runAway('sh', ['-ec', script], { cwd: world.folder.path, env });
    expect(run.exitCode, run.stderr).toBe(1);
    expect(readFileSync(path.join(world.folder.path, 'reprove.html'), 'utf8')).toContain('attacked@1.0.0');
  });

  test('every command is one that reprove takes', () => {
    const commands = [...page.matchAll(/\breprove (batch|watch|report) ([^\n|'`&]*)/g)];
    expect(commands.length).toBeGreaterThan(5);
    for (const [name, all] of Map.groupBy(commands, ([, command = '']) => command)) {
      const help = execFileSync(process.execPath, [MAIN, name, '--help'], { encoding: 'utf8' });
      const options = all.flatMap(([, , rest = '']) => rest.match(/(?<=\s|^)--[a-z-]+/g) ?? []);
      for (const option of options) expect(help, `reprove ${name}`).toContain(option);
    }
  });
});

function program(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
}

function fill(text: string, context: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\{\{ ([a-z_.-]+) \}\}/g, (whole, name: string) => {
    const value = context[name];
    if (value === undefined) throw new Error(`${whole} is nothing that the test knows.`);
    return value;
  });
}

/** Runs a program while this process goes on, as the receiver in it has to. */
function runAway(
  file: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: Record<string, string> },
): Promise<{ readonly exitCode: number; readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve) => {
    execFile(file, args, { ...options, encoding: 'utf8' }, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ exitCode, stdout, stderr });
    });
  });
}
