import { compareArtifacts } from '../compare-artifacts.ts';
import { SEVERITIES } from '../model/verdict.ts';
import { documentOfNotPublished } from '../report/assemble.ts';
import { FORMATS, type Printed } from '../report/formats.ts';
import { reportOf, reportOfComparison } from '../report/report.ts';
import { stopwatch } from '../stopwatch.ts';
import type { CompareOptions } from './compare-options.ts';
import { terminal } from './terminal.ts';
import { openEcosystem } from './open-ecosystem.ts';

/**
 * `reprove compare`: prints what differs to stdout.
 *
 * @returns the exit code
 */
export async function runCompare(
  sides: { readonly base: string; readonly subject: string },
  options: CompareOptions,
): Promise<number> {
  const watch = stopwatch();
  const ecosystem = await openEcosystem(options);
  const compared = await compareArtifacts(sides, ecosystem);
  const print = (printed: Printed) => process.stdout.write(FORMATS[options.format](printed, terminal()));
  if (!compared.ok) {
    const { missing } = compared;
    const registry = ecosystem.registryOf(missing.subject.name);
    const document = documentOfNotPublished({ missing, registry, timings: watch.timings() });
    print({ document, report: reportOf(document) });
    return 3;
  }
  const { document } = compared;
  print({ document, report: reportOfComparison(document) });
  const isMilder = SEVERITIES.indexOf(document.severity) < SEVERITIES.indexOf(options.failOn);
  return document.verdict === 'same' || isMilder ? 0 : 1;
}
