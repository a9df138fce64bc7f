import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { messageOf, ReproveError } from '../../../src/errors.ts';
import type { RegistryClient } from '../registry/client.ts';
import { RegistryArchive, type Material, type Repair, type TimeReport } from './archive.ts';
import { GitPackages, type PackPlace } from './git-packages.ts';
import { MAX_URL, routeOf, type Route } from './route.ts';
import type { PinnedFiles } from './pinned-files.ts';
import type { Subject } from './subject.ts';
import { documentView, INSTALL_TYPE, tagsAt, versionView } from './view.ts';

export interface ProxyOptions {
  readonly client: RegistryClient;
  /** The registry is shown as of this instant. */
  readonly cutoff: Date;
  /** An existing or new directory of ours; the socket in it is called `registry.sock`. */
  readonly socketDirectory: string;
  /** Ranges of the package to build itself: its dependencies and development dependencies, of all its workspaces. */
  readonly wanted?: Iterable<readonly [name: string, range: string]>;
  /** Exact versions of a lockfile, which is the authority on them: shown whatever the registry's times say. */
  readonly locked?: Iterable<readonly [name: string, version: string]>;
  /** For a replay: the only files that are served; default: any. */
  readonly pins?: PinnedFiles | null;
  /** What is being verified: neither it nor its bytes nor anything of its package's future is served. */
  readonly subject?: Subject;
  /** Packages that nothing which is served may depend on. */
  readonly leftOut?: ReadonlySet<string>;
  /** Whether a neighbour or an empty package may be served for a version that the registry does not have; default no. */
  readonly standIns?: boolean;
  /** The exact version of Node that runs what is installed; default: not known. */
  readonly node?: string | null;
  /** What is served of git repositories: at these places (see git/repositories.ts) and nothing else; default: none. */
  readonly git?: { readonly places: Iterable<string>; readonly pack: PackPlace };
  /** Where the sandbox finds the proxy, without a final slash. */
  readonly origin?: string;
}

/** A running proxy and its record. */
export interface RegistryProxy {
  readonly socketPath: string;
  /** Every artifact served so far, by name and version; then what came from git repositories. */
  materials(): readonly Material[];
  /** Versions shown although the registry's times hide them. */
  repairs(): readonly Repair[];
  /** Packages seen so far whose times cannot be publish times. */
  timeDoctor(): readonly TimeReport[];
  /** What could not be served although the sandbox asked for it, one sentence each. */
  failures(): readonly string[];
  /**
   * For a caller whose install found no version: shows the likeliest one in a range (an exact version, a tag) from now on.
   * A range of null stands for all that are known to be wanted. Resolves to null when there is no such version at all.
   */
  allow(name: string, range: string | null): Promise<string | null>;
  close(): Promise<void>;
}

export const PROXY_ORIGIN = 'http://127.0.0.1:4873';

/** POSIX `sun_path` less its final NUL. */
const MAX_SOCKET_PATH = 107;
/** Requests worked on at a time: each may hold an artifact in memory. */
const MAX_CONCURRENT = 16;
const MAX_FAILURES = 100;

/**
 * Serves a registry as it was at the cutoff, read-only, on a unix socket (see docs/registry-proxy.md).
 * Throws ReproveError `io` when the socket cannot be made.
 */
export async function startProxy(options: ProxyOptions): Promise<RegistryProxy> {
  const { client, cutoff, wanted = [], subject = null, standIns = false, origin = PROXY_ORIGIN } = options;
  const { locked = [], pins = null, leftOut = new Set<string>(), node = null } = options;
  const archive = new RegistryArchive({ client, cutoff, wanted, locked, pins, subject, node, standIns });
  const { places = [], pack = () => Promise.resolve(null) } = options.git ?? {};
  const git = new GitPackages({ places, pack, cutoff, pins });
  const failures: string[] = [];
  const slots = new Slots(MAX_CONCURRENT);
  const server = createServer((request, response) => {
    void slots
      .use(() => answer(request, { archive, git }, { origin, leftOut }))
      .catch((thrown: unknown): Answer => {
        const sentence =
          thrown instanceof ReproveError ? `${thrown.text.what} ${thrown.text.why}` : messageOf(thrown);
        if (failures.length < MAX_FAILURES && !failures.includes(sentence)) failures.push(sentence);
        // Package managers try again after a 5xx, in vain when it is the registry's content that is wrong.
        const lasting = thrown instanceof ReproveError && thrown.code === 'registry-invalid';
        return json(lasting ? 422 : 502, { error: sentence });
      })
      .then((result) => send(request, response, result));
  });
  // A connection that is closed for being idle may be so in the very moment of its next request, which then fails.
  server.keepAliveTimeout = 0;
  const socketPath = join(options.socketDirectory, 'registry.sock');
  await listen(server, options.socketDirectory, socketPath);
  return {
    socketPath,
    materials: () => [...archive.materials, ...git.materials],
    repairs: () => [...archive.repairs],
    timeDoctor: () => archive.timeReports,
    failures: () => [...failures],
    allow: (name, range) => archive.allow(name, range),
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      });
      await rm(socketPath, { force: true });
    },
  };
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: Uint8Array;
}

interface Shown {
  readonly origin: string;
  readonly leftOut: ReadonlySet<string>;
}

interface Served {
  readonly archive: RegistryArchive;
  readonly git: GitPackages;
}

async function answer(request: IncomingMessage, served: Served, shown: Shown): Promise<Answer> {
  const url = request.url ?? '';
  if (url.length > MAX_URL) return json(414, { error: 'The URL is too long.' });
  const route = routeOf(url);
  // npm posts its audits and would report a failure otherwise; nothing of what it sends is read.
  if (route.kind === 'empty') return json(200, {});
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return json(405, { error: 'This registry is read-only.' });
  const abbreviated = request.headers.accept?.includes(INSTALL_TYPE) === true;
  return serve(route, served, { ...shown, abbreviated });
}

const NOT_FOUND = { error: 'Not found' };

async function serve(
  route: Exclude<Route, { kind: 'empty' }>,
  { archive, git }: Served,
  view: Shown & { readonly abbreviated: boolean },
): Promise<Answer> {
  switch (route.kind) {
    case 'none':
      return json(404, NOT_FOUND);
    case 'document': {
      const found = await archive.packageAt(route.name);
      if (found === null) return json(404, NOT_FOUND);
      const type = view.abbreviated ? INSTALL_TYPE : 'application/json';
      return json(200, documentView(found.document, found.past, view), type);
    }
    case 'version': {
      const found = await archive.packageAt(route.name);
      const version =
        found === null ? null : (tagsAt(found.document, found.past).get(route.version) ?? route.version);
      const raw = version === null ? null : await archive.exactVersion(route.name, version);
      if (raw === null || version === null) return json(404, NOT_FOUND);
      return json(200, versionView(route.name, version, raw, { ...view, abbreviated: false }));
    }
    case 'artifact':
      return binary(await archive.artifact(route.name, route.file));
    case 'git':
      return binary(await git.package(route.place));
  }
}

function binary(bytes: Uint8Array | null): Answer {
  if (bytes === null) return json(404, NOT_FOUND);
  return { status: 200, type: 'application/octet-stream', body: bytes };
}

function json(status: number, value: object, type = 'application/json'): Answer {
  return { status, type, body: Buffer.from(JSON.stringify(value)) };
}

function send(request: IncomingMessage, response: ServerResponse, { status, type, body }: Answer): void {
  // An unread body would be taken for the next request of the connection.
  const last = request.method === 'GET' || request.method === 'HEAD' ? {} : { connection: 'close' };
  response.writeHead(status, { 'content-type': type, 'content-length': body.byteLength, ...last });
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function listen(server: Server, directory: string, path: string): Promise<void> {
  try {
    if (Buffer.byteLength(path) > MAX_SOCKET_PATH) throw new Error(`${path} is too long for a unix socket`);
    await mkdir(directory, { recursive: true });
    await chmod(directory, 0o755);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(path, resolve);
    });
    // The sandbox runs as another user; it can reach this directory only through its mount.
    await chmod(path, 0o666);
  } catch (thrown) {
    throw new ReproveError(
      'io',
      {
        what: 'The registry proxy could not open its socket.',
        why: `${messageOf(thrown)}.`,
        next: 'Use a cache directory with a short path that you can write to.',
      },
      { cause: thrown },
    );
  }
}

/** Lets a bounded number of tasks run at a time; the others wait in order. */
class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async use<T>(task: () => Promise<T>): Promise<T> {
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#free -= 1;
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
