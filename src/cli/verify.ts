import { withPolicy } from '../policy/apply.ts';
import { readPlanFile } from '../plan-file/read.ts';
import { FORMATS } from '../report/formats.ts';
import { reportOf } from '../report/report.ts';
import { exitCodeOfResult } from '../report/exit-code.ts';
import { parseSourceOverride } from '../source/override.ts';
import { verify } from '../verify.ts';
import { readPolicy } from './policy.ts';
import { liveProgress } from './progress.ts';
import { openSigning } from './sign.ts';
import { terminal } from './terminal.ts';
import { openTools } from './tools.ts';
import type { VerifyOptions } from './verify-options.ts';

/**
 * `reprove verify`: prints the result to stdout, progress to stderr.
 *
 * @returns the exit code
 */
export async function runVerify(spec: string, options: VerifyOptions): Promise<number> {
  const sourceOverride = options.source === undefined ? null : parseSourceOverride(options.source);
  const stated = options.plan === undefined ? null : await readPlanFile(options.plan);
  const progress = liveProgress({ title: spec });
  const policy = await readPolicy(options.policy);
  const sign = await openSigning(options);
  const tools = await openTools(options, progress);
  const unjudged = await progress.around(() =>
    verify(
      {
        spec,
        sourceOverride,
        stated,
        mirrors: options.gitMirror,
        cacheDir: options.cacheDir,
        limits: tools.limits,
        timeoutMs: options.timeout * 1000,
      },
      tools,
    ),
  );
  const unsigned = policy === null ? unjudged : withPolicy(unjudged, policy, new Date());
  const { document, failure } = await sign(unsigned);
  const text = FORMATS[options.format](
    { document, report: reportOf(document) },
    {
      ...terminal(),
      environment: tools.ecosystem.environment,
    },
  );
  process.stdout.write(text);
  // The verdict is worth hours: it is shown also when nobody can sign it.
  if (failure !== null) throw failure;
  return exitCodeOfResult(document, { failOn: options.failOn });
}
