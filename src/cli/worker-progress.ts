import type { WorkerTools } from '../batch/worker.ts';
import { failureText, resultText, retryText } from './batch-progress.ts';
import { say } from './say.ts';

type WorkerProgress = Pick<
  WorkerTools,
  'onStart' | 'onResult' | 'onRetry' | 'onFailure' | 'onLost' | 'onLapsed'
>;

/** A line for each package version on stderr, and with `--json` one on stdout for whoever collects logs. */
export function workerProgress({ json }: { readonly json: boolean }): WorkerProgress {
  const print = (line: object) => {
    if (json) process.stdout.write(`${JSON.stringify(line)}\n`);
  };
  return {
    onStart: () => undefined,
    onResult(document) {
      const { subject, verdict, level, severity, reason, timings } = document;
      say(resultText(document));
      print({
        purl: subject.purl,
        verdict,
        level,
        severity,
        reason: reason?.code ?? null,
        durationMs: timings.totalMs,
      });
    },
    onRetry(work, trouble) {
      say(retryText(work, trouble));
      print({ purl: work.purl, verdict: null, retryMs: Math.round(trouble.waitMs), detail: trouble.detail });
    },
    onFailure(work, failure) {
      say(failureText(work, failure));
      print({ purl: work.purl, verdict: null, failure });
    },
    onLost: (lost) =>
      say(
        `${lost} that a killed process of this machine had in flight ${lost === 1 ? 'is' : 'are'} begun again`,
      ),
    onLapsed: (title) => say(`another worker has ${title} by now: the store was out of reach for too long`),
  };
}
