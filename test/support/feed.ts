import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The changes of a registry on loopback, as CouchDB and npm's replica tell them. */
export class TestFeed {
  readonly requests: string[] = [];
  readonly #changes: string[] = [];
  readonly #server: Server;
  /** Instead of an answer. */
  failing: number | null = null;
  /** Whether it knows no position any more. */
  forgets = false;
  /** Added to every position: another number is a feed that was made anew. */
  base = 100;

  private constructor() {
    this.#server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://feed.example');
      this.requests.push(`${url.pathname}${url.search}`);
      const refusal = this.forgets && url.pathname.endsWith('/_changes') ? 400 : this.failing;
      if (refusal !== null) {
        response.writeHead(refusal).end('{}');
        return;
      }
      const answer = url.pathname.endsWith('/_changes')
        ? this.#page(Number(url.searchParams.get('since')), Number(url.searchParams.get('limit')))
        : { db_name: 'registry', update_seq: this.#last };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
  }

  static async start(): Promise<TestFeed> {
    const feed = new TestFeed();
    await new Promise<void>((resolve) => {
      feed.#server.listen(0, '127.0.0.1', resolve);
    });
    return feed;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/registry/_changes`;
  }

  /** Tells that packages have changed. */
  tell(...names: readonly string[]): void {
    this.#changes.push(...names);
  }

  /** Forgets everything, as a feed does that was made anew. */
  reset(): void {
    this.#changes.length = 0;
    this.base = 0;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
      this.#server.closeAllConnections();
    });
  }

  get #last(): number {
    return this.base + this.#changes.length;
  }

  #page(since: number, limit: number) {
    const results = this.#changes
      .map((id, index) => ({ seq: this.base + index + 1, id, changes: [{ rev: '1-0' }] }))
      .filter(({ seq }) => seq > since)
      .slice(0, limit);
    return { results, last_seq: results.at(-1)?.seq ?? this.#last };
  }
}
