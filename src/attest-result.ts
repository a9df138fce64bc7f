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

export interface SignRequest {
  readonly with: SignWith;
  readonly witnesses: Witnesses;
  /** Under what it is checked before it is written. */
  readonly trust: TrustOptions;
  readonly occasion: Occasion;
  readonly parameters: Parameters;
}

export interface AttestRequest extends SignRequest {
  /** Folder for the bundles; made when it is missing. */
  readonly out: string;
}

/** A signed statement as its file. */
export interface NamedBundle {
  readonly name: string;
  readonly predicateType: string;
  /** Of the text, hex. */
  readonly sha256: string;
  readonly text: string;
}

export interface SignedResult {
  /** With the names of the bundles; as it was when there is no file that a statement could be about. */
  readonly document: ResultDocument;
  readonly bundles: readonly NamedBundle[];
}

/**
 * Signs a result, whatever its verdict, and writes the bundles.
 *
 * @returns the document with the names of the bundles
 * @throws ReproveError when the key cannot be used or the bundles cannot be written
 */
export async function attestResult(
  document: ResultDocument,
  request: AttestRequest,
): Promise<ResultDocument> {
  const signed = await signResult(document, request);
  await writeBundles(signed.bundles, request.out);
  return signed.document;
}

/**
 * Signs a result, whatever its verdict: one bundle for each statement (a bundle holds one envelope, an envelope one statement).
 *
 * @throws ReproveError when the key cannot be used
 */
export async function signResult(document: ResultDocument, request: SignRequest): Promise<SignedResult> {
  const { occasion } = request;
  const name = bundleName(document.subject);
  const named = [
    { file: `${name}.sigstore.json`, statement: verificationStatement(document, occasion) },
    { file: `${name}.provenance.sigstore.json`, statement: provenanceStatement(document, request) },
    { file: `${name}.sbom.sigstore.json`, statement: sbomStatement(document, occasion) },
    { file: `${name}.summary.sigstore.json`, statement: summaryStatement(document, occasion) },
  ].flatMap(({ file, statement }) => (statement === null ? [] : [{ file, statement }]));
  if (named.length === 0) return { document, bundles: [] };
  const { signer, bundles } = await signAndWitness({
    with: request.with,
    witnesses: request.witnesses,
    trust: request.trust,
    payloadType: PAYLOAD_TYPE,
    payloads: named.map(({ statement }) => statementBytes(statement)),
  });
  const files = named.map(({ file, statement }, index) => namedBundle(file, statement, bundles[index]));
  const listed = files.map(({ name: file, predicateType, sha256 }) => ({
    name: file,
    predicateType,
    sha256,
  }));
  return { document: { ...document, attestation: { signer, files: listed } }, bundles: files };
}

function namedBundle(name: string, { predicateType }: Statement, bundle: unknown): NamedBundle {
  const text = `${JSON.stringify(bundle)}\n`;
  const sha256 = createHash('sha256').update(text).digest('hex');
  return { name, predicateType, sha256, text };
}

/** `<name>-<version>`; whatever is none of the characters of names, scopes' `@` and `/` among them, becomes a hyphen. */
export function bundleName({ name, version }: { readonly name: string; readonly version: string }): string {
  return `${name}-${version}`.replaceAll(/[^\w.+~-]/g, '-');
}

/**
 * Writes bundles into a folder, which is made when it is missing; each file is there whole or not at all.
 *
 * @throws ReproveError `io`
 */
export async function writeBundles(
  bundles: readonly Pick<NamedBundle, 'name' | 'text'>[],
  out: string,
): Promise<void> {
  await Promise.all(bundles.map(({ name, text }) => writeBundle(path.join(out, name), text)));
}

async function writeBundle(target: string, text: string): Promise<void> {
  const unfinished = `${target}.${process.pid}.new`;
  try {
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(unfinished, text);
    await rename(unfinished, target);
  } catch (error) {
    throw new ReproveError('io', {
      what: `The attestation ${target} could not be written.`,
      why: `${messageOf(error)}.`,
      next: 'Name a folder that can be written to with --out.',
    });
  }
}
