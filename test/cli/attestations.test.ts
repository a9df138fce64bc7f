import { generateKeyPairSync } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CheckDocument } from '../../src/attest/check-document.ts';
import { ResultDocument } from '../../src/report/document.ts';
import { reprove } from '../support/cli.ts';
import { GITHUB, identityToken, TestSigstore } from '../support/sigstore.ts';
import { ENGINE, TestWorld } from '../support/world.ts';

/** A user signs a result and another checks it, both on the command line. */
let world: TestWorld;
let places: readonly string[];
const inFolder = (name: string) => path.join(world.folder.path, name);
const NAME = '@scope/signed';
const BUNDLE = '-scope-signed-1.0.0.sigstore.json';
const PROVENANCE = '-scope-signed-1.0.0.provenance.sigstore.json';
const SBOM = '-scope-signed-1.0.0.sbom.sigstore.json';

beforeAll(async () => {
  world = await TestWorld.open();
  const engine = ENGINE;
  places = ['--registry', world.registry.url, '--git-mirror', world.gitMirror, '--engine', engine];
  writeFileSync(inFolder('passphrase'), 'a passphrase\n');
  const made = await reprove([
    'keygen',
    '--out',
    inFolder('me'),
    '--passphrase-file',
    inFolder('passphrase'),
  ]);
  expect(made.exitCode, made.stderr).toBe(0);
  const manifest = { name: NAME, repository: 'https://git.example/owner/signed' };
  world.source('signed', { 'index.js': '1\n' }, manifest);
  writeFileSync(inFolder('signed.tgz'), world.publish(NAME, { 'index.js': '1\n' }, manifest));
});
afterAll(() => world.close());

const verified = (spec: string, ...more: readonly string[]) =>
  reprove(
    ['verify', spec, '--json', '--key', inFolder('me.key'), '--out', inFolder('out'), ...places, ...more],
    { env: { REPROVE_PASSPHRASE: 'a passphrase' } },
  );

async function checked(...words: readonly string[]) {
  const run = await reprove(['check-attestation', ...words, '--json']);
  const document = run.stdout === '' ? null : (JSON.parse(run.stdout) as CheckDocument);
  const failed = document?.claims.find(({ state }) => state === 'fails')?.name ?? null;
  return { ...run, document, failed };
}

describe('a result that is signed', () => {
  const key = () => ['--key', inFolder('me.pub')];
  const registry = () => ['--registry', world.registry.url];

  beforeAll(async () => {
    const run = await verified(NAME);
    expect(run.exitCode, run.stderr).toBe(0);
    const document = ResultDocument.parse(JSON.parse(run.stdout));
    expect(document.attestation?.files.map(({ name }) => name)).toEqual([BUNDLE, PROVENANCE, SBOM]);
    expect(readdirSync(inFolder('out')).toSorted()).toEqual([PROVENANCE, SBOM, BUNDLE]);
  });

  it('is accepted for the file, and for the package version in the registry', async () => {
    const bundle = inFolder(`out/${BUNDLE}`);
    const ofFile = await checked(bundle, inFolder('signed.tgz'), ...key(), '--max-age', '1h');
    expect(ofFile.document).toMatchObject({ accepted: true, statement: { verdict: 'reproduced' } });
    expect(ofFile.exitCode).toBe(0);
    const ofVersion = await checked(bundle, `${NAME}@1.0.0`, ...key(), ...registry());
    expect([ofVersion.failed, ofVersion.exitCode]).toEqual([null, 0]);
  });

  it('is refused for another file, and for another package', async () => {
    const bundle = inFolder(`out/${BUNDLE}`);
    const ofFile = await checked(bundle, inFolder('passphrase'), ...key());
    expect([ofFile.failed, ofFile.exitCode]).toEqual(['subject', 1]);
    world.publish('copied', { 'index.js': '1\n' });
    const ofOther = await checked(bundle, 'copied@1.0.0', ...key(), ...registry());
    expect([ofOther.failed, ofOther.exitCode]).toEqual(['subject', 1]);
  });

  it('has a provenance of the rebuild beside it', async () => {
    const run = await checked(inFolder(`out/${PROVENANCE}`), ...key());
    expect(run.document).toMatchObject({
      accepted: true,
      statement: { predicateType: 'https://slsa.dev/provenance/v1' },
    });
  });

  it('is no success when it says diverged', async () => {
    world.source('changed', { 'index.js': '1\n' });
    writeFileSync(inFolder('changed.tgz'), world.publish('changed', { 'index.js': 'evil()\n' }));
    expect((await verified('changed')).exitCode).toBe(1);
    const run = await checked(inFolder('out/changed-1.0.0.sigstore.json'), inFolder('changed.tgz'), ...key());
    expect(run.document).toMatchObject({ accepted: true, statement: { verdict: 'diverged' } });
    expect(run.exitCode).toBe(1);
  });

  it('is judged by a policy, which may name the signers and have exceptions', async () => {
    const policy = { version: 1, level: 'contents', signers: [{ key: 'me.pub' }] };
    writeFileSync(inFolder('policy.json'), JSON.stringify(policy));
    const bundle = inFolder(`out/${BUNDLE}`);
    const good = await checked(bundle, inFolder('signed.tgz'), '--policy', inFolder('policy.json'));
    expect([good.failed, good.exitCode], good.stdout).toEqual([null, 0]);
    const other = inFolder('out/changed-1.0.0.sigstore.json');
    const bad = await checked(other, '--policy', inFolder('policy.json'));
    expect([bad.failed, bad.exitCode]).toEqual(['policy', 1]);
    const rules = ['verdict', 'level', 'findings'];
    const exceptions = [{ package: 'changed', rules, reason: 'a test', expires: '2999-12-31' }];
    writeFileSync(inFolder('lax.json'), JSON.stringify({ ...policy, exceptions }));
    const excepted = await checked(other, '--policy', inFolder('lax.json'));
    expect([excepted.failed, excepted.exitCode]).toEqual([null, 0]);
    const twice = await checked(bundle, '--policy', inFolder('policy.json'), ...key());
    expect([twice.exitCode, twice.stdout]).toEqual([2, '']);
  });

  it('that was made under a policy says so, and has a summary of it', async () => {
    writeFileSync(inFolder('strict.yaml'), 'version: 1\nlevel: bytes\nsignals:\n  failOn: info\n');
    const run = await verified(NAME, '--policy', inFolder('strict.yaml'), '--out', inFolder('judged'));
    const { policy, verdict } = ResultDocument.parse(JSON.parse(run.stdout));
    expect([verdict, policy?.passed, run.exitCode]).toEqual(['reproduced', false, 1]);
    const summary = await checked(inFolder('judged/-scope-signed-1.0.0.summary.sigstore.json'), ...key());
    expect(summary.document).toMatchObject({ accepted: true, statement: { result: 'FAILED' } });
    expect(summary.exitCode).toBe(1);
  });

  it('says on the terminal what holds and what does not', async () => {
    const good = await reprove(['check-attestation', inFolder(`out/${BUNDLE}`), ...key()]);
    expect(good.stdout).toMatch(
      /^ACCEPTED {2}-scope-signed-1\.0\.0\.sigstore\.json; it says reproduced at level/,
    );
    const bad = await reprove(['check-attestation', inFolder('passphrase'), ...key()]);
    expect(bad.stdout).toMatch(
      /^REFUSED {2}passphrase\n\n {2}FAILS {2}bundle {5}It is no Sigstore bundle: It is not JSON\.\n/,
    );
    expect(bad.exitCode).toBe(1);
  });
});

describe('a result that is signed without a key', () => {
  const identity = 'https://git.example/owner/repository/.github/workflows/rebuild.yml@refs/heads/main';
  const signedAt = async (url: string, env: Readonly<Record<string, string>>) => {
    const services = ['--fulcio-url', url, '--rekor-url', url, '--tsa-url', `${url}/tsa`];
    services.push('--trusted-root', inFolder('root.json'), '--out', inFolder('keyless'));
    return reprove(['verify', NAME, '--json', '--keyless', ...services, ...places], { env });
  };
  const NOBODY = { SIGSTORE_ID_TOKEN: '', ACTIONS_ID_TOKEN_REQUEST_URL: '', BUILDKITE: '' };

  it('is that of the workflow, and logged', async () => {
    const sigstore = await TestSigstore.start();
    writeFileSync(inFolder('root.json'), JSON.stringify(sigstore.trustedRoot()));
    const services = await sigstore.serve();
    try {
      const run = await signedAt(services.url, { ...NOBODY, SIGSTORE_ID_TOKEN: identityToken(identity) });
      expect(run.exitCode, run.stderr).toBe(0);
      expect(ResultDocument.parse(JSON.parse(run.stdout)).attestation?.signer).toEqual({
        kind: 'certificate',
        identity,
      });
    } finally {
      await services.close();
    }
    const words = [inFolder(`keyless/${BUNDLE}`), inFolder('signed.tgz')];
    const trusted = ['--issuer', GITHUB, '--trusted-root', inFolder('root.json')];
    const good = await checked(...words, '--identity', identity, ...trusted, '--witnessed');
    expect([good.failed, good.exitCode], good.stdout).toEqual([null, 0]);
    expect(good.document?.statement?.maker).toBe('pkg:npm/reprove#docs/builders/workflow.md');
    const bad = await checked(...words, '--identity', identity.replace('main', 'other'), ...trusted);
    expect([bad.failed, bad.exitCode]).toEqual(['signer', 1]);
  });

  it('is not signed where nobody says who this is, and the verdict is shown all the same', async () => {
    const run = await signedAt('http://127.0.0.1:1', NOBODY);
    expect(JSON.parse(run.stdout)).toMatchObject({ verdict: 'reproduced', attestation: null });
    expect(run.exitCode).toBe(4);
    expect(run.stderr).toContain('could not be signed without a key');
  });
});

describe('a signature that others see', () => {
  let sigstore: TestSigstore;
  const trusted = () => ['--trusted-root', inFolder('witnesses.json')];
  beforeAll(async () => {
    sigstore = await TestSigstore.start();
    writeFileSync(inFolder('witnesses.json'), JSON.stringify(sigstore.trustedRoot()));
  });

  it('is in the log and has a timestamp, and by --witnessed it must', async () => {
    const services = await sigstore.serve();
    const asked = [
      '--rekor-url',
      services.url,
      '--tsa-url',
      `${services.url}/tsa`,
      '--out',
      inFolder('seen'),
    ];
    const run = await verified(NAME, ...asked, ...trusted());
    await services.close();
    expect(run.exitCode, run.stderr).toBe(0);
    const words = [inFolder('signed.tgz'), '--key', inFolder('me.pub'), '--witnessed', ...trusted()];
    const good = await checked(inFolder(`seen/${BUNDLE}`), ...words);
    expect([good.failed, good.exitCode], good.stdout).toEqual([null, 0]);
    const bad = await checked(inFolder(`out/${BUNDLE}`), ...words);
    expect([bad.failed, bad.exitCode]).toEqual(['witness', 1]);
  });

  it('is not written when the root does not know the log, and the verdict is shown all the same', async () => {
    const services = await sigstore.serve();
    const run = await verified(NAME, '--rekor-url', services.url, '--out', inFolder('unseen'));
    await services.close();
    expect(JSON.parse(run.stdout)).toMatchObject({ verdict: 'reproduced', attestation: null });
    expect(run.exitCode).toBe(4);
    expect(run.stderr).toContain('--trusted-root');
    expect(() => readFileSync(inFolder(`unseen/${BUNDLE}`))).toThrow('ENOENT');
  });

  it('needs something to sign with', async () => {
    const run = await reprove(['verify', NAME, '--tsa-url', 'http://127.0.0.1:1', ...places]);
    expect([run.exitCode, run.stdout]).toEqual([2, '']);
  });
});

describe('a command that has the key', () => {
  it('signs, and its public key checks', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(inFolder('hidden.pem'), privateKey.export({ format: 'pem', type: 'pkcs8' }));
    writeFileSync(inFolder('hidden.pub'), publicKey.export({ format: 'pem', type: 'spki' }));
    const command = `openssl dgst -sha256 -sign '${inFolder('hidden.pem')}'`;
    const signing = ['--key-command', command, '--public-key', inFolder('hidden.pub')];
    const run = await reprove([
      'verify',
      NAME,
      '--json',
      ...signing,
      '--out',
      inFolder('command'),
      ...places,
    ]);
    expect(run.exitCode, run.stderr).toBe(0);
    const good = await checked(inFolder(`command/${BUNDLE}`), '--key', inFolder('hidden.pub'));
    expect([good.failed, good.exitCode], good.stdout).toEqual([null, 0]);
  });

  it.each([
    ['without its public key', ['--key-command', 'true']],
    ['without the command', ['--public-key', 'me.pub']],
    ['beside a key', ['--key-command', 'true', '--public-key', 'me.pub', '--key', 'me.key']],
    ['with a quote that is not closed', ['--key-command', "sign 'it", '--public-key', 'me.pub']],
    ['that names no program', ['--key-command', ' ', '--public-key', 'me.pub']],
  ])('%s is wrong usage', async (_, words) => {
    const inPlace = words.map((word) => (word.startsWith('me.') ? inFolder(word) : word));
    const run = await reprove(['verify', NAME, ...inPlace, ...places]);
    expect([run.exitCode, run.stdout]).toEqual([2, '']);
  });
});

describe('before anything is built', () => {
  it('a key that cannot be used is refused', async () => {
    const run = await reprove(['verify', NAME, '--key', inFolder('me.pub'), ...places]);
    expect([run.exitCode, run.stdout]).toEqual([2, '']);
    expect(run.stderr).not.toContain('published:');
  });

  it('a passphrase file that is not there is told', async () => {
    const words = ['--key', inFolder('me.key'), '--passphrase-file', inFolder('nowhere')];
    const run = await reprove(['verify', NAME, ...words, ...places]);
    expect([run.exitCode, run.stdout]).toEqual([2, '']);
    expect(run.stderr).toContain('There is no passphrase for the key.');
  });
});

it('with a wrong passphrase the verdict is shown all the same, and nothing is signed', async () => {
  writeFileSync(inFolder('wrong'), 'another passphrase\n');
  const run = await verified(NAME, '--out', inFolder('none'), '--passphrase-file', inFolder('wrong'));
  expect(JSON.parse(run.stdout)).toMatchObject({ verdict: 'reproduced', attestation: null });
  expect(run.exitCode).toBe(2);
  expect(run.stderr).toContain('The passphrase is not that of this key');
  expect(() => readFileSync(inFolder(`none/${BUNDLE}`))).toThrow('ENOENT');
});

it('what does not exist is not signed', async () => {
  const run = await verified('no-such-package');
  expect(JSON.parse(run.stdout)).toMatchObject({ verdict: 'unverifiable', attestation: null });
  expect([run.exitCode, run.stderr.includes('nothing was signed')]).toEqual([3, true]);
});

describe('wrong usage of check-attestation', () => {
  it.each([
    ['nobody is named', []],
    ['an identity without an issuer', ['--identity', 'me']],
    ['an issuer without an identity', ['--issuer', 'https://issuer.example']],
    ['a key and half of an identity', ['--key', 'me.pub', '--identity', 'me']],
    ['a private key', ['--key', 'me.key']],
    ['a key that is not there', ['--key', 'nowhere.pub']],
    ['an age without a unit', ['--key', 'me.pub', '--max-age', '90']],
  ])('%s', async (_, words) => {
    const inPlace = words.map((word) => (/^(?:me|nowhere)\./.test(word) ? inFolder(word) : word));
    const run = await reprove(['check-attestation', inFolder('passphrase'), ...inPlace]);
    expect([run.exitCode, run.stdout]).toEqual([2, '']);
  });

  it('a bundle that is not there', async () => {
    const run = await reprove(['check-attestation', inFolder('nowhere'), '--key', inFolder('me.pub')]);
    expect([run.exitCode, run.stdout]).toEqual([2, '']);
  });

  it('an endless bundle is refused after as much as a bundle can have', async () => {
    const run = await checked('/dev/zero', '--key', inFolder('me.pub'));
    expect([run.failed, run.exitCode]).toEqual(['bundle', 1]);
  });
});
