/** Numbers that are the same for the same seed, everywhere (xorshift32, G. Marsaglia, 2003). */
export class Random {
  #state: number;

  /** @param seed a whole number above 0 */
  constructor(seed: number) {
    this.#state = seed;
  }

  /** From 0 to 2^32 - 1. */
  next(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return state >>> 0;
  }

  /** From 0 to `limit` - 1. */
  below(limit: number): number {
    return this.next() % limit;
  }

  /** Bytes that no compressor makes smaller. */
  bytes(size: number): Buffer {
    const words = new Uint32Array(Math.ceil(size / 4));
    for (let index = 0; index < words.length; index += 1) words[index] = this.next();
    return Buffer.from(words.buffer, 0, size);
  }

  /** Statements of a script, one a line. */
  script(size: number): Buffer {
    const lines: string[] = [];
    for (let length = 0; length < size;) {
      const line = `export const ${this.#name()}_${lines.length} = ${this.#name()}(${this.next()}, '${this.#name()} ${this.#name()}');`;
      lines.push(line);
      length += line.length + 1;
    }
    return Buffer.from(`${lines.join('\n')}\n`);
  }

  #name(): string {
    return `${WORDS[this.below(WORDS.length)] ?? ''}${this.below(10_000)}`;
  }
}

const WORDS = [
  'archive entry header member digest source commit build packer reader finding signal verdict',
  'level origin registry sandbox proxy engine plan step tool report policy signer attestation',
].flatMap((line) => line.split(' '));
