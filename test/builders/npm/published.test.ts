import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { bundleVerifier } from '../../../src/sigstore/verify-bundle.ts';
import { describe, expect, it } from 'vitest';
import { publishedPackage } from '../../../builders/npm/published.ts';
import { clientOf, packageTarball, startRegistry, temporaryFolder } from '../../support/registry.ts';

const MANIFEST = { name: 'bare', version: '1.0.0' };
const BYTES = packageTarball(MANIFEST);
const OTHER = packageTarball(MANIFEST, { 'index.js': 'steal();\n' });

/** The kinds of signals for a local file, against a registry that has `BYTES` with these digests. */
async function signalsFor(file: Uint8Array, options: { digests: boolean; served?: boolean }) {
  const registry = await startRegistry();
  const dist = options.digests ? {} : { integrity: undefined, shasum: undefined };
  registry.publish({ manifest: MANIFEST, bytes: BYTES, dist, time: '2024-01-01T00:00:00.000Z' });
  if (options.served === false)
    registry.fault('/bare/-/bare-1.0.0.tgz', { kind: 'answer', status: 404, body: '' });
  const cwd = await temporaryFolder();
  const name = path.join(cwd, 'bare-1.0.0.tgz');
  await writeFile(name, file);
  const outcome = await publishedPackage(name, {
    client: await clientOf(registry),
    verifier: bundleVerifier({ file: null, cacheDir: cwd }),
    cwd,
    temporary: path.join(cwd, 'tmp'),
  });
  if (!outcome.ok) throw new Error(outcome.value.reason.message);
  return outcome.value.signals.map((one) => one.kind);
}

describe('a local file is compared with the one of the registry', () => {
  it.each([
    ['the same, by digest', BYTES, { digests: true }, []],
    ['another, by digest', OTHER, { digests: true }, ['not-the-registry-artifact']],
    ['the same, without digests', BYTES, { digests: false }, ['artifact-without-digest']],
    [
      'another, without digests',
      OTHER,
      { digests: false },
      ['not-the-registry-artifact', 'artifact-without-digest'],
    ],
    [
      'one that nothing can be compared with',
      BYTES,
      { digests: false, served: false },
      ['not-the-registry-artifact', 'artifact-without-digest'],
    ],
  ])('%s', async (_which, file, options, kinds) => {
    expect(await signalsFor(file, options)).toEqual(kinds);
  });
});
