import { visible } from '../published/visible.ts';
import type { Progress } from '../verify.ts';

/** Progress on stderr: a live line on a terminal, one line per event elsewhere. */
export interface LiveProgress extends Progress {
  /** Shows progress while `work` runs. */
  around<T>(work: () => Promise<T>): Promise<T>;
}

/** @param options.title what is going on, for example the package version that is verified */
export function liveProgress(options: { title: string }): LiveProgress {
  const live = process.stderr.isTTY && (process.env['CI'] ?? '') === '';
  return live ? terminalProgress(options.title) : lineProgress();
}

function lineProgress(): LiveProgress {
  const say = (text: string) => process.stderr.write(`reprove: ${visible(text)}\n`);
  return {
    onStage: (stage, detail) => say(`${stage}: ${detail}`),
    onStep: (step) => say(`  ${step.phase}: ${step.name}`),
    around: (work) => work(),
  };
}

/** One listr2 task whose output line is the latest event; it leaves nothing behind. */
function terminalProgress(title: string): LiveProgress {
  let show: (text: string) => void = () => undefined;
  return {
    onStage: (stage, detail) => show(`${stage}: ${detail}`),
    onStep: (step) => show(`${step.phase}: ${step.name}`),
    async around<T>(work: () => Promise<T>): Promise<T> {
      const { Listr, ListrLogger, ProcessOutput } = await import('listr2');
      // listr2 draws on stdout unless told otherwise; stdout is for the result.
      const logger = new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stderr) });
      const list = new Listr<{ result?: T }>(
        [
          {
            title: visible(title),
            task: async (context, task) => {
              show = (text) => {
                task.output = visible(text);
              };
              context.result = await work();
            },
          },
        ],
        { ctx: {}, rendererOptions: { clearOutput: true, showErrorMessage: false, logger } },
      );
      const context = await list.run();
      return context.result as T;
    },
  };
}
