/** Statements of other makers: what they are taken for, and what is refused. */
import { generateKeyPairSync, hash, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pinnedKeys } from '../../builders/npm/registry/keys.ts';
import { EVIDENCE } from '../../src/attest/evidence.ts';
import { readPredicate } from '../../src/attest/predicates.ts';
import { checkAttestation } from '../../src/check-attestation.ts';
import { checkTogether } from '../../src/check-together.ts';
import { splitBundles } from '../../src/sigstore/split-bundles.ts';
import { publicKeyOf } from '../support/attestations.ts';
import {
  githubProvenance,
  gitlabProvenance,
  LEFT_PAD,
  ossEquivalence,
  ossRebuild,
  publication,
} from '../support/foreign.ts';
import { temporaryFolder } from '../support/repository.ts';
import { TestSigstore, workflowOf } from '../support/sigstore.ts';

const PAYLOAD_TYPE = 'application/vnd.in-toto+json';
const REPOSITORY = 'https://github.com/o/r';
const COMMIT = 'c'.repeat(40);
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const folder = temporaryFolder();
const rootFile = path.join(folder.path, 'root.json');
const EXPECTED = {
  label: LEFT_PAD.file,
  purl: LEFT_PAD.purl,
  digests: { sha512: hash('sha512', LEFT_PAD.bytes), sha256: hash('sha256', LEFT_PAD.bytes) },
};
let sigstore: TestSigstore;

beforeAll(async () => {
  sigstore = await TestSigstore.start();
  writeFileSync(rootFile, JSON.stringify(sigstore.trustedRoot()));
});
afterAll(() => folder.dispose());

const request = {
  trust: { file: rootFile, cacheDir: folder.path },
  expected: EXPECTED,
  maxAgeMs: null,
  now: new Date(),
  policy: null,
  mustBeWitnessed: false,
};

/** An envelope without a bundle around it, as OSS Rebuild has them. */
function envelope(statement: object, payloadType = PAYLOAD_TYPE): Buffer {
  const payload = Buffer.from(JSON.stringify(statement));
  const head = Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `);
  const sig = sign('sha256', Buffer.concat([head, payload]), keys.privateKey).toString('base64');
  const keyid = 'https://cloudkms.example/v1/projects/p/cryptoKeyVersions/1';
  const signatures = [{ keyid, sig }];
  return Buffer.from(JSON.stringify({ payloadType, payload: payload.toString('base64'), signatures }));
}

const checkedByKey = (bytes: Uint8Array) =>
  checkAttestation({ ...request, name: 'x', bytes, signer: { kind: 'key', key: keys.publicKey } });

async function checkedByWorkflow(statement: object) {
  const workflow = workflowOf(REPOSITORY, COMMIT);
  const bytes = Buffer.from(JSON.stringify(await sigstore.signed(statement, workflow)));
  const issuer = workflow.claims[8] ?? '';
  const signer = { kind: 'certificate', identity: workflow.subject, issuer } as const;
  return checkAttestation({ ...request, name: 'x', bytes, signer });
}

describe('is taken for what it is, and for no more', () => {
  it.each([
    ['GitHub provenance', githubProvenance(LEFT_PAD, REPOSITORY, COMMIT), 'provenance', COMMIT],
    ['GitLab provenance', gitlabProvenance(LEFT_PAD), 'provenance', COMMIT],
    ["the registry's publication", publication(LEFT_PAD), 'publication', null],
    ["OSS Rebuild's equivalence", ossEquivalence(LEFT_PAD), 'oss-rebuild-equivalence', null],
  ] as const)('%s', async (_, statement, kind, commit) => {
    const document = await checkedByKey(envelope(statement));
    expect(document).toMatchObject({ accepted: true, statement: { kind, verdict: null, level: null } });
    expect(document.statement?.source?.commit ?? null).toBe(commit);
    const { says, silent } = EVIDENCE[kind];
    expect([document.statement?.says, document.statement?.doesNotSay]).toEqual([says, silent]);
  });

  it("OSS Rebuild's rebuild is about what it made, which is another file", async () => {
    const document = await checkedByKey(envelope(ossRebuild(LEFT_PAD)));
    expect(document.claims.find(({ state }) => state === 'fails')?.name).toBe('subject');
    expect(document.statement).toMatchObject({ kind: 'oss-rebuild', about: 'rebuilt', opinion: null });
  });

  it("OSS Rebuild's file of envelopes holds together", async () => {
    const lines = [ossEquivalence(LEFT_PAD), ossRebuild(LEFT_PAD)].map((one) => envelope(one).toString());
    const bundles = splitBundles(Buffer.from(`${lines.join('\n')}\n`)).map((bytes, at) => ({
      name: `rebuild.intoto.jsonl#${at + 1}`,
      bytes,
    }));
    const signers = [{ kind: 'key', key: keys.publicKey }] as const;
    const document = await checkTogether(bundles, { request, signers, wanted: 1 });
    expect(document).toMatchObject({
      accepted: true,
      agreement: {
        subject: 'same',
        verdict: 'same',
        builders: ['https://docs.oss-rebuild.dev/hosts/Google'],
      },
    });
    const alone = await checkTogether(bundles.slice(1), { request, signers, wanted: 0 });
    expect(alone.accepted).toBe(false);
  });

  it('envelopes of before the media type was settled are read, bundles never were so', async () => {
    const old = envelope(ossEquivalence(LEFT_PAD), 'https://in-toto.io/Statement/v1');
    expect((await checkedByKey(old)).accepted).toBe(true);
    const json = JSON.parse(old.toString()) as { signatures: { keyid: string }[] };
    const bundle = {
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      verificationMaterial: { publicKey: { hint: json.signatures[0]?.keyid } },
      dsseEnvelope: json,
    };
    const document = await checkedByKey(Buffer.from(JSON.stringify(bundle)));
    expect(document.claims[0]).toMatchObject({ name: 'bundle', state: 'fails' });
  });
});

describe('is refused', () => {
  type Statement = { predicate: Record<string, unknown>; subject: Record<string, unknown>[] };
  const changed = (statement: object, change: (one: Statement) => void) => {
    const copy = structuredClone(statement) as Statement;
    change(copy);
    return copy;
  };
  const definitionOf = ({ predicate }: Statement) => predicate['buildDefinition'] as Record<string, unknown>;
  const parametersOf = (one: Statement) => definitionOf(one)['externalParameters'] as Record<string, unknown>;

  it.each<[string, object, string]>([
    [
      'a publication of another package than its subject is',
      changed(publication(LEFT_PAD), ({ predicate }) => (predicate['name'] = 'right-pad')),
      'right-pad@1.3.0',
    ],
    [
      'a publication without a version',
      changed(publication(LEFT_PAD), ({ predicate }) => delete predicate['version']),
      'version',
    ],
    [
      'an equivalence with another file than its subject',
      changed(
        ossEquivalence(LEFT_PAD),
        ({ subject }) => (subject[0] = { name: 'x', digest: { sha256: '00' } }),
      ),
      'do not belong together',
    ],
    [
      'an equivalence whose target is neither of the two',
      changed(
        ossEquivalence(LEFT_PAD),
        (one) => (parametersOf(one)['target'] = 'https://elsewhere.example/x'),
      ),
      'do not belong together',
    ],
    [
      'an equivalence of three files',
      changed(ossEquivalence(LEFT_PAD), (one) => {
        const all = definitionOf(one)['resolvedDependencies'] as unknown[];
        all.push(all[0]);
      }),
      'resolvedDependencies',
    ],
    [
      'a parameter that the build type does not have',
      changed(ossRebuild(LEFT_PAD), (one) => (parametersOf(one)['skipTests'] = true)),
      'skipTests',
    ],
    [
      'a rebuild of another file than its subject',
      changed(ossRebuild(LEFT_PAD), (one) => (parametersOf(one)['artifact'] = 'other.tgz')),
      'rebuild/other.tgz',
    ],
    [
      'a build type of OSS Rebuild that is not known',
      changed(ossRebuild(LEFT_PAD), (one) => {
        definitionOf(one)['buildType'] = 'https://docs.oss-rebuild.dev/builds/NetworkRebuild@v0.1';
      }),
      'NetworkRebuild',
    ],
    [
      'provenance without a builder',
      changed(gitlabProvenance(LEFT_PAD), ({ predicate }) => delete predicate['builder']),
      'builder',
    ],
    [
      'another version of the publication',
      {
        ...publication(LEFT_PAD),
        predicateType: 'https://github.com/npm/attestation/tree/main/specs/publish/v0.2',
      },
      'not known',
    ],
  ])('%s', async (_, statement, why) => {
    const document = await checkedByKey(envelope(statement));
    const failed = document.claims.find(({ state }) => state === 'fails');
    expect(failed).toMatchObject({ name: 'statement' });
    expect(failed?.detail).toContain(why);
    expect(document.accepted).toBe(false);
  });

  it('provenance of a repository or a commit that its certificate does not have', async () => {
    const right = await checkedByWorkflow(githubProvenance(LEFT_PAD, REPOSITORY, COMMIT));
    expect(right.accepted).toBe(true);
    const lies = [
      githubProvenance(LEFT_PAD, 'https://github.com/o/other', COMMIT),
      githubProvenance(LEFT_PAD, REPOSITORY, 'd'.repeat(40)),
    ];
    for (const statement of lies) {
      const document = await checkedByWorkflow(statement);
      expect(document.claims.find(({ state }) => state === 'fails')).toMatchObject({
        name: 'statement',
        detail: expect.stringContaining('was signed by a workflow') as string,
      });
    }
  });

  it('an envelope with another payload, or of another key', async () => {
    const other = JSON.parse(envelope(publication(LEFT_PAD)).toString()) as { payload: string };
    const swapped = {
      ...JSON.parse(envelope(ossEquivalence(LEFT_PAD)).toString()),
      payload: other.payload,
    } as object;
    const document = await checkedByKey(Buffer.from(JSON.stringify(swapped)));
    expect(document.claims.find(({ state }) => state === 'fails')?.name).toBe('signature');
  });
});

it('a scope may be written encoded or plain', () => {
  const scoped = { ...LEFT_PAD, name: '@o/p' };
  for (const purl of ['pkg:npm/%40o/p@1.3.0', 'pkg:npm/@o/p@1.3.0']) {
    const statement = publication({ ...scoped, purl }) as Parameters<typeof readPredicate>[0];
    expect(readPredicate(statement)).toMatchObject({ ok: true });
  }
});

/** From the public registry, published in January 2023: `/-/npm/v1/attestations/sigstore@0.4.0`. */
describe("the public registry's answer about sigstore@0.4.0", () => {
  const answer = readFileSync(path.join(import.meta.dirname, 'others/npm-sigstore-0.4.0.json'));
  const identity = 'https://github.com/sigstore/sigstore-js/.github/workflows/publish.yml@refs/tags/v0.4.0';
  const issuer = 'https://token.actions.githubusercontent.com';
  const registryKey = pinnedKeys().find(({ id }) => id.startsWith('SHA256:jl3'));
  const bundles = splitBundles(answer).map((bytes, at) => ({ name: `answer#${at + 1}`, bytes }));
  const trust = { file: null, cacheDir: folder.path };

  it('is accepted offline, under the root that comes with us', async () => {
    const signers = [
      { kind: 'certificate', identity, issuer },
      { kind: 'key', key: publicKeyOf(registryKey?.spki ?? Buffer.alloc(0)) },
    ] as const;
    const document = await checkTogether(bundles, {
      request: { ...request, trust, expected: null },
      signers,
      wanted: 0,
    });
    expect(document.accepted).toBe(true);
    expect(document.checks.map(({ statement }) => statement?.kind)).toEqual(['provenance', 'publication']);
    expect(document.checks[0]?.statement?.source).toEqual({
      repository: 'https://github.com/sigstore/sigstore-js',
      commit: '8a2ee2fd20dda58ffa4a8d808a65cb1e04711c03',
    });
  });

  it('is refused as that of another workflow', async () => {
    const signer = { kind: 'certificate', identity: identity.replace('0.4.0', '0.4.1'), issuer } as const;
    const document = await checkTogether(bundles.slice(0, 1), {
      request: { ...request, trust, expected: null },
      signers: [signer],
      wanted: 0,
    });
    expect(document.accepted).toBe(false);
  });
});
