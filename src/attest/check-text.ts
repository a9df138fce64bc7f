import { visible } from '../published/visible.ts';
import type { CheckDocument } from './check-document.ts';

const WORDS = { holds: 'holds', fails: 'FAILS', unchecked: '-' } as const;

/** The result of a check for a person: what it comes to, then claim by claim. */
export function checkText({ bundle, accepted, claims, statement }: CheckDocument): string {
  const verdict = statement?.verdict ?? null;
  const level = statement?.level ?? null;
  const says = verdict === null ? '' : `; it says ${verdict}${level === null ? '' : ` at level ${level}`}`;
  const lines = [
    `${accepted ? 'ACCEPTED' : 'REFUSED'}  ${bundle}${accepted ? says : ''}`,
    '',
    ...claims.map(({ name, state, detail }) => `  ${WORDS[state].padEnd(6)} ${name.padEnd(10)} ${detail}`),
    ...(statement === null
      ? []
      : [
          '',
          `  made by   ${statement.maker}`,
          `  says      ${statement.says}`,
          `  says not  ${statement.doesNotSay}`,
        ]),
  ];
  return `${lines.map((line) => visible(line)).join('\n')}\n`;
}
