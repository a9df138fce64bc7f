import type { z } from 'zod';

const MOST_ISSUES = 3;

/** What a schema found wrong with something from outside, in one sentence. */
export function issuesText(issues: readonly z.core.$ZodIssue[]): string {
  const texts = issues.slice(0, MOST_ISSUES).map(({ path, message }) => {
    const place = path.map(String).join('.').slice(0, 200);
    return `${place === '' ? '' : `${place}: `}${message.slice(0, 300)}`;
  });
  const more = issues.length > MOST_ISSUES ? `; and ${issues.length - MOST_ISSUES} more` : '';
  return `${texts.join('; ')}${more}.`;
}
