/** Whether two steps are never both run, as far as their conditions are plain comparisons of the same thing. */
export function excludeEachOther(a: string | null, b: string | null): boolean {
  const [first, second] = [comparison(a), comparison(b)];
  if (first === null || second === null || first.subject !== second.subject) return false;
  if (first.equal && second.equal) return first.value !== second.value;
  return first.equal !== second.equal && first.value === second.value;
}

interface Comparison {
  readonly subject: string;
  readonly equal: boolean;
  readonly value: string;
}

function comparison(condition: string | null): Comparison | null {
  if (condition === null || condition.length > 256) return null;
  const text = condition
    .replace(/^\$\{\{/, '')
    .replace(/\}\}$/, '')
    .trim();
  const [, subject, operator, value] = /^([\w.-]+) ?(==|!=) ?'?([^'&|]*)'?$/.exec(text) ?? [];
  if (subject === undefined || value === undefined) return negation(text);
  return { subject, equal: operator === '==', value };
}

/** `x` and `!x` are comparisons with `true`. */
function negation(text: string): Comparison | null {
  const [, not, subject] = /^(!?) ?([\w-]+(?:\.[\w-]+)+)$/.exec(text) ?? [];
  return subject === undefined ? null : { subject, equal: not === '', value: 'true' };
}
