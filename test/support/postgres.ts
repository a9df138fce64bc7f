import { execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A PostgreSQL of the test's own, reached by a socket in its folder. */
export interface TestPostgres {
  /** A new, empty database. */
  database(): string;
  /** Runs SQL in a database. */
  sql(url: string, text: string): string;
  /** Kills the server as a crash would. */
  kill(): Promise<void>;
  /** Starts it again where it was. */
  start(): Promise<void>;
  /** Ends it and removes its folder. */
  remove(): Promise<void>;
}

/** Debian keeps the programs of each version in a folder of its own. */
const DEBIAN = '/usr/lib/postgresql';

function binaries(): string {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).toSorted((a, b) => Number(b) - Number(a)) : [];
  const [newest] = versions;
  if (newest === undefined) throw new Error(`There is no PostgreSQL in ${DEBIAN}: "./run test" installs it.`);
  return path.join(DEBIAN, newest, 'bin');
}

/** PostgreSQL refuses to run as root; the package makes a user for it. */
function asItsUser(): { readonly uid: number; readonly gid: number } | Record<string, never> {
  if (process.getuid?.() !== 0) return {};
  const idOf = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}

/** Makes a cluster in a temporary folder and starts it. It keeps nothing safe, and is quick for that. */
export async function startPostgres(): Promise<TestPostgres> {
  const user = asItsUser();
  // A socket's path may have 107 characters (unix(7)).
  const folder = mkdtempSync(path.join(tmpdir(), 'reprove-pg-'));
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
  const bin = binaries();
  const data = path.join(folder, 'data');
  const run = (program: string, args: readonly string[]) =>
    execFileSync(path.join(bin, program), args, { ...user, cwd: folder, encoding: 'utf8', stdio: 'pipe' });
  run('initdb', ['--auth=trust', '--username=tester', '--no-sync', '--encoding=UTF8', '--locale=C', data]);
  const server = new Server({ bin, data, folder, user });
  await server.start();
  let databases = 0;
  const sql = (url: string, text: string) => run('psql', ['-qAtX', '-v', 'ON_ERROR_STOP=1', '-c', text, url]);
  const urlOf = (name: string) => `postgres://tester@localhost/${name}?host=${encodeURIComponent(folder)}`;
  return {
    database() {
      databases += 1;
      sql(urlOf('postgres'), `create database test${databases}`);
      return urlOf(`test${databases}`);
    },
    sql,
    kill: () => server.end('SIGKILL'),
    start: () => server.start(),
    async remove() {
      await server.end('SIGINT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

const MOST_TRIES = 50;

class Server {
  readonly #place: { bin: string; data: string; folder: string; user: ReturnType<typeof asItsUser> };
  #child: ReturnType<typeof spawn> | null = null;

  constructor(place: { bin: string; data: string; folder: string; user: ReturnType<typeof asItsUser> }) {
    this.#place = place;
  }

  async start(): Promise<void> {
    // Of a server that was killed, processes can hold its memory for a moment; another one does not start until they are gone.
    for (let tries = 0; !(await this.#tryStart()); tries += 1) {
      if (tries === MOST_TRIES) throw new Error('postgres ends at once.');
      await sleep(200);
    }
  }

  async #tryStart(): Promise<boolean> {
    const { bin, data, folder, user } = this.#place;
    const args = ['-D', data, '-k', folder, '-c', 'listen_addresses=', '-c', 'fsync=off'];
    const child = spawn(path.join(bin, 'postgres'), args, { ...user, cwd: folder, stdio: 'ignore' });
    this.#child = child;
    for (;;) {
      const ready = spawn(path.join(bin, 'pg_isready'), ['-q', '-h', folder], { stdio: 'ignore' });
      const exitCode = await new Promise((resolve) => ready.once('exit', resolve));
      if (exitCode === 0) return true;
      if (child.exitCode !== null) return false;
      await sleep(50);
    }
  }

  async end(signal: 'SIGKILL' | 'SIGINT'): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    // Those of its connections outlive it for a moment, and would answer.
    const pid = String(child.pid);
    const others = signal === 'SIGKILL' ? readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8') : '';
    child.kill(signal);
    for (const other of others.split(' ').filter(Boolean)) killIfThere(Number(other));
    await ended;
  }
}
