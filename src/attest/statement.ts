import { z } from 'zod';
import type { ResultDocument } from '../report/document.ts';
import { STATEMENT_TYPE, STATEMENT_TYPE_V01 } from './type-uris.ts';

/** Lowercase hex of some bytes. */
export const Hex = (length: number) => z.string().regex(new RegExp(`^[0-9a-f]{${length}}$`));

/** The digests that subjects of ours have, so that they can be joined to lockfiles and to what downloads are checked with. */
export const FileDigest = z.strictObject({ sha512: Hex(128), sha256: Hex(64) });
export type FileDigest = z.infer<typeof FileDigest>;

/** Digests by algorithm (in-toto, spec/v1/digest_set.md). */
const DigestSet = z.record(z.string(), z.string());

/** What any in-toto statement must have (spec/v1/statement.md); of either version that is in use. */
export const AnyStatement = z.object({
  _type: z.enum([STATEMENT_TYPE, STATEMENT_TYPE_V01]),
  subject: z.array(z.object({ name: z.string().optional(), digest: DigestSet })).min(1),
  predicateType: z.string().min(1),
  predicate: z.unknown(),
});
export type AnyStatement = z.infer<typeof AnyStatement>;

/** A statement of ours: about exactly one file. */
export const OwnStatement = z.strictObject({
  _type: z.literal(STATEMENT_TYPE),
  subject: z.tuple([z.strictObject({ name: z.string().min(1), digest: FileDigest })]),
  predicateType: z.string(),
  predicate: z.unknown(),
});

export interface Statement<Predicate = unknown> {
  readonly _type: typeof STATEMENT_TYPE;
  readonly subject: readonly [{ readonly name: string; readonly digest: FileDigest }];
  readonly predicateType: string;
  readonly predicate: Predicate;
}

/** Who states something, and when. */
export interface Occasion {
  /** A value of BUILDERS. */
  readonly builder: string;
  /** ISO 8601. */
  readonly startedOn: string;
  /** ISO 8601. */
  readonly finishedOn: string;
  /** Different for every run. */
  readonly invocationId: string;
}

/** The published file as the subject of a statement; null when there was none to hash. */
export function publishedSubject({ subject }: ResultDocument): Statement['subject'] | null {
  const { purl, digests } = subject;
  return digests === null
    ? null
    : [{ name: purl, digest: { sha512: digests.sha512, sha256: digests.sha256 } }];
}

/**
 * What a rebuild made as the subject of a statement; null when it made nothing. It is the published file only where it has that
 * file's very bytes: of any other file it would be false that it was built here.
 */
export function rebuiltSubject(document: ResultDocument): Statement['subject'] | null {
  if (document.level === 'bytes') return publishedSubject(document);
  const digests = document.rebuilt?.digests;
  if (digests === undefined) return null;
  const { sha512, sha256 } = digests;
  return [{ name: `rebuild/${document.subject.artifact ?? 'artifact'}`, digest: { sha512, sha256 } }];
}

/** What is signed: UTF-8 of the JSON, without white space. */
export function statementBytes(statement: Statement): Buffer {
  return Buffer.from(JSON.stringify(statement));
}
