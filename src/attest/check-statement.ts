import type { SeenSignature } from '../model/seen-signature.ts';
import { issuesText } from '../schema-issues.ts';
import { EVIDENCE } from './evidence.ts';
import { KNOWN_PREDICATE_TYPES, type PredicateFacts, readPredicate } from './predicates.ts';
import { plainPurl } from './purl-name.ts';
import { AnyStatement, OwnStatement } from './statement.ts';

/** What can be right or wrong with an attestation, in the order in which it is looked at. */
export const CLAIM_NAMES = [
  'bundle',
  'signer',
  'signature',
  'witness',
  'statement',
  'subject',
  'freshness',
  'policy',
] as const;
export type ClaimName = (typeof CLAIM_NAMES)[number];

export interface Claim {
  readonly name: ClaimName;
  /** `unchecked`: nobody asked for it, or one before it does not hold. */
  readonly state: 'holds' | 'fails' | 'unchecked';
  /** One sentence for a person. */
  readonly detail: string;
}

export function holds(name: ClaimName, detail: string): Claim {
  return { name, state: 'holds', detail };
}

export function fails(name: ClaimName, detail: string): Claim {
  return { name, state: 'fails', detail };
}

export function unchecked(name: ClaimName, detail: string): Claim {
  return { name, state: 'unchecked', detail };
}

/** Whether a log or a timestamp authority has seen the signature. @param isWanted false: it need not be so */
export function witnessClaim(seen: readonly SeenSignature[], isWanted: boolean): Claim {
  const nobody = 'No log and no timestamp authority has seen the signature.';
  if (seen.length === 0) return isWanted ? fails('witness', nobody) : unchecked('witness', nobody);
  const texts = seen.map(({ kind, time, index }) => {
    const when = time === null ? '' : ` since ${time}`;
    return kind === 'log'
      ? `A log has it, at ${index ?? '?'}${when}.`
      : `A timestamp authority saw it at ${time ?? '?'}.`;
  });
  return holds('witness', texts.join(' '));
}

/** The file that an attestation should be about. */
export interface Expected {
  /** What to call it. */
  readonly label: string;
  /** Null for a file of which nothing else is known. */
  readonly purl: string | null;
  /** Lowercase hex. */
  readonly digests: Readonly<Record<'sha512' | 'sha256', string>>;
}

/** What a statement says, when its type is known and it keeps to it. */
export interface Understood {
  readonly statement: AnyStatement;
  readonly facts: PredicateFacts;
}

/**
 * Reads a statement whose signature has been checked, and says whether it keeps to its type.
 *
 * @param value the payload, as parsed JSON
 */
export function understand(value: unknown): {
  readonly claim: Claim;
  readonly understood: Understood | null;
} {
  const refused = (detail: string) => ({ claim: fails('statement', detail), understood: null });
  const any = AnyStatement.safeParse(value);
  if (!any.success) return refused(`It is no in-toto statement: ${issuesText(any.error.issues)}`);
  const statement = any.data;
  const { predicateType } = statement;
  const read = readPredicate(statement);
  if (read === null)
    return refused(
      `Its predicate type ${JSON.stringify(predicateType)} is not known; these are: ${KNOWN_PREDICATE_TYPES.join(', ')}.`,
    );
  if (!read.ok) return refused(`Its predicate is not what ${predicateType} is: ${read.why}`);
  const own = read.facts.isOurs ? OwnStatement.safeParse(value) : null;
  if (own?.success === false) return refused(`It is no statement of ours: ${issuesText(own.error.issues)}`);
  return {
    claim: holds('statement', `${EVIDENCE[read.facts.kind].title}, in the form that it should have.`),
    understood: { statement, facts: read.facts },
  };
}

/** Digests that count: the others that are in use are broken. */
const STRONG = ['sha512', 'sha256'] as const;

/** Whether a statement is about a file. in-toto matches by digest; a package's name has to be right as well. */
export function subjectClaim({ statement, facts }: Understood, expected: Expected | null): Claim {
  const { subject } = statement;
  const names = subject.map(({ name }) => name ?? 'a file without a name').join(', ');
  if (expected === null)
    return unchecked('subject', `It is about ${names}; no file was named to compare that with.`);
  const same = subject.filter(({ digest }) => isSameFile(digest, expected));
  if (same.length === 0) {
    const found = `${expected.label} has sha512 ${expected.digests.sha512}.`;
    return fails('subject', `It is about ${names} with ${digestText(subject[0]?.digest)}; ${found}`);
  }
  const right = facts.namedBy === 'file' ? expected.label : expected.purl;
  const isNamed = expected.purl === null || same.some(({ name }) => isSameName(name, right));
  if (!isNamed)
    return fails('subject', `It is about ${names}, not about ${right ?? ''}; the bytes are the same.`);
  return holds('subject', `It is about ${names}: ${expected.label} has the same bytes.`);
}

function isSameName(stated: string | undefined, right: string | null): boolean {
  if (stated === undefined || right === null) return false;
  const plain = plainPurl(stated);
  return stated === right || (plain !== null && plain === plainPurl(right));
}

/** Every strong digest that is stated must be right, and one there must be. */
function isSameFile(digest: Readonly<Record<string, string>>, { digests }: Expected): boolean {
  const stated = STRONG.filter((algorithm) => Object.hasOwn(digest, algorithm));
  return stated.length > 0 && stated.every((algorithm) => digest[algorithm] === digests[algorithm]);
}

function digestText(digest: Readonly<Record<string, string>> = {}): string {
  const algorithm = STRONG.find((one) => Object.hasOwn(digest, one));
  return algorithm === undefined ? 'no digest that counts' : `${algorithm} ${digest[algorithm] ?? ''}`;
}

/** Clocks of honest machines are not further apart. */
const CLOCK_SKEW_MS = 5 * 60_000;
const DAY_MS = 86_400_000;

/**
 * Whether a statement is as young as it has to be, and not from the future.
 *
 * @param options.maxAgeMs null: any age will do
 */
export function freshnessClaim(
  { time }: PredicateFacts,
  options: {
    readonly now: Date;
    readonly maxAgeMs: number | null;
    readonly seen: readonly SeenSignature[];
  },
): Claim {
  const { now, maxAgeMs, seen } = options;
  if (time === null) {
    const detail = 'It does not say when it was made.';
    return maxAgeMs === null ? unchecked('freshness', detail) : fails('freshness', detail);
  }
  const ageMs = now.getTime() - Date.parse(time);
  const said = `It was made at ${time}`;
  const before = seen.find((one) => one.time !== null && isLaterThan(time, one.time));
  if (before !== undefined)
    return fails('freshness', `It says that it was made at ${time}; it was seen before, at ${before.time}.`);
  if (ageMs < -CLOCK_SKEW_MS)
    return fails(
      'freshness',
      `${said}, ${daysText(-ageMs)} after what this machine's clock says (${now.toISOString()}): one of the two clocks is wrong.`,
    );
  if (maxAgeMs === null) return unchecked('freshness', `${said}; any age was to be accepted.`);
  if (ageMs > maxAgeMs)
    return fails('freshness', `${said}, ${daysText(ageMs)} ago; at most ${daysText(maxAgeMs)} were allowed.`);
  return holds('freshness', `${said}, ${daysText(ageMs)} ago.`);
}

function isLaterThan(time: string, other: string): boolean {
  return Date.parse(time) - Date.parse(other) > CLOCK_SKEW_MS;
}

function daysText(milliseconds: number): string {
  const days = milliseconds / DAY_MS;
  return `${days >= 10 ? Math.round(days) : Math.round(days * 100) / 100} days`;
}
