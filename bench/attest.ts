/**
 * What signing a result and checking it cost: within one process, and as a user would, each in a process of its own.
 *
 *     node bench/attest.ts [--runs 50] [--rounds 15] [--cli src/cli/main.ts]
 *
 * Prints two tables, in milliseconds. A process is compared with the start of the same program that does nothing (`reprove --version`,
 * and for the signing process an empty Node) in the same round, one right after the other: what a busy machine adds is in both. The
 * second table has the median of the differences and of the ratios of all rounds. Never fails for a time.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { checkAttestation } from '../src/check-attestation.ts';
import { run } from '../src/process.ts';
import { makeKeyPair } from '../src/keys/keygen.ts';
import { environmentFor } from '../src/signing/sign.ts';
import type { SignAnswer, SignRequest } from '../src/signing/protocol.ts';
import { PAYLOAD_TYPE } from '../src/attest/type-uris.ts';
import { statementBytes } from '../src/attest/statement.ts';
import { DOCUMENTS, newKeys, signedBy, SOON, verificationOf } from '../test/support/attestations.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '50' },
    rounds: { type: 'string', default: '15' },
    cli: { type: 'string', default: path.join(import.meta.dirname, '../src/cli/main.ts') },
  },
});
const CLI = path.resolve(values.cli);
/** Of the same program. */
const SIGNING_PROCESS = path.join(path.dirname(CLI), `../signing/process${path.extname(CLI)}`);
type Work = () => unknown;

async function timeOf(work: Work): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

const column = (value: number, digits = 1): string => value.toFixed(digits).padStart(10);

async function alone(name: string, work: Work): Promise<void> {
  const times: number[] = [];
  for (let done = 0; done < Number(values.runs); done += 1) times.push(await timeOf(work));
  console.log(name.padEnd(30), column(median(times)), column(Math.max(...times)));
}

async function beside(
  name: string,
  { base, work }: { readonly base: Work; readonly work: Work },
): Promise<void> {
  const rounds: (readonly [number, number])[] = [];
  for (let done = 0; done < Number(values.rounds); done += 1)
    rounds.push([await timeOf(base), await timeOf(work)]);
  console.log(
    name.padEnd(30),
    column(median(rounds.map(([before]) => before))),
    column(median(rounds.map(([, after]) => after))),
    column(median(rounds.map(([before, after]) => after - before))),
    column(median(rounds.map(([before, after]) => after / before)), 2),
  );
}

const folder = await mkdtemp(path.join(tmpdir(), 'reprove-bench-attest-'));
try {
  const statement = verificationOf(DOCUMENTS.diverged);
  const keys = newKeys();
  const bytes = signedBy(keys, statement);
  const request = {
    name: 'x',
    bytes,
    signer: { kind: 'key', key: keys.publicKey },
    trust: { file: null, cacheDir: folder },
    expected: null,
    maxAgeMs: null,
    now: SOON,
    policy: null,
    mustBeWitnessed: false,
  } as const;
  const prefix = path.join(folder, 'key');
  const { privateFile, publicFile } = await makeKeyPair({ prefix, kind: 'p256', passphrase: 'passphrase' });
  const [passphraseFile, bundle] = [path.join(folder, 'passphrase'), path.join(folder, 'bundle')];
  await writeFile(passphraseFile, 'passphrase\n');
  const node = (...args: readonly string[]) => run({ file: process.execPath, args });
  const asked: SignRequest = {
    with: { kind: 'key', file: privateFile, passphraseFile },
    payloadType: PAYLOAD_TYPE,
    payloads: [statementBytes(statement).toString('base64')],
  };
  const sign = () =>
    run({
      file: process.execPath,
      args: [SIGNING_PROCESS],
      ...environmentFor(asked.with),
      input: JSON.stringify(asked),
    });
  const answer = JSON.parse(new TextDecoder().decode((await sign()).stdout)) as SignAnswer;
  if (!answer.ok) throw new Error(answer.text.what);
  const [signed] = answer.bundles;
  await writeFile(bundle, JSON.stringify(signed));
  await checkAttestation(request);

  console.log(`${'within one process'.padEnd(30)}     median    slowest`);
  await alone('sign', () => signedBy(keys, statement));
  await alone('check', () => checkAttestation(request));
  console.log(`\n${'beside a start for nothing'.padEnd(30)}      start       with       more      times`);
  await beside('the signing process', { base: () => node('-e', '0'), work: sign });
  await beside('reprove check-attestation', {
    base: () => node(CLI, '--version'),
    work: () => node(CLI, 'check-attestation', bundle, '--key', publicFile),
  });
} finally {
  await rm(folder, { recursive: true, force: true });
}
