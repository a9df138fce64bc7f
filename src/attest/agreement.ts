import { z } from 'zod';
import { ToolDocument } from '../report/document.ts';
import { CheckDocument, exitCodeOfCheck } from './check-document.ts';

const Text = z.string();
const Sameness = z.enum(['same', 'different', 'nothing']);
type Sameness = z.infer<typeof Sameness>;

/** What several checks come to together: `--json` of `reprove check-attestation` for more than one. docs/agreement.schema.json. */
export const AgreementDocument = z.strictObject({
  schemaVersion: z.literal(1),
  tool: ToolDocument,
  /** True when every one is accepted, they agree, and as many independent signers as were asked for have rebuilt the file. */
  accepted: z.boolean(),
  checks: z.array(CheckDocument).min(1),
  agreement: z.strictObject({
    /** Whether all of them are about the same published file; `nothing`: none is. */
    subject: Sameness,
    /** Whether those who have rebuilt it say the same of it; `nothing`: nobody has. */
    verdict: Sameness,
    /** Whether their rebuilds gave the same bytes. They need not where only compression differs. */
    rebuilt: Sameness,
    /** Who has rebuilt it, each once. */
    signers: z.array(Text),
    /** What they say that they are: builders of one kind make the same mistakes. */
    builders: z.array(Text),
    /** How many different signers had to have rebuilt it. */
    wanted: z.int().nonnegative(),
    /** What is wrong with it; empty when nothing is. */
    problems: z.array(Text),
  }),
});
export type AgreementDocument = z.infer<typeof AgreementDocument>;
export type Agreement = AgreementDocument['agreement'];

/** JSON Schema (2020-12) of the document of several checks. */
export function agreementJsonSchema(): unknown {
  return z.toJSONSchema(AgreementDocument, { target: 'draft-2020-12' });
}

/**
 * Whether checks that were accepted agree, and how many of their makers are independent of each other as far as can be seen.
 *
 * @param wanted how many different signers must have rebuilt the file
 */
export function agreementOf(checks: readonly CheckDocument[], wanted: number): Agreement {
  const accepted = checks.filter((check) => check.accepted);
  const statements = accepted.flatMap(({ statement }) => (statement === null ? [] : [statement]));
  const published = statements.filter(({ about }) => about === 'published');
  const opinions = accepted.filter(({ statement }) => statement?.opinion != null);
  const said = opinions.flatMap(({ statement }) => (statement === null ? [] : [statement]));
  const subject = sameFiles(published.flatMap(({ subject: all }) => all.map(({ digest }) => digest)));
  const verdict = sameness(said.map(({ opinion }) => opinion));
  const signers = unique(opinions.map(({ signer }) => partyOf(signer)));
  const agreement = {
    subject,
    verdict,
    rebuilt: sameFiles(said.flatMap(({ rebuilt }) => (rebuilt === null ? [] : [rebuilt]))),
    signers,
    builders: unique(said.map(({ maker }) => maker)),
    wanted,
  };
  return { ...agreement, problems: problemsOf(agreement) };
}

function problemsOf({ subject, verdict, signers, wanted }: Omit<Agreement, 'problems'>): string[] {
  return [
    ...(subject === 'different' ? ['They are about different files.'] : []),
    ...(verdict === 'different' ? ['Those who have rebuilt it do not say the same of it.'] : []),
    ...(signers.length < wanted
      ? [`${signers.length} independent signers have rebuilt it; ${wanted} were asked for.`]
      : []),
  ];
}

/**
 * Who stands behind a signature: the key, or whoever owns the repository of the workflow that signed. Two branches, workflows or
 * repositories of one owner are not independent of each other.
 */
function partyOf(signer: CheckDocument['signer']): string {
  if (signer === null) return 'nobody';
  if (signer.kind === 'key') return `key ${signer.id}`;
  const [, owner] = /^(https:\/\/[^/]+\/[^/]+)\//.exec(signer.identity) ?? [];
  return `${owner ?? signer.identity} (${signer.issuer})`;
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}

function sameness(values: readonly unknown[]): Sameness {
  if (values.length === 0) return 'nothing';
  return new Set(values).size === 1 ? 'same' : 'different';
}

/** Digests that count. */
const STRONG: ReadonlySet<string> = new Set(['sha512', 'sha256']);

/** Whether sets of digests are all of one file: no two differ in an algorithm, and each shares one with the others. */
function sameFiles(sets: readonly Readonly<Record<string, string>>[]): Sameness {
  const [first, ...others] = sets.map(strongOf);
  if (first === undefined) return 'nothing';
  const known = new Map(first);
  let left = others;
  while (left.length > 0) {
    const comparable = left.filter((set) => set.some(([name]) => known.has(name)));
    // What shares no algorithm with the rest cannot be compared, and is not taken for the same.
    if (comparable.length === 0) return 'different';
    for (const [name, value] of comparable.flat()) {
      if ((known.get(name) ?? value) !== value) return 'different';
      known.set(name, value);
    }
    left = left.filter((set) => !comparable.includes(set));
  }
  return 'same';
}

function strongOf(digests: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(digests).filter(([name]) => STRONG.has(name));
}

/**
 * What only makes sense together: a statement about what a rebuild made is about the right file when its signer says of a rebuild
 * that this came of it, and one without a verdict needs none where the policy accepts the verdict of another.
 */
export function joined(checks: readonly CheckDocument[]): readonly CheckDocument[] {
  const accepted = checks.filter((check) => check.accepted);
  return checks.map((check) => {
    const companion = accepted.find((one) => isOfOneRebuild(check, one));
    const judged = accepted.find(({ claims }) =>
      claims.some(({ name, state }) => name === 'policy' && state === 'holds'),
    );
    const claims = check.claims.map((claim) => {
      if (claim.state !== 'fails') return claim;
      if (claim.name === 'subject' && companion !== undefined) {
        const detail = `It is about what the rebuild made of which ${companion.bundle} says what came of it.`;
        return { ...claim, state: 'holds' as const, detail };
      }
      if (claim.name === 'policy' && check.statement?.verdict == null && judged !== undefined) {
        const detail = `It states no verdict; that of ${judged.bundle} was judged.`;
        return { ...claim, state: 'unchecked' as const, detail };
      }
      return claim;
    });
    return { ...check, claims, accepted: claims.every(({ state }) => state !== 'fails') };
  });
}

function isOfOneRebuild({ statement, signer }: CheckDocument, other: CheckDocument): boolean {
  const rebuilt = other.statement?.rebuilt;
  if (statement?.about !== 'rebuilt' || rebuilt == null || signer === null) return false;
  const isOfOneSigner = JSON.stringify(signer) === JSON.stringify(other.signer);
  return isOfOneSigner && sameFiles([rebuilt, ...statement.subject.map(({ digest }) => digest)]) === 'same';
}

/** As of one check; what is wrong with the agreement is a refusal. The worst of several verdicts counts. */
export function exitCodeOfAgreement({ accepted, checks }: AgreementDocument): 0 | 1 | 3 {
  if (!accepted) return 1;
  const codes = checks.map(exitCodeOfCheck);
  if (codes.includes(1)) return 1;
  return codes.includes(3) ? 3 : 0;
}
