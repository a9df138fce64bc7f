import { deadlineIn } from '../deadline.ts';
import type { Ecosystem } from '../ecosystem.ts';
import { type FindOutcome, findPlans } from '../find-plans.ts';
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
  const text = options.json
    ? jsonText(document)
    : renderPlans(document, { ...terminal(), environment: ecosystem.environment });
  process.stdout.write(text);
  return document.reason === null ? 0 : 3;
}

function documentOf(outcome: FindOutcome, ecosystem: Ecosystem): PlansDocument {
  if (outcome.kind === 'not-published') return plansOfNotPublished(outcome.missing);
  const fingerprint = ecosystem.fingerprint(outcome.published.artifact);
  return outcome.kind === 'found'
    ? plansOfPublished({ ...outcome, fingerprint, reason: null })
    : plansOfPublished({ ...outcome, fingerprint, plans: [] });
}
