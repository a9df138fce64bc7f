import { once } from 'node:events';

/** What comes in while others take it. */
export class Arrivals<T> {
  readonly #items: T[] = [];
  #wake = Promise.withResolvers<void>();

  push(item: T): void {
    this.#items.push(item);
    this.#wake.resolve();
  }

  /** All of it as it comes, until the signal. */
  async *until(signal: AbortSignal): AsyncGenerator<T> {
    const over = signal.aborted ? Promise.resolve() : once(signal, 'abort');
    while (!signal.aborted) {
      const item = this.#items.shift();
      if (item !== undefined) {
        yield item;
        continue;
      }
      this.#wake = Promise.withResolvers();
      await Promise.race([this.#wake.promise, over]);
    }
  }
}
