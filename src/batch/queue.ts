/** Something to do. */
export interface Queued {
  /** What it is expected to take, milliseconds; the least comes first. */
  readonly costMs: number;
  /** Not before this, on the clock of the queue, milliseconds. */
  readonly readyAt: number;
}

/** What is left to do: what is ready before what is not, the cheap before the dear. */
export class Queue<T extends Queued> {
  readonly #items: T[];
  /** Nothing at all is handed out before this. */
  #pausedUntil = 0;

  constructor(items: readonly T[]) {
    this.#items = items.toSorted((a, b) => a.costMs - b.costMs);
  }

  get length(): number {
    return this.#items.length;
  }

  /** Takes the next one that is ready; null when none is. */
  take(now: number): T | null {
    if (now < this.#pausedUntil) return null;
    const index = this.#items.findIndex(({ readyAt }) => readyAt <= now);
    return index === -1 ? null : (this.#items.splice(index, 1)[0] ?? null);
  }

  /** Puts one back, behind those that cost as much. */
  put(item: T): void {
    const index = this.#items.findIndex(({ costMs }) => costMs > item.costMs);
    this.#items.splice(index === -1 ? this.#items.length : index, 0, item);
  }

  /** Lets nothing start for a while: what all of it needs is not there. */
  pauseUntil(instant: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, instant);
  }

  /** When something becomes ready; null when there is nothing. */
  nextAt(): number | null {
    if (this.#items.length === 0) return null;
    const earliest = this.#items.reduce((least, { readyAt }) => Math.min(least, readyAt), Infinity);
    return Math.max(earliest, this.#pausedUntil);
  }
}
