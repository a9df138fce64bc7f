import { createHash } from 'node:crypto';
import { readFile, statfs } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type SignedResult, signResult, writeBundles } from '../attest-result.ts';
import type { Terms } from '../batch/begin.ts';
import { workersFor } from '../batch/capacity.ts';
import type { RunTools } from '../batch/run.ts';
import { verifyApart } from '../batch/verify-apart.ts';
import { ReproveError } from '../errors.ts';
import { PASSPHRASE_VARIABLE } from '../keys/passphrase.ts';
import { type StatedPolicy, withPolicy } from '../policy/apply.ts';
import type { ResultDocument } from '../report/document.ts';
import type { SignWith } from '../signing/protocol.ts';
import { VERSION } from '../version.ts';
import type { KeyOptions } from './key-options.ts';
import type { RunOptions } from './options.ts';
import { readPolicy } from './policy.ts';
import { occasionOf, signingOf, signWithOf } from './sign.ts';

const PROGRAM = fileURLToPath(new URL(`./verify-process${path.extname(import.meta.url)}`, import.meta.url));

/** Options of every command that verifies many package versions, each in a process of its own. */
export interface VerifyingOptions extends RunOptions, KeyOptions {
  readonly policy?: string;
  readonly workers?: number;
  readonly out?: string;
}

/** How such a command verifies, judges and signs. */
export class Verifying {
  readonly #options: VerifyingOptions;
  readonly #policy: StatedPolicy | null;
  readonly #signWith: SignWith | null;
  readonly terms: Terms;

  private constructor(
    options: VerifyingOptions,
    given: { policy: StatedPolicy | null; signWith: SignWith | null; terms: Terms },
  ) {
    this.#options = options;
    this.#policy = given.policy;
    this.#signWith = given.signWith;
    this.terms = given.terms;
  }

  /** @throws ReproveError `usage` when the policy or the key cannot be used */
  static async open(options: VerifyingOptions): Promise<Verifying> {
    const policy = await readPolicy(options.policy);
    const signWith = await signWithOf(options);
    requireUnattended(signWith);
    const terms = {
      tool: VERSION,
      registry: options.registry ?? null,
      policy: policy?.sha256 ?? null,
      signer: await signerOf(signWith),
    };
    return new Verifying(options, { policy, signWith, terms });
  }

  /** @param sharedBy how many package versions are verified at a time */
  tools(sharedBy: number): Pick<RunTools, 'verify' | 'judge' | 'sign'> {
    return {
      verify: (purl, ending) =>
        verifyApart(this.#asked(purl, sharedBy), { program: PROGRAM, signal: ending }),
      judge: (document) => this.judge(document),
      sign: (document) => this.#sign(document),
    };
  }

  judge(document: ResultDocument): ResultDocument {
    return this.#policy === null ? document : withPolicy(document, this.#policy, new Date());
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

  async #sign(document: ResultDocument): Promise<SignedResult> {
    const signWith = this.#signWith;
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
}

/** How many package versions to verify at a time: as the user says, or what the machine has room for. */
export async function workersOf({ workers, cacheDir }: VerifyingOptions): Promise<number> {
  if (workers !== undefined) return workers;
  const { bavail, bsize } = await statfs(cacheDir);
  const machine = { cpus: os.availableParallelism(), memoryBytes: os.totalmem() };
  return workersFor({ ...machine, diskBytes: bavail * bsize });
}

/** Nobody sits there for hours to type a passphrase for each result. */
function requireUnattended(signWith: SignWith | null): void {
  if (signWith?.kind !== 'key' || signWith.passphraseFile !== null) return;
  if (process.env[PASSPHRASE_VARIABLE] !== undefined) return;
  throw new ReproveError('usage', {
    what: 'There is no passphrase for the key.',
    why: 'The key is opened for every result, and each would ask for it.',
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
