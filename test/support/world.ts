import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { openPublisher } from '../../builders/npm/publisher.ts';
import { ECOSYSTEMS } from '../../builders/index.ts';
import { defaultCacheDir } from '../../src/cache-dir.ts';
import { LoopbackRegistry } from '../../src/demo/loopback-registry.ts';
import type { Step } from '../../src/model/plan.ts';
import type { StatedPlans } from '../../src/plan-file/parse.ts';
import type { ResultDocument } from '../../src/report/document.ts';
import { ResultDocument as ResultSchema } from '../../src/report/document.ts';
import type { EngineName, Limits } from '../../src/sandbox/engine.ts';
import { rootFilesystem } from '../../src/sandbox/rootfs.ts';
import { selectEngine } from '../../src/sandbox/select.ts';
import { verify, type VerifyTools } from '../../src/verify.ts';
import { temporaryFolder, TestRepository } from './repository.ts';
import { npmTarball } from './tarball.ts';

const MEBIBYTE = 1024 * 1024;

/** Enough for every honest test package, little enough for a hostile one to meet soon. */
export const SMALL_LIMITS: Limits = {
  memoryBytes: 512 * MEBIBYTE,
  diskBytes: 128 * MEBIBYTE,
  processes: 128,
  stepMs: 60_000,
  logBytes: 64 * 1024,
};

export type RepositoryFiles = Readonly<Record<string, string | object>>;

/** A registry on loopback, repositories beside it, and everything that verifying against them takes. */
export class TestWorld {
  readonly registry: LoopbackRegistry;
  readonly folder = temporaryFolder();
  readonly cacheDir: string;

  private constructor(registry: LoopbackRegistry, options: { ownTrees: boolean }) {
    this.registry = registry;
    this.cacheDir = options.ownTrees ? cacheWithOwnTrees(this.folder.path) : defaultCacheDir();
  }

  /** @param options.ownTrees true: what fetch phases leave is kept in a folder of this world's own */
  static async open(options: { ownTrees: boolean } = { ownTrees: false }): Promise<TestWorld> {
    return new TestWorld(await LoopbackRegistry.start(), options);
  }

  get gitMirror(): string {
    return path.join(this.folder.path, 'git', '{name}');
  }

  repository(name: string): TestRepository {
    return new TestRepository(path.join(this.folder.path, 'git', name));
  }

  /** A repository with one commit tagged `v1.0.0`, whose package.json names the package and the repository. */
  source(
    name: string,
    files: RepositoryFiles,
    manifest: Readonly<Record<string, unknown>> = {},
  ): TestRepository {
    const repository = this.repository(name);
    repository.commit({ ...files, 'package.json': manifestOf(name, manifest) });
    repository.tag('v1.0.0');
    return repository;
  }

  /** Publishes a tarball made of these files, with the package.json of `source` unless they bring their own. */
  publish(
    name: string,
    files: RepositoryFiles,
    manifest: Readonly<Record<string, unknown>> = {},
  ): Uint8Array {
    const all = { ...files, 'package.json': files['package.json'] ?? manifestOf(name, manifest) };
    const texts = Object.entries(all).map(([file, content]) => [file, textOf(content)] as const);
    const bytes = npmTarball(Object.fromEntries(texts));
    const packed = JSON.parse(textOf(all['package.json'])) as { name: string; version: string };
    this.registry.publish({ manifest: packed, bytes, time: PUBLISHED_AT });
    return bytes;
  }

  /** Packs a repository's folder with the real npm and publishes that. */
  async publishPacked(
    name: string,
    repository: TestRepository,
    manifest: Readonly<Record<string, unknown>> = {},
  ): Promise<Uint8Array> {
    const publisher = await openPublisher({ cacheDir: this.cacheDir });
    const bytes = await publisher.pack(repository.directory);
    this.registry.publish({
      manifest: manifestOf(name, manifest),
      bytes,
      time: PUBLISHED_AT,
      nodeVersion: publisher.nodeVersion,
      npmVersion: publisher.npmVersion,
    });
    return bytes;
  }

  /** Verifies as the command does; the document is checked against its schema. */
  async verify(
    spec: string,
    options: {
      engine: EngineName;
      limits?: Limits;
      timeoutMs?: number;
      onStep?: (step: Step) => void;
      stated?: StatedPlans;
      /** A file with the authorities to trust. */
      trustedRoot?: string;
      /** Another one than this world's. */
      registry?: string;
    },
  ): Promise<ResultDocument> {
    const document = await verify(
      {
        spec,
        sourceOverride: null,
        stated: options.stated ?? null,
        mirrors: [this.gitMirror],
        cacheDir: this.cacheDir,
        limits: options.limits ?? SMALL_LIMITS,
        timeoutMs: options.timeoutMs ?? 300_000,
      },
      await this.tools(options),
    );
    return ResultSchema.parse(document);
  }

  /** What a run in this world works with. */
  async tools(options: {
    engine: EngineName;
    onStep?: (step: Step) => void;
    /** A file with the authorities to trust. */
    trustedRoot?: string;
    /** Another one than this world's. */
    registry?: string;
  }): Promise<VerifyTools> {
    return {
      ecosystem: await ECOSYSTEMS.npm({
        cacheDir: this.cacheDir,
        cwd: this.folder.path,
        registry: options.registry ?? this.registry.url,
        mirrors: [this.gitMirror],
        trustedRoot: options.trustedRoot ?? null,
      }),
      engine: () => selectEngine({ requested: options.engine }),
      rootfs: () => rootFilesystem({ cacheDir: this.cacheDir }),
      progress: { onStage: () => undefined, onStep: options.onStep ?? (() => undefined) },
    };
  }

  async close(): Promise<void> {
    await this.registry.close();
    this.folder.dispose();
  }
}

/** What takes long to make is shared with the default cache. */
function cacheWithOwnTrees(folder: string): string {
  const cacheDir = path.join(folder, 'cache');
  mkdirSync(cacheDir);
  for (const name of ['content', 'git', 'rootfs', 'tools']) {
    const shared = path.join(defaultCacheDir(), name);
    mkdirSync(shared, { recursive: true });
    symlinkSync(shared, path.join(cacheDir, name));
  }
  return cacheDir;
}

/** A minute after the only commit of `source`. */
export const PUBLISHED_AT = '2024-03-01T12:02:00.000Z';

export function manifestOf(name: string, manifest: Readonly<Record<string, unknown>> = {}) {
  return {
    name,
    version: '1.0.0',
    repository: `https://git.example/owner/${name}`,
    license: 'MIT',
    ...manifest,
  };
}

function textOf(content: string | object | undefined): string {
  return typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`;
}

/** The engines that the tests cover: both, unless REPROVE_TEST_ENGINES narrows it. */
export const TEST_ENGINES = (process.env['REPROVE_TEST_ENGINES'] ?? 'docker bwrap').split(
  /[\s,]+/,
) as EngineName[];

/** The engine of tests that are about something else than engines: the one that starts soonest. */
export const ENGINE: EngineName = TEST_ENGINES.at(-1) ?? 'bwrap';
