import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { ReproveError } from '../errors.ts';
import { run } from '../process.ts';
import { DEMO_CASES, type DemoCase } from './cases.ts';
import { LoopbackRegistry } from './loopback-registry.ts';

/** A registry and git repositories of our own, on this machine only. */
export interface DemoWorld {
  readonly registry: string;
  /** A `--git-mirror` template for the repositories. */
  readonly gitMirror: string;
  close(): Promise<void>;
}

/** The tools of the demo's publisher. */
export interface Publisher {
  readonly nodeVersion: string;
  readonly npmVersion: string;
  /** Runs a script of the folder with node. */
  runScript(folder: string, script: string): Promise<void>;
  /** `npm pack` of a folder, on this machine: the sources are our own. */
  pack(folder: string): Promise<Uint8Array>;
}

const FIXTURES = ['../../fixtures/demo', '../../../fixtures/demo'].map((one) =>
  fileURLToPath(new URL(one, import.meta.url)),
);
const MINUTE_MS = 60_000;
const DEPENDENCY = 'banner';

/** Makes the repositories, publishes every package of the demo, and serves them on loopback. */
export async function openDemoWorld(publisher: Publisher): Promise<DemoWorld> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'reprove-demo-'));
  const registry = await LoopbackRegistry.start();
  const close = async () => {
    await registry.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await publishDependency({ folder, registry, publisher });
    for (const one of DEMO_CASES) await publishCase({ folder, registry, publisher, one });
    return { registry: registry.url, gitMirror: path.join(folder, 'git', '{path}'), close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Shop {
  readonly folder: string;
  readonly registry: LoopbackRegistry;
  readonly publisher: Publisher;
}

async function publishDependency({ folder, registry, publisher }: Shop): Promise<void> {
  const place = path.join(folder, 'publish', DEPENDENCY);
  await copyFixture(DEPENDENCY, place);
  const manifest = await manifestIn(place);
  const time = new Date(Date.now() - 60 * MINUTE_MS).toISOString();
  registry.publish({ manifest, bytes: await publisher.pack(place), time });
}

async function publishCase(context: Shop & { one: DemoCase }): Promise<void> {
  const { folder, registry, publisher, one } = context;
  const short = one.name.slice(one.name.indexOf('/') + 1);
  const repository = path.join(folder, 'git', 'reprove-demo', short);
  await copyFixture(one.fixture, repository);
  await rename(repository, one);
  const commit = await commitAll(repository);
  const place = path.join(folder, 'publish', short);
  await cp(repository, place, { recursive: true, filter: (file) => path.basename(file) !== '.git' });
  await build(context, place);
  await one.tamper?.(place);
  const manifest = await manifestIn(place);
  registry.publish({
    manifest,
    bytes: await publisher.pack(place),
    time: new Date().toISOString(),
    gitHead: commit,
    nodeVersion: publisher.nodeVersion,
    npmVersion: publisher.npmVersion,
  });
}

/** Gives the copy of a fixture the name and the repository of its case. */
async function rename(folder: string, one: DemoCase): Promise<void> {
  const short = one.name.slice(one.name.indexOf('/') + 1);
  const file = path.join(folder, 'package.json');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replaceAll(`reprove-demo/${one.fixture}`, `reprove-demo/${short}`));
}

async function build({ folder, publisher }: Shop, place: string): Promise<void> {
  const { scripts } = await manifestIn(place);
  if (scripts?.['build'] === undefined) return;
  const dependency = path.join(place, 'node_modules', '@reprove-demo', DEPENDENCY);
  await cp(path.join(folder, 'publish', DEPENDENCY), dependency, { recursive: true });
  await publisher.runScript(place, 'build.js');
}

const FixtureManifest = z.looseObject({
  name: z.string(),
  version: z.string(),
  scripts: z.record(z.string(), z.string()).optional(),
});

async function manifestIn(folder: string): Promise<z.infer<typeof FixtureManifest>> {
  return FixtureManifest.parse(JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8')));
}

async function copyFixture(name: string, target: string): Promise<void> {
  await mkdir(path.dirname(target), { recursive: true });
  for (const fixtures of FIXTURES) {
    const source = path.join(fixtures, name);
    const there = await readFile(path.join(source, 'package.json')).then(
      () => true,
      () => false,
    );
    if (there) return cp(source, target, { recursive: true });
  }
  throw new ReproveError('io', {
    what: `The demo's fixture "${name}" is not there.`,
    why: `None of ${FIXTURES.join(', ')} holds it.`,
    next: 'Install reprove again: its "fixtures" folder is part of the package.',
  });
}

/** Commits and tags everything; returns the commit id. */
async function commitAll(directory: string): Promise<string> {
  const who = { GIT_AUTHOR_NAME: 'demo', GIT_AUTHOR_EMAIL: 'demo@git.example' };
  const when = new Date(Date.now() - 10 * MINUTE_MS).toISOString();
  const env = {
    ...who,
    GIT_COMMITTER_NAME: who.GIT_AUTHOR_NAME,
    GIT_COMMITTER_EMAIL: who.GIT_AUTHOR_EMAIL,
    GIT_AUTHOR_DATE: when,
    GIT_COMMITTER_DATE: when,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
  };
  const git = async (...args: string[]) => {
    const done = await run({ file: 'git', args, cwd: directory, env });
    if (done.exitCode === 0) return Buffer.from(done.stdout).toString().trim();
    throw new ReproveError('git-unavailable', {
      what: `"git ${args[0] ?? ''}" failed while the demo's repositories were made.`,
      why: Buffer.from(done.stderr).toString().trim() || (done.startError ?? 'It said nothing.'),
      next: 'Check that git is installed and that the temporary folder is writable.',
    });
  };
  await git('init', '-q', '-b', 'main');
  await git('add', '-A');
  await git('commit', '-q', '-m', 'Version 1.0.0');
  await git('tag', 'v1.0.0');
  return git('rev-parse', 'HEAD');
}
