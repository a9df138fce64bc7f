import { Listr, type ListrTaskWrapper } from 'listr2';
import { visible } from '../published/visible.ts';
import type { Progress } from '../verify.ts';

/** Progress on stderr: a live list on a terminal, one line per event elsewhere. */
export interface LiveProgress extends Progress {
  /** Shows progress while `work` runs. */
  around<T>(work: () => Promise<T>): Promise<T>;
}

export function liveProgress(options: { title: string }): LiveProgress {
  const live = process.stderr.isTTY === true && !process.env['CI'];
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

/** One listr2 task whose output line is the latest event. */
function terminalProgress(title: string): LiveProgress {
  let task: ListrTaskWrapper<unknown, never, never> | null = null;
  const show = (text: string) => {
    if (task !== null) task.output = visible(text);
  };
  return {
    onStage: (stage, detail) => show(`${stage}: ${detail}`),
    onStep: (step) => show(`${step.phase}: ${step.name}`),
    async around<T>(work: () => Promise<T>): Promise<T> {
      const results: T[] = [];
      const list = new Listr<unknown>(
        [
          {
            title: `verifying ${visible(title)}`,
            task: async (_, wrapper) => {
              task = wrapper as unknown as typeof task;
              results.push(await work());
            },
          },
        ],
        { rendererOptions: { clearOutput: true, showErrorMessage: false } } as never,
      );
      await list.run();
      return results[0] as T;
    },
  };
}
