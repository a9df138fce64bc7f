import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { exitCodeOfAgreement } from '../attest/agreement.ts';
import { agreementText } from '../attest/agreement-text.ts';
import { exitCodeOfCheck } from '../attest/check-document.ts';
import type { Expected } from '../attest/check-statement.ts';
import { checkText } from '../attest/check-text.ts';
import { checkByAny, checkTogether } from '../check-together.ts';
import { ReproveError } from '../errors.ts';
import { jsonText } from '../report/json-text.ts';
import type { CheckAttestationOptions } from './check-attestation-options.ts';
import { milliseconds } from './duration.ts';
import { readBundles, sortWords } from './named-bundles.ts';
import { readPolicy } from './policy.ts';
import { signersAsked } from './signers.ts';

/**
 * `reprove check-attestation`: prints which claims of signed results hold, and of several whether they agree.
 *
 * @param words bundles and folders of them; the last may be the file or package version that they should be about
 * @returns the exit code
 */
export async function runCheckAttestation(
  words: readonly string[],
  options: CheckAttestationOptions,
): Promise<number> {
  const policy = await readPolicy(options.policy);
  const signers = await signersAsked(options, policy);
  const named = await sortWords(words, options.artifact ?? null);
  const bundles = await readBundles(named.bundles);
  const request = {
    trust: { file: options.trustedRoot ?? null, cacheDir: options.cacheDir },
    expected: named.artifact === null ? null : await expectedOf(named.artifact, options),
    maxAgeMs: oldest(options.maxAge, policy?.policy.maxAge),
    now: new Date(),
    policy,
    mustBeWitnessed: options.witnessed,
  };
  const [only, ...others] = bundles;
  if (only !== undefined && others.length === 0 && options.independent === undefined) {
    const document = await checkByAny({ ...request, ...only }, signers);
    process.stdout.write(options.json ? jsonText(document) : checkText(document));
    return exitCodeOfCheck(document);
  }
  const document = await checkTogether(bundles, { request, signers, wanted: options.independent ?? 0 });
  process.stdout.write(options.json ? jsonText(document) : agreementText(document));
  return exitCodeOfAgreement(document);
}

/** The stricter of what the command line and a policy say, in milliseconds; null when neither does. */
function oldest(option: number | undefined, ofPolicy: string | undefined): number | null {
  const all = [option, ofPolicy === undefined ? undefined : milliseconds(ofPolicy)];
  const stated = all.filter((one) => one !== undefined);
  return stated.length === 0 ? null : Math.min(...stated);
}

/** A file that is there is hashed; anything else names a package version, whose file the registry is asked for. */
async function expectedOf(artifact: string, options: CheckAttestationOptions): Promise<Expected> {
  const found = await stat(artifact).catch(() => null);
  if (found?.isFile() === true) {
    const label = path.basename(artifact);
    return { label, purl: null, digests: await digestsOfFile(artifact) };
  }
  const { openEcosystem } = await import('./open-ecosystem.ts');
  const published = await (await openEcosystem(options)).published(artifact);
  if (!published.ok) {
    throw new ReproveError('usage', {
      what: `There is no file of ${artifact} to compare with.`,
      why: published.value.reason.message,
      next: 'Name a file that is there, or a package version that the registry has.',
    });
  }
  const { subject, artifact: file } = published.value;
  const { sha512, sha256 } = file.digests;
  return { label: file.fileName, purl: subject.purl, digests: { sha512, sha256 } };
}

async function digestsOfFile(file: string): Promise<Expected['digests']> {
  const [sha512, sha256] = [createHash('sha512'), createHash('sha256')];
  await pipeline(createReadStream(file), async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      sha512.update(chunk);
      sha256.update(chunk);
    }
  });
  return { sha512: sha512.digest('hex'), sha256: sha256.digest('hex') };
}
