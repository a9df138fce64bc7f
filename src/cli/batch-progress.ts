import type { Failure } from '../batch/conclude.ts';
import type { Work } from '../batch/work.ts';
import { visible } from '../published/visible.ts';
import type { ResultDocument } from '../report/document.ts';

/** What is said of a batch while it runs, on stderr. */
export interface BatchProgress {
  onStart(work: Work): void;
  onResult(document: ResultDocument): void;
  onRetry(work: Work, trouble: { readonly detail: string; readonly waitMs: number }): void;
  onFailure(work: Work, failure: Failure): void;
  /** Shows it while `work` runs. */
  around<T>(work: () => Promise<T>): Promise<T>;
}

/** A live line on a terminal, a line for each result elsewhere. */
export function batchProgress(options: { readonly total: number; readonly done: number }): BatchProgress {
  const tally = new Tally(options);
  const live = process.stderr.isTTY && (process.env['CI'] ?? '') === '';
  return live ? terminalProgress(tally) : lineProgress(tally);
}

/** What came out so far, how fast, and what is left. */
class Tally {
  readonly #total: number;
  readonly #before: number;
  readonly #startedAt = performance.now();
  readonly #running = new Set<string>();
  readonly #counts = { reproduced: 0, diverged: 0, unverifiable: 0, failed: 0 };

  constructor(options: { readonly total: number; readonly done: number }) {
    this.#total = options.total;
    this.#before = options.done;
  }

  get done(): number {
    const { reproduced, diverged, unverifiable, failed } = this.#counts;
    return reproduced + diverged + unverifiable + failed;
  }

  get running(): string {
    return [...this.#running].join(', ');
  }

  started(title: string): void {
    this.#running.add(title);
  }

  stopped(title: string): void {
    this.#running.delete(title);
  }

  count(outcome: ResultDocument['verdict'] | 'failed'): void {
    this.#counts[outcome] += 1;
  }

  /** `12/340`, counted with what was known before. */
  position(): string {
    return `${this.#before + this.done}/${this.#total}`;
  }

  line(): string {
    const words = Object.entries(this.#counts).flatMap(([word, count]) =>
      count > 0 ? [`${count} ${word === 'failed' ? 'without a verdict' : word}`] : [],
    );
    return [`${this.position()} done`, ...words, ...this.#pace()].join(', ');
  }

  #pace(): readonly string[] {
    const minutes = (performance.now() - this.#startedAt) / 60_000;
    if (this.done < 3 || minutes === 0) return [];
    const rate = this.done / minutes;
    const left = this.#total - this.#before - this.done;
    return [`${rate.toFixed(1)} a minute`, `about ${durationText(left / rate)} left`];
  }
}

function durationText(minutes: number): string {
  if (minutes < 1) return `${Math.ceil(minutes * 60)} s`;
  return minutes < 90 ? `${Math.ceil(minutes)} min` : `${(minutes / 60).toFixed(1)} h`;
}

function lineProgress(tally: Tally): BatchProgress {
  const say = (text: string) => process.stderr.write(`reprove: ${visible(text)}\n`);
  return {
    onStart: () => undefined,
    onResult(document) {
      tally.count(document.verdict);
      say(`${tally.position()} ${resultText(document)}`);
    },
    onRetry: (work, trouble) => say(retryText(work, trouble)),
    onFailure(work, failure) {
      tally.count('failed');
      say(`${tally.position()} ${failureText(work, failure)}`);
    },
    around: (work) => work(),
  };
}

/** A result in one line. */
export function resultText({ verdict, level, reason, severity, subject, timings }: ResultDocument): string {
  const aside = level ?? reason?.code ?? severity;
  return `${verdict} (${aside}) ${subject.name}@${subject.version}, ${(timings.totalMs / 1000).toFixed(1)} s`;
}

/** What has no verdict, in one line. */
export function failureText({ title }: Work, { text }: Failure): string {
  return `no verdict on ${title}: ${text.what} ${text.why}`;
}

export function retryText({ title }: Work, { detail, waitMs }: { detail: string; waitMs: number }): string {
  return `${title} is tried again in ${Math.round(waitMs / 1000)} s: ${detail}`;
}

/** One listr2 task: its title is the state of the batch, its output what happens. It leaves nothing behind; the report does. */
function terminalProgress(tally: Tally): BatchProgress {
  let show: (text: string) => void = () => undefined;
  const ended = (title: string, text: string) => {
    tally.stopped(title);
    show(text);
  };
  return {
    onStart({ title }) {
      tally.started(title);
      show(tally.running);
    },
    onResult(document) {
      tally.count(document.verdict);
      ended(`${document.subject.name}@${document.subject.version}`, resultText(document));
    },
    onRetry: (work, trouble) => ended(work.title, retryText(work, trouble)),
    onFailure(work, failure) {
      tally.count('failed');
      ended(work.title, failureText(work, failure));
    },
    async around<T>(work: () => Promise<T>): Promise<T> {
      const { Listr, ListrLogger, ProcessOutput } = await import('listr2');
      const logger = new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stderr) });
      const list = new Listr<{ result?: T }>(
        [
          {
            title: tally.line(),
            task: async (context, task) => {
              show = (text) => {
                task.title = tally.line();
                task.output = visible(text);
              };
              context.result = await work();
            },
          },
        ],
        { ctx: {}, rendererOptions: { clearOutput: true, showErrorMessage: false, logger } },
      );
      return (await list.run()).result as T;
    },
  };
}
