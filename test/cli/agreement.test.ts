/** Several signed results on the command line: whether their makers agree, and whether they are several. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { hash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AgreementDocument } from '../../src/attest/agreement.ts';
import { DOCUMENTS, newKeys, provenanceOf, signedBy, verificationOf } from '../support/attestations.ts';
import { reprove } from '../support/cli.ts';
import { ossEquivalence, type Published } from '../support/foreign.ts';
import { temporaryFolder } from '../support/repository.ts';
import { GITHUB, TestSigstore } from '../support/sigstore.ts';

const folder = temporaryFolder();
const at = (name: string) => path.join(folder.path, name);
const [ada, bob] = [newKeys(), newKeys()];
const FILE = Buffer.from('the published file');
const digests = { sha512: hash('sha512', FILE), sha256: hash('sha256', FILE), sha1: hash('sha1', FILE) };
const about = <Document extends (typeof DOCUMENTS)[keyof typeof DOCUMENTS]>(document: Document) => ({
  ...document,
  subject: { ...document.subject, digests },
});
const GOOD = about(DOCUMENTS.reproduced);
const BAD = about(DOCUMENTS.diverged);
const OWNER = 'https://git.example/owner';
let sigstore: TestSigstore;

beforeAll(async () => {
  sigstore = await TestSigstore.start();
  const write = (name: string, bytes: Uint8Array | string) => writeFileSync(at(name), bytes);
  write('root.json', JSON.stringify(sigstore.trustedRoot()));
  write('file.tgz', FILE);
  for (const [name, keys] of Object.entries({ ada, bob }))
    write(`${name}.pub`, keys.publicKey.export({ format: 'pem', type: 'spki' }));
  write('ada.sigstore.json', signedBy(ada, verificationOf(GOOD)));
  write('ada-again.sigstore.json', signedBy(ada, verificationOf({ ...GOOD, level: 'contents' })));
  write('bob.sigstore.json', signedBy(bob, verificationOf(GOOD)));
  write('bob-diverged.sigstore.json', signedBy(bob, verificationOf(BAD)));
  const other = {
    ...DOCUMENTS.reproduced,
    subject: { ...GOOD.subject, digests: { ...digests, sha512: 'e'.repeat(128) } },
  };
  write('bob-elsewhere.sigstore.json', signedBy(bob, verificationOf(other)));
  const rebuilt = {
    digests: { sha512: 'f'.repeat(128), sha256: 'f'.repeat(64), sha1: 'f'.repeat(40) },
    materials: 0,
  };
  const tar = { ...GOOD, level: 'tar', rebuilt } as const;
  mkdirSync(at('folder'));
  write('folder/x.sigstore.json', signedBy(ada, verificationOf(tar)));
  write('folder/x.provenance.sigstore.json', signedBy(ada, provenanceOf(tar)));
  write('folder/result.json', '{}');
  mkdirSync(at('empty'));
  for (const [name, workflow] of Object.entries({
    main: 'repository/w.yml@refs/heads/main',
    fork: 'other/w.yml@refs/heads/x',
  })) {
    const signer = { subject: `${OWNER}/${workflow}`, claims: { 8: GITHUB } };
    write(`${name}.sigstore.json`, JSON.stringify(await sigstore.signed(verificationOf(GOOD), signer)));
  }
  const published: Published = {
    purl: '',
    name: 'bundled',
    version: '1.0.0',
    file: 'bundled-1.0.0.tgz',
    bytes: FILE,
  };
  write('oss.sigstore.json', signedBy(bob, ossEquivalence(published)));
  const statement = verificationOf(GOOD);
  const [subject] = statement.subject;
  const name = `\u009b2J\u202e${subject.name}`;
  write('hostile.sigstore.json', signedBy(bob, { ...statement, subject: [{ ...subject, name }] }));
});
afterAll(() => folder.dispose());

const ADA = ['--key', at('ada.pub')];
const BOTH = [...ADA, '--key', at('bob.pub')];

async function checked(names: readonly string[], ...more: readonly string[]) {
  const run = await reprove(['check-attestation', ...names.map(at), ...more, '--json']);
  const parsed = AgreementDocument.safeParse(run.stdout === '' ? null : JSON.parse(run.stdout));
  return { ...run, document: parsed.data, agreement: parsed.data?.agreement };
}

it('what a bundle holds does not reach the terminal as it is', async () => {
  for (const more of [[], ['ada.sigstore.json']]) {
    const { stdout } = await checked(['hostile.sigstore.json', ...more], ...BOTH);
    expect(stdout).not.toMatch(/[\u0080-\u009f\u202e]/);
    expect(JSON.stringify(JSON.parse(stdout))).toContain('\u009b2J\u202e');
  }
});

describe('two who have rebuilt a file', () => {
  it('agree about it, each with a key of their own', async () => {
    const run = await checked(
      ['ada.sigstore.json', 'bob.sigstore.json', 'file.tgz'],
      ...BOTH,
      '--independent',
      '2',
    );
    expect(run.agreement, run.stderr).toMatchObject({
      subject: 'same',
      verdict: 'same',
      rebuilt: 'same',
      problems: [],
    });
    expect([run.agreement?.signers.length, run.agreement?.builders.length, run.exitCode]).toEqual([2, 1, 0]);
  });

  it('are one when one key has signed twice', async () => {
    const names = ['ada.sigstore.json', 'ada-again.sigstore.json'];
    const run = await checked(names, ...ADA, '--independent', '2');
    expect(run.agreement?.signers).toHaveLength(1);
    expect(run.agreement?.problems).toEqual(['1 independent signers have rebuilt it; 2 were asked for.']);
    expect([run.document?.accepted, run.exitCode]).toEqual([false, 1]);
    const text = await reprove(['check-attestation', ...names.map(at), ...ADA]);
    expect(text.stdout).toContain('One signer: this is one opinion, however often it is signed.');
    expect(text.exitCode).toBe(0);
  });

  it('are one when two workflows of one owner have signed', async () => {
    const trusted = ['--issuer', GITHUB, '--trusted-root', at('root.json')];
    const policy = {
      version: 1,
      level: 'bytes',
      signers: [
        { identity: `${OWNER}/repository/w.yml@refs/heads/main`, issuer: GITHUB },
        { identity: `${OWNER}/other/w.yml@refs/heads/x`, issuer: GITHUB },
      ],
    };
    writeFileSync(at('policy.json'), JSON.stringify(policy));
    const run = await checked(
      ['main.sigstore.json', 'fork.sigstore.json'],
      '--policy',
      at('policy.json'),
      ...trusted.slice(2),
    );
    expect(run.document?.accepted, run.stdout + run.stderr).toBe(true);
    expect(run.agreement?.signers).toEqual([`${OWNER} (${GITHUB})`]);
  });

  it('are two when one has a key and the other a certificate', async () => {
    const identity = ['--identity', `${OWNER}/repository/w.yml@refs/heads/main`, '--issuer', GITHUB];
    const names = ['main.sigstore.json', 'ada.sigstore.json'];
    const run = await checked(
      names,
      ...ADA,
      ...identity,
      '--trusted-root',
      at('root.json'),
      '--independent',
      '2',
    );
    expect([run.agreement?.signers.length, run.exitCode], run.stdout).toEqual([2, 0]);
  });

  it('are two when one is another program, which says nothing of the level', async () => {
    const run = await checked(
      ['ada.sigstore.json', 'oss.sigstore.json'],
      ...BOTH,
      '--artifact',
      at('file.tgz'),
    );
    expect(run.agreement).toMatchObject({ subject: 'same', verdict: 'same', rebuilt: 'different' });
    expect([run.agreement?.builders.length, run.exitCode]).toEqual([2, 0]);
  });
});

describe('is refused', () => {
  it.each([
    ['when one says diverged', ['ada.sigstore.json', 'bob-diverged.sigstore.json'], 'verdict'],
    ['when they are about different files', ['ada.sigstore.json', 'bob-elsewhere.sigstore.json'], 'subject'],
  ] as const)('%s', async (_, names, what) => {
    const run = await checked(names, ...BOTH);
    expect(run.agreement?.[what]).toBe('different');
    expect([run.document?.accepted, run.exitCode]).toEqual([false, 1]);
  });

  it('when one of them was signed by nobody who was named', async () => {
    const run = await checked(['ada.sigstore.json', 'bob.sigstore.json'], ...ADA);
    expect(run.document?.checks.map(({ accepted }) => accepted)).toEqual([true, false]);
    expect(run.exitCode).toBe(1);
  });

  it('when two independent ones were asked for and there is one', async () => {
    const run = await checked(['ada.sigstore.json'], ...ADA, '--independent', '2');
    expect([run.document?.accepted, run.exitCode]).toEqual([false, 1]);
  });
});

describe('a folder', () => {
  it('is read whole, and what was rebuilt belongs to the verdict about it', async () => {
    const run = await checked(['folder', 'file.tgz'], ...ADA);
    expect(run.document?.checks.map(({ bundle }) => bundle)).toEqual([
      'x.provenance.sigstore.json',
      'x.sigstore.json',
    ]);
    expect([run.document?.accepted, run.exitCode], run.stdout).toEqual([true, 0]);
    const alone = await reprove([
      'check-attestation',
      at('folder/x.provenance.sigstore.json'),
      at('file.tgz'),
      ...ADA,
    ]);
    expect(alone.exitCode).toBe(1);
  });

  it('without attestations is wrong usage', async () => {
    const run = await checked(['empty'], ...ADA);
    expect([run.exitCode, run.stdout]).toEqual([2, '']);
  });
});

describe('what is checked cannot pass for one more bundle', () => {
  it('by being one', async () => {
    writeFileSync(at('evil.tgz'), signedBy(ada, verificationOf(GOOD)));
    const run = await reprove(['check-attestation', at('ada.sigstore.json'), at('evil.tgz'), ...ADA]);
    expect(run.stdout).toContain('FAILS  subject');
    expect(run.exitCode).toBe(1);
  });

  it.each([
    ['two files', ['ada.sigstore.json', 'file.tgz', 'file.tgz']],
    ['a file before a bundle', ['ada.sigstore.json', 'file.tgz', 'bob.sigstore.json']],
  ])('%s: it is asked what is meant', async (_, names) => {
    const run = await checked(names, ...BOTH);
    expect([run.exitCode, run.stdout]).toEqual([2, '']);
    expect(run.stderr).toContain('--artifact');
  });
});
