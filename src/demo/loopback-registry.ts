import { hash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One version to publish. */
export interface Publication {
  /** The package.json as the registry would keep it; needs `name` and `version`. */
  readonly manifest: Readonly<Record<string, unknown>> & { readonly name: string; readonly version: string };
  /** The artifact. */
  readonly bytes: Uint8Array;
  /** Publish time, ISO 8601; default: now. */
  readonly time?: string;
  /** Dist-tags that move to this version; default `latest`. */
  readonly tags?: readonly string[];
  readonly gitHead?: string;
  readonly nodeVersion?: string;
  readonly npmVersion?: string;
  /** Added to (or, with undefined, removed from) what the registry computes for `dist`. */
  readonly dist?: Readonly<Record<string, unknown>>;
}

/** How one path of the registry misbehaves. */
export type Fault = {
  /** How many requests it meets before the path works again; default: all. */
  readonly times?: number;
} & (
  | {
      readonly kind: 'answer';
      readonly status?: number;
      readonly body: string;
      readonly type?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Announces the whole body, sends half of it and closes the connection. */
  | { readonly kind: 'truncated' }
  /** Never answers. */
  | { readonly kind: 'hang' }
  /** Sends bytes until the other side has had enough. */
  | { readonly kind: 'endless'; readonly status?: number }
  | { readonly kind: 'redirect'; readonly location: string }
);

export interface LoggedRequest {
  readonly method: string;
  /** Decoded, without the query. */
  readonly path: string;
  readonly authorization: string | null;
  readonly accept: string | null;
  /** Which state of the document whoever asks has already. */
  readonly ifNoneMatch: string | null;
}

interface Packument {
  readonly name: string;
  readonly 'dist-tags': Record<string, string>;
  readonly versions: Record<string, Record<string, unknown>>;
  readonly time: Record<string, unknown>;
}

/** What npm's abbreviated documents keep of a version. */
// prettier-ignore
const ABBREVIATED = new Set([
  'name', 'version', 'dependencies', 'optionalDependencies', 'devDependencies', 'peerDependencies',
  'peerDependenciesMeta', 'bundleDependencies', 'bundledDependencies', 'bin', 'directories', 'dist', 'engines',
  'os', 'cpu', 'libc', 'deprecated', 'hasInstallScript',
]);

const INSTALL_TYPE = 'application/vnd.npm.install-v1+json';

/** An npm registry on a loopback port, in memory: real HTTP, complete control. For the demo and for tests. */
export class LoopbackRegistry {
  readonly #server: Server;
  readonly #packuments = new Map<string, Packument>();
  readonly #files = new Map<string, { readonly body: Buffer; readonly type: string }>();
  readonly #faults = new Map<string, { readonly fault: Fault; left: number }>();
  readonly #requests: LoggedRequest[] = [];

  private constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  /** Starts a registry without packages on a free port of 127.0.0.1. */
  static async start(): Promise<LoopbackRegistry> {
    const registry = new LoopbackRegistry();
    await new Promise<void>((resolve, reject) => {
      registry.#server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    return registry;
  }

  /** The registry's URL, with a final slash. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  get requests(): readonly LoggedRequest[] {
    return this.#requests;
  }

  /** Publishes a version; publishing it again replaces it (which no real registry would allow). */
  publish(publication: Publication): void {
    const { manifest, bytes, time = new Date().toISOString(), tags = ['latest'] } = publication;
    const { name, version } = manifest;
    const file = `/${name}/-/${name.slice(name.indexOf('/') + 1)}-${version}.tgz`;
    const packument = this.#packuments.get(name) ?? {
      name,
      'dist-tags': {},
      versions: {},
      time: { created: time },
    };
    packument.versions[version] = withoutUndefined({
      ...manifest,
      gitHead: publication.gitHead,
      _nodeVersion: publication.nodeVersion,
      _npmVersion: publication.npmVersion,
      dist: withoutUndefined({
        tarball: `${this.url.slice(0, -1)}${file}`,
        integrity: `sha512-${hash('sha512', bytes, 'base64')}`,
        shasum: hash('sha1', bytes),
        ...publication.dist,
      }),
    });
    packument.time[version] = time;
    for (const tag of tags) packument['dist-tags'][tag] = version;
    this.#packuments.set(name, packument);
    this.serve(file, Buffer.from(bytes), 'application/octet-stream');
  }

  /** Changes a document as a strange registry would, for example its `time` map. */
  alter(name: string, change: (document: Record<string, unknown>) => Record<string, unknown>): void {
    const before = this.#packuments.get(name);
    if (before === undefined) throw new Error(`${name} is not published.`);
    this.#packuments.set(name, change(structuredClone({ ...before })) as unknown as Packument);
  }

  /** Serves a file at a path. */
  serve(path: string, body: Uint8Array | string, type = 'application/json'): void {
    this.#files.set(path, { body: Buffer.from(body), type });
  }

  /** Makes one path misbehave. */
  fault(path: string, fault: Fault): void {
    this.#faults.set(path, { fault, left: fault.times ?? Number.POSITIVE_INFINITY });
  }

  /** Ends all connections and the server. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
      this.#server.closeAllConnections();
    });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = decodeURIComponent((request.url ?? '/').split('?', 1)[0] ?? '/');
    const { authorization = null, accept = null, 'if-none-match': ifNoneMatch = null } = request.headers;
    this.#requests.push({ method: request.method ?? '', path, authorization, accept, ifNoneMatch });
    const found = this.#lookUp(path, accept ?? '');
    const active = this.#faults.get(path);
    if (active !== undefined && active.left > 0) {
      active.left -= 1;
      misbehave(active.fault, response, found?.body ?? Buffer.alloc(1000));
      return;
    }
    if (found === null) {
      send(response, 404, Buffer.from('{"error":"Not found"}'), 'application/json');
      return;
    }
    const etag = `"${hash('sha256', found.body)}"`;
    if (ifNoneMatch === etag) response.writeHead(304, { etag }).end();
    else send(response, 200, found.body, found.type, { etag });
  }

  #lookUp(path: string, accept: string): { readonly body: Buffer; readonly type: string } | null {
    const file = this.#files.get(path);
    if (file !== undefined) return file;
    const packument = this.#packuments.get(path.slice(1));
    if (packument !== undefined) {
      const brief = accept.includes(INSTALL_TYPE);
      const body = Buffer.from(JSON.stringify(brief ? abbreviated(packument) : packument));
      return { body, type: brief ? INSTALL_TYPE : 'application/json' };
    }
    const [, name = '', version = ''] = /^\/((?:@[^/]+\/)?[^/]+)\/([^/]+)$/.exec(path) ?? [];
    const manifest = this.#packuments.get(name)?.versions[version];
    if (manifest === undefined) return null;
    return { body: Buffer.from(JSON.stringify(manifest)), type: 'application/json' };
  }
}

function misbehave(fault: Fault, response: ServerResponse, body: Buffer): void {
  switch (fault.kind) {
    case 'answer':
      send(
        response,
        fault.status ?? 200,
        Buffer.from(fault.body),
        fault.type ?? 'application/json',
        fault.headers,
      );
      return;
    case 'redirect':
      response.writeHead(302, { location: fault.location }).end();
      return;
    case 'hang':
      return;
    case 'truncated':
      response.writeHead(200, { 'content-length': body.length });
      response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.destroy());
      return;
    case 'endless':
      response.writeHead(fault.status ?? 200, { 'content-type': 'application/json' });
      pour(response);
  }
}

function pour(response: ServerResponse): void {
  const chunk = Buffer.alloc(64 * 1024, ' ');
  const more = (): void => {
    while (!response.destroyed && response.write(chunk));
    if (!response.destroyed) response.once('drain', more);
  };
  more();
}

function send(
  response: ServerResponse,
  ...[status, body, type, headers = {}]: readonly [
    status: number,
    body: Buffer,
    type: string,
    headers?: Readonly<Record<string, string>>,
  ]
): void {
  response.writeHead(status, { 'content-type': type, 'content-length': body.length, ...headers }).end(body);
}

function abbreviated(packument: Packument): unknown {
  const versions = Object.entries(packument.versions).map(([version, manifest]) => [
    version,
    Object.fromEntries(Object.entries(manifest).filter(([key]) => ABBREVIATED.has(key))),
  ]);
  return {
    name: packument.name,
    'dist-tags': packument['dist-tags'],
    modified: packument.time['modified'] ?? packument.time['created'],
    versions: Object.fromEntries(versions) as unknown,
  };
}

function withoutUndefined(table: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(table).filter(([, value]) => value !== undefined));
}
