/** What we state, read as the libraries of others read it: strictly, by the definitions that their makers publish. */
import { Bundle as ProtobufBundle } from '@sigstore/protobuf-specs';
import { beforeAll, describe, expect, it } from 'vitest';
import { PAYLOAD_TYPE } from '../../src/attest/type-uris.ts';
import { summaryStatement } from '../../src/attest/summary.ts';
import type { Statement } from '../../src/attest/statement.ts';
import { keyId } from '../../src/keys/kinds.ts';
import {
  DOCUMENTS,
  newKeys,
  OCCASION,
  provenanceOf,
  signedBy,
  verificationOf,
} from '../support/attestations.ts';
import { readAsProtobuf } from '../support/protobuf.ts';
import { GITHUB, TestSigstore } from '../support/sigstore.ts';

const POLICY = { sha256: 'd'.repeat(64), passed: true, rules: [] };

const summaryOf = (passed: boolean): Statement => {
  const made = summaryStatement({ ...DOCUMENTS.reproduced, policy: { ...POLICY, passed } }, OCCASION);
  if (made === null) throw new Error('There is a policy.');
  return made;
};

const STATEMENTS: Readonly<Record<string, Statement>> = {
  'verification, reproduced': verificationOf(DOCUMENTS.reproduced),
  'verification, diverged': verificationOf(DOCUMENTS.diverged),
  'verification, unverifiable': verificationOf(DOCUMENTS.unverifiable),
  'provenance, reproduced': provenanceOf(DOCUMENTS.reproduced),
  'provenance, diverged': provenanceOf(DOCUMENTS.diverged),
  'summary, passed': summaryOf(true),
  'summary, failed': summaryOf(false),
};
const named = (start: string) => Object.entries(STATEMENTS).filter(([name]) => name.startsWith(start));

/** Nothing is lost and nothing added. Protobuf writes no milliseconds where there are none; the instants are the same. */
function expectSame(read: unknown, stated: unknown): void {
  const plain = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value).replaceAll(/(?<=T\d\d:\d\d:\d\d)\.000Z(?=")/g, 'Z'));
  expect(plain(read)).toStrictEqual(plain(stated));
}

describe("in-toto's protobuf definitions", () => {
  it.each(Object.entries(STATEMENTS))('know every field of the statement of a %s', (_, statement) => {
    expectSame(readAsProtobuf('Statement', statement), statement);
  });

  it.each(named('provenance'))('know every field of a %s', (_, { predicate }) => {
    expectSame(readAsProtobuf('Provenance', predicate), predicate);
  });

  it.each(named('summary'))('know every field of a %s', (_, { predicate }) => {
    expectSame(readAsProtobuf('VerificationSummary', predicate), predicate);
  });

  it('are read strictly here', () => {
    const { predicate } = provenanceOf(DOCUMENTS.reproduced);
    const wrong = [
      { ...(predicate as object), extra: 1 },
      { runDetails: { builder: { version: { x: 1 } } } },
      { runDetails: { metadata: { startedOn: 'yesterday' } } },
      { buildDefinition: { externalParameters: [] } },
      { runDetails: { byproducts: [{ content: '*' }] } },
      { runDetails: { byproducts: [{ sha256: 'aa' }] } },
    ];
    for (const one of wrong) expect(() => readAsProtobuf('Provenance', one), JSON.stringify(one)).toThrow();
  });
});

/** Hex digits by algorithm (in-toto/attestation, go/v1/resource_descriptor.go). */
const DIGITS: Readonly<Record<string, readonly number[]>> = {
  sha256: [64],
  sha512: [128],
  gitCommit: [40, 64],
  gitTree: [40, 64],
};

/** Every object that is a descriptor of a resource, at whatever depth. */
function* resourcesIn(value: unknown): Generator<Readonly<Record<string, unknown>>> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value) && 'digest' in value) yield value;
  for (const part of Object.values(value)) yield* resourcesIn(part);
}

describe('the rules of in-toto and SLSA in words', () => {
  it.each(Object.entries(STATEMENTS))('are kept by the statement of a %s', (_, statement) => {
    const resources = [...resourcesIn(statement)];
    expect(resources.length).toBeGreaterThan(0);
    for (const { digest } of resources) {
      const digests = Object.entries(digest as Readonly<Record<string, string>>);
      expect(digests.length).toBeGreaterThan(0);
      for (const [algorithm, hex] of digests) {
        expect(hex).toMatch(/^[0-9a-f]+$/);
        expect(DIGITS[algorithm], algorithm).toContain(hex.length);
      }
    }
    // field_types.md: a type is an absolute URI whose scheme is in lowercase.
    expect(URL.canParse(statement.predicateType)).toBe(true);
    // statement.md: names are unique within the subject.
    expect(statement.subject).toHaveLength(1);
  });

  it.each(named('summary'))('a %s has what SLSA requires', (_, statement) => {
    const predicate = statement.predicate as Readonly<Record<string, unknown>>;
    const { verifier, policy, resourceUri, timeVerified } = predicate as {
      verifier: { id: string };
      policy: { uri: string };
      resourceUri: string;
      timeVerified: string;
    };
    for (const uri of [verifier.id, policy.uri, resourceUri]) expect(URL.canParse(uri), uri).toBe(true);
    expect(timeVerified).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/);
  });
});

describe("Sigstore's protobuf definition of a bundle", () => {
  let keyless: Buffer;
  beforeAll(async () => {
    const sigstore = await TestSigstore.start();
    const workflow = { subject: 'https://git.example/o/r/w.yml@refs/heads/main', claims: { 8: GITHUB } };
    keyless = Buffer.from(
      JSON.stringify(await sigstore.signed(verificationOf(DOCUMENTS.reproduced), workflow)),
    );
  });

  it.each(Object.entries(STATEMENTS))('knows every field of a bundle with a %s', (_, statement) => {
    const json: unknown = JSON.parse(signedBy(newKeys(), statement).toString());
    expect(ProtobufBundle.toJSON(ProtobufBundle.fromJSON(json))).toStrictEqual(json);
  });

  it('knows every field of a bundle with a certificate and a log entry', () => {
    const json = JSON.parse(keyless.toString()) as { verificationMaterial: { tlogEntries: object[] } };
    const again = ProtobufBundle.toJSON(ProtobufBundle.fromJSON(json)) as typeof json;
    expect(again.verificationMaterial).toStrictEqual(withoutEmpty(json.verificationMaterial));
  });

  it('has what cosign looks at: type of payload, media type, name of the key, sha256 of the subject', () => {
    const keys = newKeys();
    const bundle = JSON.parse(signedBy(keys, verificationOf(DOCUMENTS.reproduced)).toString()) as {
      mediaType: string;
      verificationMaterial: { publicKey: { hint: string } };
      dsseEnvelope: { payloadType: string; signatures: { keyid: string }[] };
    };
    expect(bundle.mediaType).toBe('application/vnd.dev.sigstore.bundle.v0.3+json');
    expect(bundle.dsseEnvelope.payloadType).toBe(PAYLOAD_TYPE);
    expect(PAYLOAD_TYPE).toBe('application/vnd.in-toto+json');
    const id = keyId(keys.publicKey);
    expect(bundle.verificationMaterial.publicKey.hint).toBe(id);
    expect(bundle.dsseEnvelope.signatures).toMatchObject([{ keyid: id }]);
    expect(Object.keys(verificationOf(DOCUMENTS.reproduced).subject[0].digest)).toContain('sha256');
  });
});

/** Protobuf writes no empty lists and no zero. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(
    ([, part]) => part !== '0' && !(Array.isArray(part) && part.length === 0),
  );
  return Object.fromEntries(kept.map(([name, part]) => [name, withoutEmpty(part)]));
}
