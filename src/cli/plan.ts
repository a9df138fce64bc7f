import { deadlineIn } from '../deadline.ts';
import type { Ecosystem } from '../ecosystem.ts';
import { type FindOutcome, findPlans } from '../find-plans.ts';
import { dockerfileOf } from '../report/dockerfile.ts';
import { jsonText } from '../report/json-text.ts';
import { type PlansDocument, plansOfNotPublished, plansOfPublished } from '../report/plans-document.ts';
import { renderPlans } from '../report/plans-text.ts';
import { parseSourceOverride } from '../source/override.ts';
import { stopwatch } from '../stopwatch.ts';
import type { PlanOptions } from './plan-options.ts';
import { liveProgress } from './progress.ts';
import { terminal } from './terminal.ts';
import { openEcosystem } from './open-ecosystem.ts';

/**
 * `reprove plan`: prints the plans to stdout, progress to stderr.
 *
 * @returns the exit code: 0 when there is a plan, else 3
 */
export async function runPlan(spec: string, options: PlanOptions): Promise<number> {
  const sourceOverride = options.source === undefined ? null : parseSourceOverride(options.source);
  const progress = liveProgress({ title: spec });
  const ecosystem = await openEcosystem(options);
  const outcome = await progress.around(() =>
    findPlans(
      { spec, sourceOverride, mirrors: options.gitMirror, cacheDir: options.cacheDir },
      { ecosystem, progress, watch: stopwatch(), deadline: deadlineIn(options.timeout * 1000) },
    ),
  );
  const document = documentOf(outcome, ecosystem);
  process.stdout.write(textOf({ outcome, document, ecosystem }, options.format));
  return document.reason === null ? 0 : 3;
}

interface Found {
  readonly outcome: FindOutcome;
  readonly document: PlansDocument;
  readonly ecosystem: Ecosystem;
}

/** Where there is no plan, there is no Dockerfile: the reason is told instead. */
function textOf({ outcome, document, ecosystem }: Found, format: PlanOptions['format']): string {
  if (format === 'json') return jsonText(document);
  const [first] = outcome.kind === 'found' ? outcome.plans : [];
  if (format === 'dockerfile' && first !== undefined) {
    const form = ecosystem.bareForm(first.plan);
    return dockerfileOf({ document, form, registry: ecosystem.registryOf(document.subject.name) });
  }
  return renderPlans(document, { ...terminal(), environment: ecosystem.environment });
}

function documentOf(outcome: FindOutcome, ecosystem: Ecosystem): PlansDocument {
  if (outcome.kind === 'not-published') return plansOfNotPublished(outcome.missing);
  const fingerprint = ecosystem.fingerprint(outcome.published.artifact);
  return outcome.kind === 'found'
    ? plansOfPublished({ ...outcome, fingerprint, reason: null })
    : plansOfPublished({ ...outcome, fingerprint, plans: [] });
}
