import { checkText } from '../attest/check-text.ts';
import { visible } from '../published/visible.ts';
import {
  type Block,
  type Canvas,
  canvasOf,
  INDENT,
  joined,
  labelled,
  oneLine,
  type TextOptions,
} from '../report/canvas.ts';
import { wrap } from '../report/wrap.ts';
import { DIFFERENCES, verdictWords } from './differences.ts';
import type { ReplayDocument } from './document.ts';

const MOST_DIFFERENCES = 20;
const MOST_LOG_LINES = 8;

/** The result of a replay for a person: what it came to, then what was attested, then what differs. */
export function replayText(document: ReplayDocument, options: TextOptions): string {
  if (document.outcome === 'refused') return checkText(document.check);
  const canvas = canvasOf(options);
  const blocks = [headBlock, attestedBlock, differencesBlock, logBlock, nextBlock];
  return joined(blocks.map((block) => block(document, canvas)));
}

const MARKS = { same: '=', different: '≠', unverifiable: '?', refused: '✘' } as const;

function headBlock(document: ReplayDocument, { style, width }: Canvas): Block {
  const { outcome, check, attested } = document;
  const name = attested?.purl ?? check.bundle;
  const verdict = outcome === 'refused' ? 'different' : outcome;
  const mark = style.verdict(verdict, `${MARKS[outcome]} ${outcome.toUpperCase()}`);
  const sentence = wrap(oneLine(headline(document)), width - 2).map((line) => `  ${line}`);
  return [`${mark}  ${style.bold(visible(name))}`, ...sentence];
}

function headline({ outcome, differences, reason }: ReplayDocument): string {
  if (outcome === 'unverifiable') return reason?.message ?? 'Nothing came out.';
  const deciding = [...new Set(differences.filter(({ decides }) => decides).map(({ kind }) => kind))];
  if (outcome === 'different')
    return `The replay differs from what is attested: ${deciding.map((kind) => DIFFERENCES[kind].title).join(', ')}.`;
  const rest = differences.length === 0 ? '' : ', although not everything it was made with is the same';
  return `The rebuild gives the attested file again, byte for byte${rest}.`;
}

function attestedBlock({ check, attested, result }: ReplayDocument, canvas: Canvas): Block {
  if (attested === null) return [];
  const { signer, statement } = check;
  const who =
    signer?.kind === 'certificate' ? `${signer.identity} (${signer.issuer})` : `key ${signer?.id ?? ''}`;
  const engine = result?.sandbox?.engine ?? null;
  const here = engine === null || engine === attested.engine ? '' : `; here with ${engine}`;
  const registry =
    result === null || result.registry === attested.registry ? '' : `; here ${result.registry}`;
  const facts = [
    ['signed by', who],
    ['made by', `${statement?.maker ?? ''}, reprove ${attested.tool}, with ${attested.engine}${here}`],
    ['source', `${attested.repository} ${attested.commit}`],
    ['registry', `${attested.registry}${registry}`],
    ['fetched', attested.materials === 0 ? 'nothing' : `${attested.materials} files, each by its digest`],
    ['rebuilt', `sha512 ${attested.rebuilt.sha512}`],
    ...(attested.verdict === null
      ? []
      : [['verdict', verdictWords({ verdict: attested.verdict, level: attested.level })]]),
  ];
  return facts.flatMap(([label = '', text = '']) => labelled(label, text, canvas));
}

function differencesBlock({ differences }: ReplayDocument, canvas: Canvas): Block {
  const first = differences.toSorted((a, b) => Number(b.decides) - Number(a.decides));
  const shown = first.slice(0, MOST_DIFFERENCES).flatMap(({ kind, name, attested, replayed, decides }) => {
    const text = `${DIFFERENCES[kind].title}: ${name}; attested ${attested ?? 'nothing'}, here ${replayed ?? 'nothing'} [${kind}]`;
    return labelled(decides ? 'differs' : 'note', text, canvas);
  });
  const rest = differences.length - MOST_DIFFERENCES;
  return rest > 0 ? [...shown, `  ... and ${rest} more; --json has them all`] : shown;
}

/** The end of the log of what failed. */
function logBlock({ outcome, result }: ReplayDocument, { style }: Canvas): Block {
  if (outcome !== 'unverifiable') return [];
  const lines = result?.attempts.flatMap(({ log }) => (log ?? '').split('\n')) ?? [];
  return lines
    .filter((line) => line !== '')
    .slice(-MOST_LOG_LINES)
    .map((line) => style.dim(`${INDENT}| ${visible(line)}`));
}

const NEXT = {
  same: 'Nothing. Whether the steps are honest, the plan has to show ("result" of --json).',
  different:
    'Read what differs; "result" of --json has every difference between the replay and the published file.',
  unverifiable: 'This speaks neither for the attestation nor against it. Read the reason above.',
  refused: 'Do not go by it.',
} as const satisfies Record<ReplayDocument['outcome'], string>;

function nextBlock({ outcome }: ReplayDocument, canvas: Canvas): Block {
  return labelled('next', NEXT[outcome], canvas);
}
