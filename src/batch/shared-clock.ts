/**
 * The server's time, carried on by a clock that only goes forward: a machine whose own clock is wrong, or is set back while a
 * worker runs, dates nothing wrongly.
 */
export class SharedClock {
  #server: number;
  #setAt: number;
  readonly #monotonic: () => number;

  /** @param monotonic milliseconds since some instant */
  constructor(server: Date, monotonic: () => number = () => performance.now()) {
    this.#monotonic = monotonic;
    this.#server = server.getTime();
    this.#setAt = monotonic();
  }

  /** Sets it by the server. */
  set(server: Date): void {
    this.#server = server.getTime();
    this.#setAt = this.#monotonic();
  }

  now(): Date {
    return new Date(this.#server + this.#monotonic() - this.#setAt);
  }
}
