import { createHash } from 'node:crypto';
import { readFile, statfs } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type SignedResult, signResult, writeBundles } from '../attest-result.ts';
import { openBatch, type OpenedBatch } from '../batch/begin.ts';
import { workersFor } from '../batch/capacity.ts';
import { runBatch } from '../batch/run.ts';
import { verifyApart } from '../batch/verify-apart.ts';
import { ReproveError } from '../errors.ts';
import { PASSPHRASE_VARIABLE } from '../keys/passphrase.ts';
import { type StatedPolicy, withPolicy } from '../policy/apply.ts';
import { exitCodeOfResult } from '../report/exit-code.ts';
import { jsonLine } from '../report/json-text.ts';
import type { ResultDocument } from '../report/document.ts';
import { rootFilesystem } from '../sandbox/rootfs.ts';
import { selectEngine } from '../sandbox/select.ts';
import type { SignWith } from '../signing/protocol.ts';
import { endBatch, LEASE_MS, releaseBatch, renewLease } from '../store/batches.ts';
import { countOutcomes } from '../store/history.ts';
import { openStore, type Store } from '../store/open.ts';
import { attestationsOf, documentsOf } from '../store/results.ts';
import { VERSION } from '../version.ts';
import { readBatchInputs } from './batch-inputs.ts';
import type { BatchOptions } from './batch-options.ts';
import { batchProgress } from './batch-progress.ts';
import { readPolicy } from './policy.ts';
import { printBatch } from './report.ts';
import { occasionOf, signingOf, signWithOf } from './sign.ts';

const PROGRAM = fileURLToPath(new URL(`./verify-process${path.extname(import.meta.url)}`, import.meta.url));
const NO_VERDICT = 4;
const UNVERIFIABLE = 3;
const DIVERGED = 1;

/**
 * `reprove batch`: results to stdout as they come (or a report of them at the end), progress to stderr.
 *
 * @returns the exit code
 */
export async function runBatchCommand(inputs: readonly string[], options: BatchOptions): Promise<number> {
  const policy = await readPolicy(options.policy);
  const signWith = await signWithOf(options);
  requireUnattended(signWith);
  const listed = await readBatchInputs(inputs, options);
  const store = await openStore(options.store);
  try {
    const batch = await openBatch(store, {
      packages: listed.packages,
      series: options.series ?? inputs.join(' '),
      terms: {
        tool: VERSION,
        registry: options.registry ?? null,
        policy: policy?.sha256 ?? null,
        signer: await signerOf(signWith),
      },
      maxAgeMs: options.maxAge,
      limitMs: options.timeout * 1000,
      now: new Date(),
    });
    const command = new BatchCommand(options, { store, batch, policy, signWith });
    const code = await command.run();
    return code === 0 && listed.isIncomplete ? UNVERIFIABLE : code;
  } finally {
    await store.close();
  }
}

/** A batch signs for hours: nobody sits there to type a passphrase for each result. */
function requireUnattended(signWith: SignWith | null): void {
  if (signWith?.kind !== 'key' || signWith.passphraseFile !== null) return;
  if (process.env[PASSPHRASE_VARIABLE] !== undefined) return;
  throw new ReproveError('usage', {
    what: 'There is no passphrase for the key.',
    why: 'A batch opens the key for every result, and would ask each time.',
    next: `Give it as the first line of a file with --passphrase-file, or in ${PASSPHRASE_VARIABLE}.`,
  });
}

/** What tells one signer from another without opening the key. */
async function signerOf(signWith: SignWith | null): Promise<string | null> {
  if (signWith === null) return null;
  if (signWith.kind !== 'key') return JSON.stringify(signWith);
  return createHash('sha256')
    .update(await readFile(signWith.file))
    .digest('hex');
}

interface Context {
  readonly store: Store;
  readonly batch: OpenedBatch;
  readonly policy: StatedPolicy | null;
  readonly signWith: SignWith | null;
}

class BatchCommand {
  readonly #options: BatchOptions;
  readonly #context: Context;
  /** The worst that results came to so far. */
  #codes = new Set<number>();

  constructor(options: BatchOptions, context: Context) {
    this.#options = options;
    this.#context = context;
  }

  async run(): Promise<number> {
    const { store, batch } = this.#context;
    const stop = new Stop(this.#options.totalTimeout);
    this.#greet();
    const lease = setInterval(() => {
      // Whoever cannot be told now is told a little later; a store that stays away is met by the results themselves.
      renewLease(store, batch.id, new Date()).catch(() => undefined);
    }, LEASE_MS / 4);
    try {
      await this.#tellKnown();
      if (batch.work.length > 0 && !stop.signal.aborted) await this.#verifyRest(stop.signal);
      const counts = await countOutcomes(store, batch.id);
      if (counts.waiting === 0)
        await endBatch(store, batch.id, { counts: JSON.stringify(counts), now: new Date() });
      if (counts.failed > 0) this.#codes.add(NO_VERDICT);
      if (counts.waiting > 0) this.#codes.add(UNVERIFIABLE);
      if (!this.#options.json) await printBatch(store, { id: batch.id, series: null }, 'text');
      if (counts.waiting > 0)
        say(`${stop.why}: ${counts.waiting} are left. Run the same command again to go on.`);
      return stop.exitCode ?? this.#exitCode();
    } finally {
      clearInterval(lease);
      stop.end();
      await releaseBatch(store, batch.id);
    }
  }

  #greet(): void {
    const { id, isResumed, jobs, work } = this.#context.batch;
    const known = jobs.length - work.length;
    say(
      `${isResumed ? 'goes on with' : 'begins'} batch ${id}: ${jobs.length} package versions` +
        (known > 0 ? `, of which ${known} are known already` : ''),
    );
  }

  /** Results of this batch that were stored before, or of an earlier one that are fresh enough. */
  async #tellKnown(): Promise<void> {
    const { store, batch } = this.#context;
    const ids = batch.jobs.flatMap(({ result_id: id }) => (id === null ? [] : [id]));
    for await (const document of documentsOf(store, ids)) this.#tell(this.#judge(document));
    if (this.#options.out === undefined) return;
    for await (const { name, bundle } of attestationsOf(store, ids))
      await writeBundles([{ name, text: bundle }], this.#options.out);
  }

  async #verifyRest(signal: AbortSignal): Promise<void> {
    const { store, batch } = this.#context;
    const { engine: requested, cacheDir } = this.#options;
    const engine = await selectEngine({ requested });
    await rootFilesystem({ cacheDir, onProgress: say });
    const workers = Math.min(this.#options.workers ?? workersFor(await machine(cacheDir)), batch.work.length);
    const known = batch.jobs.length - batch.work.length;
    const progress = batchProgress({ total: batch.jobs.length, done: known });
    const { timeout, retryAfter } = this.#options;
    const limitMs = timeout * 1000;
    const request = { batchId: batch.id, work: batch.work, workers, terms: batch.terms, limitMs, signal };
    await progress.around(() =>
      runBatch(
        { ...request, firstWaitMs: retryAfter * 1000 },
        {
          store,
          verify: (purl, ending) =>
            verifyApart(this.#asked(purl, workers), { program: PROGRAM, signal: ending }),
          judge: (document) => this.#judge(document),
          sign: (document) => this.#sign(document),
          now: () => new Date(),
          ...progress,
          onResult: (document) => {
            progress.onResult(document);
            this.#tell(document);
          },
        },
      ),
    );
    // Of processes that were stopped, or crashed.
    await engine.sweep();
  }

  #asked(spec: string, sharedBy: number) {
    const { registry, trustedRoot, cacheDir, gitMirror, engine, timeout } = this.#options;
    return {
      spec,
      registry: registry ?? null,
      trustedRoot: trustedRoot ?? null,
      cacheDir,
      mirrors: [...gitMirror],
      engine,
      timeoutMs: Math.ceil(timeout * 1000),
      sharedBy,
    };
  }

  #judge(document: ResultDocument): ResultDocument {
    const { policy } = this.#context;
    return policy === null ? document : withPolicy(document, policy, new Date());
  }

  async #sign(document: ResultDocument): Promise<SignedResult> {
    const { signWith } = this.#context;
    if (signWith === null) return { document, bundles: [] };
    const startedOn = new Date(Date.now() - document.timings.totalMs).toISOString();
    const parameters = { source: null, isPlanGiven: false };
    const signed = await signResult(document, {
      ...signingOf(this.#options, signWith),
      occasion: occasionOf(signWith, startedOn),
      parameters,
    });
    if (this.#options.out !== undefined) await writeBundles(signed.bundles, this.#options.out);
    return signed;
  }

  #tell(document: ResultDocument): void {
    this.#codes.add(exitCodeOfResult(document, this.#options));
    if (this.#options.json) process.stdout.write(jsonLine(document));
  }

  /** A divergence is what matters most; that something could not be looked at comes next. */
  #exitCode(): number {
    return [DIVERGED, NO_VERDICT, UNVERIFIABLE].find((code) => this.#codes.has(code)) ?? 0;
  }
}

/** Ends a batch early: on Ctrl-C, when it is told to end, or when its time is over. */
class Stop {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout | null;
  exitCode: number | null = null;
  why = 'Stopped';

  constructor(totalSeconds: number | undefined) {
    process.on('SIGINT', this.#onSignal).on('SIGTERM', this.#onSignal);
    const timeIsOver = () => {
      this.why = 'The time of --total-timeout is over';
      this.#controller.abort();
    };
    this.#timer = totalSeconds === undefined ? null : setTimeout(timeIsOver, totalSeconds * 1000);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    process.off('SIGINT', this.#onSignal).off('SIGTERM', this.#onSignal);
  }

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    // A second one ends at once, as ever. Not by `once`: execa's own listener would find itself alone, and end us at the first.
    if (this.exitCode !== null) process.exit(this.exitCode);
    this.exitCode = 128 + os.constants.signals[signal];
    this.#controller.abort();
  };
}

async function machine(cacheDir: string) {
  const { bavail, bsize } = await statfs(cacheDir);
  return { cpus: os.availableParallelism(), memoryBytes: os.totalmem(), diskBytes: bavail * bsize };
}

function say(text: string): void {
  process.stderr.write(`reprove: ${text}\n`);
}
