import type { VerificationPredicate } from '../attest/verification.ts';
import { LEVELS } from '../model/comparison.ts';
import { SEVERITIES, type Severity } from '../model/verdict.ts';
import type { Exception, Policy, Rule } from './schema.ts';

/** What a policy goes by: the same of a result and of a statement. */
export interface Judged {
  readonly name: string;
  readonly version: string;
  readonly verdict: VerificationPredicate['verdict'];
  readonly level: VerificationPredicate['level'];
  readonly normalizers: readonly string[];
  readonly findings: readonly { readonly kind: string; readonly severity: Severity }[];
  readonly signals: readonly { readonly kind: string; readonly severity: Severity }[];
}

/** How a rule came out. */
export interface RuleOutcome {
  readonly rule: Rule;
  /** `excepted`: it does not hold, and an exception does without it. */
  readonly state: 'holds' | 'fails' | 'excepted';
  /** One sentence for a person. */
  readonly detail: string;
}

export interface PolicyJudgement {
  readonly passed: boolean;
  readonly rules: readonly RuleOutcome[];
}

type Asked = (judged: Judged, policy: Policy) => string | null;

/** Each rule: what is wrong under it, in words, or null. */
const CHECKS: Readonly<Record<Rule, Asked>> = {
  verdict: ({ verdict }) => (verdict === 'reproduced' ? null : `the verdict is ${verdict}`),
  level: ({ level }, policy) => {
    const reached = level === null ? -1 : LEVELS.indexOf(level);
    return reached >= LEVELS.indexOf(policy.level)
      ? null
      : `level ${level ?? 'none'} is below ${policy.level}`;
  },
  normalizers: ({ normalizers }, policy) => {
    const other = [...new Set(normalizers)].filter((name) => !policy.normalizers.some((one) => one === name));
    return other.length === 0 ? null : `these were needed and are not allowed: ${other.join(', ')}`;
  },
  findings: ({ findings }, { findings: rule }) =>
    named(findings.filter((one) => isAtLeast(one.severity, rule.failOn) && !rule.allow.includes(one.kind))),
  signals: ({ signals }, { signals: rule }) =>
    named(
      signals.filter(
        ({ kind, severity }) =>
          rule.fail.includes(kind) || (isAtLeast(severity, rule.failOn) && !rule.allow.includes(kind)),
      ),
    ),
};

/**
 * Judges a verdict by a policy.
 *
 * @param now decides which exceptions still count
 */
export function evaluatePolicy(policy: Policy, judged: Judged, now: Date): PolicyJudgement {
  const rules = Object.entries(CHECKS).map(([name, check]) =>
    outcomeOf({ rule: name as Rule, wrong: check(judged, policy), policy, judged, now }),
  );
  return { passed: rules.every(({ state }) => state !== 'fails'), rules };
}

function outcomeOf(context: {
  readonly rule: Rule;
  readonly wrong: string | null;
  readonly policy: Policy;
  readonly judged: Judged;
  readonly now: Date;
}): RuleOutcome {
  const { rule, wrong, policy, judged, now } = context;
  if (wrong === null) return { rule, state: 'holds', detail: 'Nothing is wrong.' };
  const said = `${wrong.charAt(0).toUpperCase()}${wrong.slice(1)}.`;
  const meant = policy.exceptions.filter((one) => one.rules.includes(rule) && isFor(one, judged));
  const counts = meant.find((one) => !isOver(one, now));
  if (counts !== undefined)
    return { rule, state: 'excepted', detail: `${said} Excepted until ${counts.expires}: ${counts.reason}` };
  const over = meant.map(({ expires }) => ` An exception ended on ${expires}.`).join('');
  return { rule, state: 'fails', detail: `${said}${over}` };
}

function isFor({ package: pattern, version }: Exception, judged: Judged): boolean {
  if (version !== undefined && version !== judged.version) return false;
  if (pattern === '*' || pattern === judged.name) return true;
  return pattern.endsWith('/*') && judged.name.startsWith(pattern.slice(0, -1));
}

const DAY_MS = 86_400_000;

function isOver({ expires }: Exception, now: Date): boolean {
  return now.getTime() >= Date.parse(`${expires}T00:00:00Z`) + DAY_MS;
}

function isAtLeast(severity: Severity, least: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(least);
}

const MOST_NAMED = 5;

function named(all: readonly { readonly kind: string; readonly severity: Severity }[]): string | null {
  if (all.length === 0) return null;
  const kinds = [...new Set(all.map(({ kind, severity }) => `${kind} (${severity})`))];
  return `there are ${kinds.slice(0, MOST_NAMED).join(', ')}${kinds.length > MOST_NAMED ? ', ...' : ''}`;
}
