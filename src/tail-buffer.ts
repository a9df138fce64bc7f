/** Keeps the last bytes of a stream of any length in bounded memory. */
export class TailBuffer {
  readonly #limit: number;
  #chunks: Uint8Array[] = [];
  #held = 0;
  #seen = 0;

  /** @param limit most bytes to keep. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes the next bytes of the stream; holds at most twice the limit, plus this chunk, at any time. */
  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    this.#seen += chunk.length;
    // Compacting only at twice the limit keeps the cost per byte constant, whatever the size of the chunks.
    if (this.#held > 2 * this.#limit || this.#chunks.length > 4096) this.#compact();
  }

  /** True when bytes were dropped from the start. */
  get truncated(): boolean {
    return this.#seen > this.#limit;
  }

  /** The last bytes of the stream, at most the limit. */
  bytes(): Uint8Array {
    this.#compact();
    return this.#chunks[0] ?? new Uint8Array();
  }

  /** The same as text; says at its start how many bytes were dropped. */
  text(): string {
    const kept = this.bytes();
    const dropped = this.#seen - kept.length;
    const text = new TextDecoder().decode(kept);
    return dropped === 0 ? text : `[${dropped} earlier bytes not kept]\n${text}`;
  }

  #compact(): void {
    const all = Buffer.concat(this.#chunks);
    // A copy, so that a small tail does not keep a large chunk alive.
    const kept = Buffer.from(all.subarray(Math.max(0, all.length - this.#limit)));
    this.#chunks = [kept];
    this.#held = kept.length;
  }
}
