import { createHash, generateKeyPairSync, hash, type KeyObject, sign, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import {
  fulcioHandler,
  initializeCA,
  initializeCTLog,
  initializeTLog,
  initializeTSA,
  rekorHandler,
} from '@sigstore/mock';

const IN_TOTO = 'application/vnd.in-toto+json';
const LOG = 'https://rekor.example';
const FULCIO_ARC = '1.3.6.1.4.1.57264.1.';
export const GITHUB = 'https://token.actions.githubusercontent.com';

type KeyPair = { publicKey: KeyObject; privateKey: KeyObject };
const newKeys = (): KeyPair => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const der = (key: KeyObject) => key.export({ format: 'der', type: 'spki' });
const base64 = (bytes: ArrayBufferView | ArrayBuffer) => Buffer.from(bytes as Uint8Array).toString('base64');

/** Who a certificate says has signed. */
export interface Signer {
  readonly subject: string;
  /** Text by the last number of Fulcio's object identifiers. */
  readonly claims: Readonly<Record<number, string>>;
}

/** What a CI system gives its jobs to say who they are (OpenID Connect), unsigned. */
export function identityToken(subject: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part({ iss: GITHUB, sub: subject, aud: 'sigstore' })}.${part({})}`;
}

/** What a log of DSSE envelopes keeps of one that it is given (sigstore/rekor, pkg/types/dsse/v0.0.1). */
function canonicalEntry(body: string): string {
  const { apiVersion, kind, spec } = JSON.parse(body) as {
    apiVersion: string;
    kind: string;
    spec: { proposedContent: { envelope: string; verifiers: string[] } };
  };
  const { envelope, verifiers } = spec.proposedContent;
  const { payload, signatures } = JSON.parse(envelope) as { payload: string; signatures: { sig: string }[] };
  const value = hash('sha256', Buffer.from(payload, 'base64'));
  const signed = signatures.map(({ sig }, index) => ({ signature: sig, verifier: verifiers[index] }));
  return JSON.stringify({
    apiVersion,
    kind,
    spec: { payloadHash: { algorithm: 'sha256', value }, signatures: signed },
  });
}

/** What to answer in place of an answer, by the path that was asked. */
export type Spoil = (path: string, answer: Answer) => Answer;
type Answer = Awaited<ReturnType<Handler['fn']>>;

async function answerTo(
  handler: Handler,
  request: IncomingMessage,
  response: ServerResponse,
  spoil: Spoil,
): Promise<void> {
  request.setEncoding('latin1');
  const answer = spoil(handler.path, await handler.fn(await textOf(request)));
  response.writeHead(answer.statusCode, { 'content-type': answer.contentType ?? 'text/plain' });
  response.end(answer.response);
}

type Handler = ReturnType<typeof fulcioHandler>;

/** A workflow of GitHub Actions in a repository, as its certificate has it. */
export function workflowOf(repository: string, commit: string): Signer {
  const subject = `${repository}/.github/workflows/release.yml@refs/tags/v1.0.0`;
  return { subject, claims: { 8: GITHUB, 12: repository, 13: commit, 14: 'refs/tags/v1.0.0' } };
}

/** A provenance statement (SLSA 1, GitHub Actions) about a file. */
export function provenanceOf(facts: {
  readonly purl: string;
  readonly bytes: Uint8Array;
  readonly repository: string;
  readonly commit: string;
}): object {
  const { purl, bytes, repository, commit } = facts;
  const workflow = { repository, ref: 'refs/tags/v1.0.0', path: '.github/workflows/release.yml' };
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: purl, digest: { sha512: hash('sha512', bytes) } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1',
        externalParameters: { workflow },
        resolvedDependencies: [{ uri: `git+${repository}`, digest: { gitCommit: commit } }],
      },
    },
  };
}

/** What the log answers (sigstore/rekor, openapi.yaml, "LogEntry"), as far as it is used. */
interface LogEntry {
  readonly body: string;
  readonly integratedTime: number;
  readonly logID: string;
  readonly logIndex: number;
  readonly verification: {
    readonly signedEntryTimestamp: string;
    readonly inclusionProof: {
      readonly logIndex: number;
      readonly rootHash: string;
      readonly treeSize: number;
      readonly checkpoint: string;
    };
  };
}

/** A bundle as the registry serves it. */
export type TestBundle = Readonly<Record<string, unknown>>;

/** A Sigstore of its own in memory: a certificate authority, its log, and a transparency log, all with real keys. */
export class TestSigstore {
  readonly #ca: Awaited<ReturnType<typeof initializeCA>>;
  readonly #ctLog: Awaited<ReturnType<typeof initializeCTLog>>;
  readonly #tLog: Awaited<ReturnType<typeof initializeTLog>>;
  readonly #tsa: Awaited<ReturnType<typeof initializeTSA>>;
  /** What the timestamp authority takes for the present: whole seconds, which every reader of its times knows. */
  readonly #tsaClock: Date;

  private constructor(parts: {
    ca: Awaited<ReturnType<typeof initializeCA>>;
    ctLog: Awaited<ReturnType<typeof initializeCTLog>>;
    tLog: Awaited<ReturnType<typeof initializeTLog>>;
    tsa: Awaited<ReturnType<typeof initializeTSA>>;
    tsaClock: Date;
  }) {
    this.#ca = parts.ca;
    this.#ctLog = parts.ctLog;
    this.#tLog = parts.tLog;
    this.#tsa = parts.tsa;
    this.#tsaClock = parts.tsaClock;
  }

  /** @param options.logClock what the log takes for the present; default: the present */
  static async start(options: { readonly logClock?: Date } = {}): Promise<TestSigstore> {
    const ctLog = await initializeCTLog(newKeys());
    const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const ca = await initializeCA(authority, ctLog);
    const tLog = await initializeTLog(LOG, newKeys(), options.logClock);
    const tsaClock = new Date();
    const tsa = await initializeTSA(newKeys(), tsaClock);
    return new TestSigstore({ ca, ctLog, tLog, tsa, tsaClock });
  }

  /**
   * Serves the certificate authority, the log and the timestamp authority (at `/tsa`) on loopback, as a signer asks them.
   *
   * @param spoil makes a log or a timestamp authority answer something else
   */
  async serve(
    spoil: Spoil = (_, answer) => answer,
  ): Promise<{ readonly url: string; close(): Promise<void> }> {
    const log = rekorHandler(this.#tLog);
    const handlers = [
      fulcioHandler(this.#ca),
      { ...log, fn: (body: string) => log.fn(canonicalEntry(body)) },
      { path: '/tsa', fn: (body: string) => this.#timestamp(Buffer.from(body, 'latin1')) },
    ];
    const server = createServer((request, response) => {
      const handler = handlers.find(({ path }) => path === request.url);
      if (handler === undefined) return void response.writeHead(404).end();
      void answerTo(handler, request, response, spoil);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      close: async () => {
        server.close();
        server.closeAllConnections();
        await once(server, 'close');
      },
    };
  }

  /** Answers a query of RFC 3161 about a sha256, without a nonce. */
  async #timestamp(query: Buffer): Promise<Answer> {
    // The last element of such a query is the digest: an OCTET STRING of 32 bytes.
    if (query.at(-34) !== 0x04 || query.at(-33) !== 32) return { statusCode: 400, response: 'no query' };
    this.#tsaClock.setTime(Math.ceil(Date.now() / 1000) * 1000);
    const response = await this.#tsa.timestamp({
      artifactHash: query.subarray(-32),
      hashAlgorithmOID: '2.16.840.1.101.3.4.2.1',
      nonce: 1,
      policyOID: '1.3.6.1.4.1.57264.2',
      certReq: false,
    });
    return { statusCode: 200, response, contentType: 'application/timestamp-reply' };
  }

  /** PEM: the certificate that signs its timestamps, and the one above it. */
  timestampCertificates(): readonly string[] {
    return [this.#tsa.intCertificate, this.#tsa.rootCertificate].map((one) =>
      new X509Certificate(Buffer.from(base64(one), 'base64')).toString(),
    );
  }

  /** Its trusted root, in Sigstore's form. */
  trustedRoot(): object {
    const since = { start: '2020-01-01T00:00:00Z' };
    const key = (bytes: Uint8Array) => ({
      rawBytes: base64(bytes),
      keyDetails: 'PKIX_ECDSA_P256_SHA_256',
      validFor: since,
    });
    const log = (publicKey: Uint8Array) => ({
      baseUrl: LOG,
      hashAlgorithm: 'SHA2_256',
      publicKey: key(publicKey),
      logId: { keyId: createHash('sha256').update(publicKey).digest('base64') },
    });
    return {
      mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
      tlogs: [log(this.#tLog.publicKey)],
      ctlogs: [log(this.#ctLog.publicKey)],
      timestampAuthorities: [
        {
          subject: { organization: 'sigstore.mock', commonName: 'tsa' },
          uri: 'https://tsa.example',
          certChain: {
            certificates: [this.#tsa.intCertificate, this.#tsa.rootCertificate].map((one) => ({
              rawBytes: base64(one),
            })),
          },
          validFor: since,
        },
      ],
      certificateAuthorities: [
        {
          subject: { organization: 'sigstore.mock', commonName: 'sigstore' },
          uri: 'https://fulcio.example',
          certChain: { certificates: [{ rawBytes: base64(this.#ca.rootCertificate) }] },
          validFor: since,
        },
      ],
    };
  }

  /** A statement signed by whoever a certificate names, and logged. */
  async signed(statement: object, signer: Signer): Promise<TestBundle> {
    const keys = newKeys();
    const certificate = await this.#ca.issueCertificate({
      publicKey: Buffer.from(der(keys.publicKey)),
      subjectAltName: signer.subject,
      extensions: Object.entries(signer.claims).map(([number, value]) => ({
        oid: `${FULCIO_ARC}${number}`,
        value,
        legacy: Number(number) < 8,
      })),
    });
    return this.#bundle(statement, keys, { certificate: { rawBytes: base64(certificate) } });
  }

  /** A statement signed with a key that has a name, and logged. */
  async signedWithKey(statement: object, keys: KeyPair, id: string): Promise<TestBundle> {
    return this.#bundle(statement, keys, { publicKey: { hint: id } }, id);
  }

  async #bundle(statement: object, keys: KeyPair, who: object, keyid = ''): Promise<TestBundle> {
    const payload = Buffer.from(JSON.stringify(statement));
    // DSSE 1.0.2, "Signature Definition".
    const signedBytes = Buffer.concat([
      Buffer.from(`DSSEv1 ${IN_TOTO.length} ${IN_TOTO} ${payload.length} `),
      payload,
    ]);
    const signature = sign('sha256', signedBytes, keys.privateKey).toString('base64');
    const proposed = {
      apiVersion: '0.0.1',
      kind: 'dsse',
      spec: {
        payloadHash: { algorithm: 'sha256', value: hash('sha256', payload) },
        signatures: [{ signature, verifier: base64(der(keys.publicKey)) }],
      },
    };
    const [entry] = Object.values((await this.#tLog.log(proposed)) as Readonly<Record<string, LogEntry>>);
    if (entry === undefined) throw new Error('The log took nothing.');
    const { inclusionProof: proof, signedEntryTimestamp } = entry.verification;
    const logged = {
      logIndex: String(entry.logIndex),
      logId: { keyId: Buffer.from(entry.logID, 'hex').toString('base64') },
      kindVersion: { kind: 'dsse', version: '0.0.1' },
      integratedTime: String(entry.integratedTime),
      inclusionPromise: { signedEntryTimestamp },
      inclusionProof: {
        logIndex: String(proof.logIndex),
        rootHash: Buffer.from(proof.rootHash, 'hex').toString('base64'),
        treeSize: String(proof.treeSize),
        hashes: [],
        checkpoint: { envelope: proof.checkpoint },
      },
      canonicalizedBody: entry.body,
    };
    return {
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      verificationMaterial: { ...who, tlogEntries: [logged], timestampVerificationData: undefined },
      dsseEnvelope: {
        payload: payload.toString('base64'),
        payloadType: IN_TOTO,
        signatures: [{ sig: signature, keyid }],
      },
    };
  }
}

/** A key with which a registry signs. */
export class TestRegistryKey {
  readonly keys: KeyPair = newKeys();
  readonly id: string;

  constructor(id = 'SHA256:of-a-test') {
    this.id = id;
  }

  /** As `/-/npm/v1/keys` has it. */
  stated(expires: string | null = null): object {
    const { id: keyid, keys } = this;
    return {
      keyid,
      expires,
      keytype: 'ecdsa-sha2-nistp256',
      scheme: 'ecdsa-sha2-nistp256',
      key: base64(der(keys.publicKey)),
    };
  }

  /** As `dist.signatures` has it. */
  signature(id: string, bytes: Uint8Array): { readonly keyid: string; readonly sig: string } {
    const text = `${id}:sha512-${hash('sha512', bytes, 'base64')}`;
    return {
      keyid: this.id,
      sig: sign('sha256', Buffer.from(text), this.keys.privateKey).toString('base64'),
    };
  }
}
