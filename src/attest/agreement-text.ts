import { visible } from '../published/visible.ts';
import type { Agreement, AgreementDocument } from './agreement.ts';
import { checkText } from './check-text.ts';

/** The result of several checks for a person: what they come to, then each of them. */
export function agreementText({ accepted, checks, agreement }: AgreementDocument): string {
  const refused = checks.filter((check) => !check.accepted).length;
  const count = `${checks.length} attestations${refused === 0 ? '' : `, ${refused} of them refused`}`;
  const lines = [
    `${accepted ? 'ACCEPTED' : 'REFUSED'}  ${count}`,
    '',
    ...linesOf(agreement).map((line) => `  ${line}`),
    ...agreement.problems.map((problem) => `  FAILS  ${problem}`),
  ];
  return [`${lines.map((line) => visible(line)).join('\n')}\n`, ...checks.map(checkText)].join('\n');
}

function linesOf({ subject, verdict, rebuilt, signers, builders }: Agreement): readonly string[] {
  return [
    `file      ${FILE[subject]}`,
    `verdict   ${VERDICT[verdict]}`,
    `rebuilt   ${REBUILT[rebuilt]}`,
    `signers   ${signers.length === 0 ? 'nobody has rebuilt it' : signers.join(', ')}`,
    ...(signers.length === 0 ? [] : [`builders  ${builders.join(', ')}`, independence(signers, builders)]),
  ];
}

function independence(signers: readonly string[], builders: readonly string[]): string {
  if (signers.length === 1) return 'One signer: this is one opinion, however often it is signed.';
  const said = `${signers.length} different signers: nothing shows that one of them depends on another.`;
  return builders.length > 1
    ? said
    : `${said} Their builders are of one kind, and have its mistakes in common.`;
}

const FILE = {
  same: 'all are about the same file',
  different: 'they are about different files',
  nothing: 'none is about a published file',
} as const satisfies Record<Agreement['subject'], string>;
const VERDICT = {
  same: 'all who rebuilt it say the same',
  different: 'those who rebuilt it do not say the same',
  nothing: 'nobody has rebuilt it',
} as const satisfies Record<Agreement['verdict'], string>;
const REBUILT = {
  same: 'every rebuild that is told of gave the same bytes',
  different: 'the rebuilds gave different bytes',
  nothing: 'no rebuild is told of',
} as const satisfies Record<Agreement['rebuilt'], string>;
