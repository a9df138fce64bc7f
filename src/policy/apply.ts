import type { VerificationPredicate } from '../attest/verification.ts';
import type { ResultDocument } from '../report/document.ts';
import { evaluatePolicy, type Judged, type PolicyJudgement } from './evaluate.ts';
import type { Policy } from './schema.ts';

/** A policy and the file that it was read from. */
export interface StatedPolicy {
  readonly policy: Policy;
  /** Hex, of the file. */
  readonly sha256: string;
}

/** The result with what a policy makes of it. */
export function withPolicy(document: ResultDocument, stated: StatedPolicy, now: Date): ResultDocument {
  const { name, version } = document.subject;
  const judgement = judgedBy(stated, { ...document, name, version }, now);
  const rules = judgement.rules.map((one) => ({ ...one }));
  return { ...document, policy: { sha256: stated.sha256, passed: judgement.passed, rules } };
}

/** What a policy makes of a statement about a package version. */
export function judgeStatement(
  predicate: VerificationPredicate,
  stated: StatedPolicy,
  context: { readonly purl: string; readonly now: Date },
): PolicyJudgement {
  return judgedBy(stated, { ...predicate, ...nameOf(context.purl) }, context.now);
}

type Content = Pick<Judged, 'name' | 'version' | 'verdict' | 'level' | 'findings' | 'signals'> & {
  readonly comparison: { readonly normalizers: readonly { readonly name: string }[] } | null;
};

function judgedBy({ policy }: StatedPolicy, content: Content, now: Date): PolicyJudgement {
  const normalizers = content.comparison?.normalizers.map(({ name }) => name) ?? [];
  return evaluatePolicy(policy, { ...content, normalizers }, now);
}

/** Name and version of a purl without qualifiers, as ours are: `pkg:npm/%40scope/name@1.0.0`. */
function nameOf(purl: string): Pick<Judged, 'name' | 'version'> {
  const [, path = '', version = ''] = /^pkg:[^/]+\/(.+)@([^@]+)$/.exec(purl) ?? [];
  return { name: decoded(path), version: decoded(version) };
}

/** What cannot be decoded is the name of nothing, for which there are no exceptions. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
