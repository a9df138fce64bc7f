import { visible } from '../published/visible.ts';
import { type Block, type Canvas, canvasOf, joined, labelled, type TextOptions, verbatim } from './canvas.ts';
import type { PlansDocument } from './plans-document.ts';
import { nextByReason } from './sentences.ts';
import { stepLine } from './step-line.ts';

/** Nobody reads fifty. */
const MOST_PLANS = 10;
const MOST_SIGNALS = 10;

type PlanOfDocument = PlansDocument['plans'][number];

/**
 * The plans for a person: what the published bytes look like, where they may come from, and each plan with its steps.
 * Everything that came from outside has its control characters made visible.
 */
export function renderPlans(document: PlansDocument, options: TextOptions): string {
  const canvas = canvasOf(options);
  const shown = document.plans.slice(0, MOST_PLANS);
  return joined([
    headBlock(document, canvas),
    fingerprintBlock(document, canvas),
    ...document.sources.map((source) => sourceBlock(source, canvas)),
    ...shown.map((plan, index) => planBlock({ document, plan, index, canvas })),
    restBlock(document),
    signalsBlock(document, canvas),
    nextBlock(document, canvas),
  ]);
}

function headBlock({ subject, reason, plans, sources }: PlansDocument, canvas: Canvas): Block {
  const name = canvas.style.bold(visible(`${subject.name}@${subject.version}`));
  if (reason === null) {
    const from = `${count(sources.length, 'source')}, ${count(plans.length, 'plan')}`;
    return [`${name}  ${from}; nothing was built`];
  }
  const mark = canvas.style.verdict('unverifiable', '? UNVERIFIABLE');
  return [`${mark}  ${name}  ${reason.code}`, ...labelled('because', reason.message, canvas)];
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`;
}

function fingerprintBlock({ subject, fingerprint }: PlansDocument, canvas: Canvas): Block {
  if (fingerprint === null || subject.digests === null) return [];
  const { packer, gzip, header, order, times } = fingerprint;
  const fields = `flags ${header.flags}, time ${header.mtime}, XFL ${header.extraFlags}, OS ${header.operatingSystem}`;
  return [
    ...labelled(
      'artifact',
      `${subject.artifact ?? ''} sha512 ${subject.digests.sha512.slice(0, 16)}…`,
      canvas,
    ),
    ...labelled('packer', packer, canvas),
    ...labelled('gzip', `${gzip} (${fields})`, canvas),
    ...labelled('order', order ?? 'none that is known', canvas),
    ...labelled('times', timesOf(times), canvas),
  ];
}

function timesOf(times: NonNullable<PlansDocument['fingerprint']>['times']): string {
  if (times === null) return 'none';
  if (times.distinct === 1) return `${times.earliest} for every entry`;
  return `${times.distinct} different ones from ${times.earliest} to ${times.latest}`;
}

function sourceBlock(source: PlansDocument['sources'][number], canvas: Canvas): Block {
  const ref = source.ref === null ? '' : ` ${source.ref.replace(/^refs\/(tags|heads)\//, '')}`;
  const place = source.directory === '.' ? '' : ` in ${source.directory}`;
  return [
    ...labelled('source', `${source.repository}${ref} ${source.commit.slice(0, 12)}${place}`, canvas),
    ...labelled('because', source.evidence.map((one) => one.detail).join('; '), canvas),
  ];
}

function planBlock(options: {
  document: PlansDocument;
  plan: PlanOfDocument;
  index: number;
  canvas: Canvas;
}): Block {
  const { document, plan, index, canvas } = options;
  const tools = Object.entries(plan.toolchain).map(([role, version]) => `${role} ${version}`);
  const where = document.sources.length > 1 ? ` at ${plan.commit.slice(0, 12)}` : '';
  const title = canvas.style.bold(visible(`${index + 1}. ${plan.strategy}${where} with ${tools.join(', ')}`));
  const notes = [
    plan.withGit ? ['git', 'the source comes with a .git of this one commit'] : null,
    plan.conclusive
      ? null
      : ['but', 'it leaves out what the source may need: a difference under it proves nothing'],
  ].filter((one) => one !== null);
  return [
    title,
    ...labelled('because', plan.evidence.map((one) => one.detail).join(' '), canvas),
    ...labelled('registry', `as of ${plan.registryTime}`, canvas),
    ...labelled('clock', `from ${plan.clock} on`, canvas),
    ...notes.flatMap(([label = '', text = '']) => labelled(label, text, canvas)),
    ...plan.steps.map((step) => verbatim(step.phase, stepLine(step, canvas.environment), canvas)),
  ];
}

function restBlock({ plans }: PlansDocument): Block {
  const rest = plans.length - MOST_PLANS;
  return rest > 0 ? [`... and ${rest} more; --json has them all`] : [];
}

function signalsBlock({ signals }: PlansDocument, canvas: Canvas): Block {
  return signals
    .slice(0, MOST_SIGNALS)
    .flatMap((signal) => labelled('note', `${signal.message} [${signal.kind}]`, canvas));
}

function nextBlock({ reason, subject }: PlansDocument, canvas: Canvas): Block {
  if (reason !== null) return labelled('next', nextByReason(reason.code), canvas);
  const spec = `${subject.name}@${subject.version}`;
  const run = `"reprove verify ${spec}" tries them in this order until one reproduces the artifact.`;
  const edit = 'To change one, keep this with --json > plan.json, edit it, and add --plan plan.json.';
  return labelled('next', `${run} ${edit}`, canvas);
}
