import os from 'node:os';

/** Ends a command early: on Ctrl-C, when it is told to end, or when its time is over. */
export class Stop {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout | null;
  exitCode: number | null = null;
  why = 'Stopped';

  constructor(totalSeconds?: number) {
    process.on('SIGINT', this.#onSignal).on('SIGTERM', this.#onSignal);
    const timeIsOver = () => {
      this.why = 'The time of --total-timeout is over';
      this.#controller.abort();
    };
    this.#timer = totalSeconds === undefined ? null : setTimeout(timeIsOver, totalSeconds * 1000);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    process.off('SIGINT', this.#onSignal).off('SIGTERM', this.#onSignal);
  }

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    // A second one ends at once, as ever. Not by `once`: execa's own listener would find itself alone, and end us at the first.
    if (this.exitCode !== null) process.exit(this.exitCode);
    this.exitCode = 128 + os.constants.signals[signal];
    this.#controller.abort();
  };
}
