import { createHash } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Parameters, provenanceStatement } from './attest/provenance.ts';
import { sbomStatement } from './attest/sbom.ts';
import { type Occasion, type Statement, statementBytes } from './attest/statement.ts';
import { summaryStatement } from './attest/summary.ts';
import { PAYLOAD_TYPE } from './attest/type-uris.ts';
import { verificationStatement } from './attest/verification.ts';
import { messageOf, ReproveError } from './errors.ts';
import type { ResultDocument } from './report/document.ts';
import type { SignWith } from './signing/protocol.ts';
import { signAndWitness } from './signing/sign-and-witness.ts';
import type { TrustOptions } from './sigstore/trusted-root.ts';
import type { Witnesses } from './sigstore/witness.ts';

export interface AttestRequest {
  readonly with: SignWith;
  readonly witnesses: Witnesses;
  /** Under what it is checked before it is written. */
  readonly trust: TrustOptions;
  /** Folder for the bundles; made when it is missing. */
  readonly out: string;
  readonly occasion: Occasion;
  readonly parameters: Parameters;
}

/**
 * Signs a result, whatever its verdict, and writes one bundle for each statement (a bundle holds one envelope, an envelope one
 * statement).
 *
 * @returns the document with the names of the bundles; as it was when there is no file that a statement could be about
 * @throws ReproveError when the key cannot be used or the bundles cannot be written
 */
export async function attestResult(
  document: ResultDocument,
  request: AttestRequest,
): Promise<ResultDocument> {
  const { out, occasion } = request;
  const name = bundleName(document.subject);
  const named = [
    { file: `${name}.sigstore.json`, statement: verificationStatement(document, occasion) },
    { file: `${name}.provenance.sigstore.json`, statement: provenanceStatement(document, request) },
    { file: `${name}.sbom.sigstore.json`, statement: sbomStatement(document, occasion) },
    { file: `${name}.summary.sigstore.json`, statement: summaryStatement(document, occasion) },
  ].flatMap(({ file, statement }) => (statement === null ? [] : [{ file, statement }]));
  if (named.length === 0) return document;
  const { signer, bundles } = await signAndWitness({
    with: request.with,
    witnesses: request.witnesses,
    trust: request.trust,
    payloadType: PAYLOAD_TYPE,
    payloads: named.map(({ statement }) => statementBytes(statement)),
  });
  const files = await Promise.all(
    named.map(({ file, statement }, index) => writeBundle({ out, file, statement, bundle: bundles[index] })),
  );
  return { ...document, attestation: { signer, files } };
}

/** `<name>-<version>`; whatever is none of the characters of names, scopes' `@` and `/` among them, becomes a hyphen. */
export function bundleName({ name, version }: { readonly name: string; readonly version: string }): string {
  return `${name}-${version}`.replaceAll(/[^\w.+~-]/g, '-');
}

async function writeBundle(options: {
  readonly out: string;
  readonly file: string;
  readonly statement: Statement;
  readonly bundle: unknown;
}): Promise<NonNullable<ResultDocument['attestation']>['files'][number]> {
  const { out, file, statement, bundle } = options;
  const text = `${JSON.stringify(bundle)}\n`;
  const target = path.join(out, file);
  const unfinished = `${target}.${process.pid}.new`;
  try {
    await mkdir(out, { recursive: true });
    await writeFile(unfinished, text);
    await rename(unfinished, target);
  } catch (error) {
    throw new ReproveError('io', {
      what: `The attestation ${target} could not be written.`,
      why: `${messageOf(error)}.`,
      next: 'Name a folder that can be written to with --out.',
    });
  }
  const sha256 = createHash('sha256').update(text).digest('hex');
  return { name: file, predicateType: statement.predicateType, sha256 };
}
