import { SEVERITIES, type Severity } from '../model/verdict.ts';
import type { ResultDocument } from './document.ts';

const EXIT_CODES = {
  reproduced: 0,
  diverged: 1,
  unverifiable: 3,
} as const satisfies Record<ResultDocument['verdict'], number>;

/**
 * The exit code of a verdict, or of what a policy made of it.
 *
 * @param options.failOn a divergence milder than this counts as 0; nothing loosens `unverifiable`
 */
export function exitCodeOfResult(
  { policy, verdict, severity }: Pick<ResultDocument, 'policy' | 'verdict' | 'severity'>,
  options: { readonly failOn: Severity },
): number {
  // A policy decides alone: it may ask for more than a verdict, and it may have exceptions.
  if (policy !== null) return policy.passed ? 0 : Math.max(1, EXIT_CODES[verdict]);
  const milder = SEVERITIES.indexOf(severity) < SEVERITIES.indexOf(options.failOn);
  if (verdict === 'diverged' && milder) return 0;
  return EXIT_CODES[verdict];
}
