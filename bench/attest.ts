/**
 * What signing a result and checking it cost: within one process, and as a user would, each in a process of its own.
 *
 *     node bench/attest.ts [--runs 50] [--commands 5]
 *
 * Prints one table, in milliseconds: the median and the slowest. Never fails for a time.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { checkAttestation } from '../src/check-attestation.ts';
import { run } from '../src/process.ts';
import { makeKeyPair } from '../src/keys/keygen.ts';
import { signApart } from '../src/signing/sign.ts';
import { PAYLOAD_TYPE } from '../src/attest/type-uris.ts';
import { statementBytes } from '../src/attest/statement.ts';
import { DOCUMENTS, newKeys, signedBy, SOON, verificationOf } from '../test/support/attestations.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '50' }, commands: { type: 'string', default: '5' } },
});
const CLI = path.join(import.meta.dirname, '../src/cli/main.ts');

async function timed(count: number, work: () => unknown): Promise<string> {
  const times: number[] = [];
  for (let done = 0; done < count; done += 1) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  const sorted = times.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  return `${median.toFixed(1).padStart(9)} ${(sorted.at(-1) ?? Number.NaN).toFixed(1).padStart(9)}`;
}

const folder = await mkdtemp(path.join(tmpdir(), 'reprove-bench-attest-'));
try {
  const statement = verificationOf(DOCUMENTS.diverged);
  const keys = newKeys();
  const bytes = signedBy(keys, statement);
  const signer = { kind: 'key', key: keys.publicKey } as const;
  const trust = { file: null, cacheDir: folder };
  const request = {
    name: 'x',
    bytes,
    signer,
    trust,
    expected: null,
    maxAgeMs: null,
    now: SOON,
    policy: null,
    mustBeWitnessed: false,
  };
  const prefix = path.join(folder, 'key');
  const { privateFile, publicFile } = await makeKeyPair({ prefix, kind: 'p256', passphrase: 'passphrase' });
  const [passphraseFile, bundle] = [path.join(folder, 'passphrase'), path.join(folder, 'bundle')];
  await writeFile(passphraseFile, 'passphrase\n');
  await writeFile(bundle, bytes);
  const payloads = [statementBytes(statement)];
  const node = (...args: readonly string[]) => run({ file: process.execPath, args });
  const [runs, commands] = [Number(values.runs), Number(values.commands)];
  await checkAttestation(request);

  console.log(`${''.padEnd(34)}    median   slowest`);
  console.log('sign, within one process'.padEnd(34), await timed(runs, () => signedBy(keys, statement)));
  console.log('check, within one process'.padEnd(34), await timed(runs, () => checkAttestation(request)));
  console.log('an empty process'.padEnd(34), await timed(commands, () => node('-e', '0')));
  console.log('reprove --version'.padEnd(34), await timed(commands, () => node(CLI, '--version')));
  console.log(
    'the signing process'.padEnd(34),
    await timed(commands, () =>
      signApart({
        with: { kind: 'key', file: privateFile, passphraseFile },
        payloadType: PAYLOAD_TYPE,
        payloads,
      }),
    ),
  );
  console.log(
    'reprove check-attestation'.padEnd(34),
    await timed(commands, () => node(CLI, 'check-attestation', bundle, '--key', publicFile)),
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
