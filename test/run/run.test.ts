import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const ROOT = path.join(import.meta.dirname, '../..');
/** What the scripts themselves use; every Debian has it. */
const ESSENTIAL =
  'bash cat chmod cmp cp dirname env flock id kill ln mkdir readlink rm setsid sleep sort tail uname unshare'.split(
    ' ',
  );
const BASH = which('bash');
const APT = '-qq -o DPkg::Lock::Timeout=300';
const INSTALL = 'install -y --no-install-recommends';
const POSTGRES = 'machine/usr/lib/postgresql/15/bin';
const VERIFY = 'node CLONE/src/cli/main.ts verify ms@2.1.3';

/** A clone with its dependencies in place, on a machine that has only the commands of one folder. */
let folder = '';
let server: Server | null = null;
const at = (...names: string[]): string => path.join(folder, ...names);

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'reprove-run-'));
  for (const file of ['run', 'package-lock.json', 'scripts/start-docker'])
    cpSync(path.join(ROOT, file), at('clone', file));
  mkdirSync(at('clone/node_modules/.bin'), { recursive: true });
  mkdirSync(at('bin'));
  mkdirSync(at('machine/run'), { recursive: true });
  mkdirSync(at(POSTGRES), { recursive: true });
  writeFileSync(at(POSTGRES, 'postgres'), '');
  cpSync(at('clone/package-lock.json'), at('clone/node_modules/.reprove-lock'));
  for (const name of ESSENTIAL) symlinkSync(which(name), at('bin', name));
  for (const name of ['git', 'bwrap', 'dockerd', 'npm']) command(name);
  command('uname', 'echo x86_64');
  node(at('clone/node_modules/.bin/node'));
  node(at('bin/node'));
  asUser('root');
});
afterEach(() => {
  server?.close();
  server = null;
  rmSync(folder, { recursive: true });
});

function which(name: string): string {
  return spawnSync('bash', ['-c', 'command -v "$0"', name], { encoding: 'utf8' }).stdout.trim();
}

/** `wx`: a name on the PATH may be a link to a command of this machine, which must not be written to. */
function executable(file: string, body: string): void {
  rmSync(file, { force: true });
  writeFileSync(file, `#!${BASH}\n${body}\n`, { flag: 'wx', mode: 0o755 });
}

/** A command that writes down how it was called and what it read from its stdin, then does what `body` says. */
function command(name: string, body = ''): void {
  const silent = name === 'uname' || name === 'id';
  executable(at('bin', name), `${silent ? '' : `echo "${name} $*$(cat)" >>"${at('calls')}"`}\n${body}`);
}

/** A Node that writes down which file it was told to run; what is asked with `-e` it answers as Node does. */
function node(file: string, version = 'v24.0.0'): void {
  executable(
    file,
    `[ "$1" = -e ] && exec '${process.execPath}' "$@"
     [ "$1" = --version ] && echo ${version} && exit
     echo "node $*" >>"${at('calls')}"; echo "in $PWD"; exit "\${EXIT:-0}"`,
  );
}

function asUser(name: 'root' | 'somebody'): void {
  command('id', `echo ${name === 'root' ? '0' : '1000'}`);
}

function remove(...names: readonly string[]): void {
  for (const name of names) rmSync(at('bin', name));
}

const changeLock = (): void => {
  appendFileSync(at('clone/package-lock.json'), '\n');
};

/** An engine that answers at a socket. */
async function listen(socket: string): Promise<void> {
  const engine = createServer((_request, response) => response.end('OK'));
  server = engine;
  await new Promise<void>((resolve) => engine.listen(socket, resolve));
}

interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  // A command that ends before it reads what is typed has failed nobody: execa leaves the broken pipe unsaid.
  const done = await execa(at('clone/run'), args, {
    cwd: folder,
    env: { PATH: at('bin'), HOME: folder, REPROVE_DOCKER_PREFIX: at('machine'), ...env },
    extendEnv: false,
    input: 'typed by somebody\n',
    reject: false,
    stripFinalNewline: false,
  });
  return { status: done.exitCode ?? -1, stdout: done.stdout, stderr: done.stderr };
}

/** The recorded calls in order, with short paths. */
function calls(): readonly string[] {
  if (!existsSync(at('calls'))) return [];
  const text = readFileSync(at('calls'), 'utf8')
    .replaceAll(at('clone'), 'CLONE')
    .replaceAll(folder, 'FOLDER');
  return text.split('\n').filter((line) => line !== '');
}

describe('when nothing is missing', () => {
  test('runs the tool and nothing else', async () => {
    expect(await run(['verify', 'ms@2.1.3'])).toEqual({ status: 0, stdout: `in ${folder}\n`, stderr: '' });
    expect(calls()).toEqual([VERIFY]);
  });

  test("the tool's exit code is that of ./run", async () => {
    expect((await run(['verify', 'ms@2.1.3'], { EXIT: '3' })).status).toBe(3);
  });

  test('is found through a symbolic link', async () => {
    symlinkSync(at('clone/run'), at('bin/reprove'));
    expect(spawnSync(at('bin/reprove'), ['--help'], { env: { PATH: at('bin') } }).status).toBe(0);
    expect(calls()).toEqual(['node CLONE/src/cli/main.ts --help']);
  });
});

describe('Node dependencies', () => {
  const CI = 'npm ci --prefix CLONE --ignore-scripts --no-audit --no-fund --loglevel=error';

  test('are installed once when package-lock.json changed', async () => {
    changeLock();
    const first = await run(['verify', 'ms@2.1.3']);
    expect(first.stdout).toBe(`in ${folder}\n`);
    expect((await run(['verify', 'ms@2.1.3'])).stderr).toBe('');
    expect(calls()).toEqual([CI, VERIFY, VERIFY]);
  });

  test('are installed once by two runs at the same time', async () => {
    changeLock();
    await Promise.all([run(['verify', 'ms@2.1.3']), run(['verify', 'ms@2.1.3'])]);
    expect(calls().filter((call) => call.startsWith('npm'))).toEqual([CI]);
  });

  test('an install that failed ends the run and is tried again', async () => {
    changeLock();
    command('npm', 'exit 1');
    const failed = await run(['verify', 'ms@2.1.3']);
    expect(failed).toMatchObject({ status: 4, stdout: '' });
    expect(failed.stderr).toContain('npm could not install the dependencies');
    command('npm');
    expect((await run(['verify', 'ms@2.1.3'])).status).toBe(0);
    expect(calls()).toEqual([CI, CI, VERIFY]);
  });

  test.each(['node', 'npm'])('without %s a paragraph says what to install', async (name) => {
    changeLock();
    remove(name);
    const { status, stderr } = await run(['verify', 'ms@2.1.3']);
    expect(status).toBe(4);
    expect(stderr).toMatch(/^reprove: Node\.js and npm are missing\. Install any Node from 18 on .*\n$/);
    expect(calls()).toEqual([]);
  });

  test('on another architecture the Node of the host takes the place of the bundled one', async () => {
    changeLock();
    command('uname', 'echo aarch64');
    node(at('bin/node'), 'v22.22.2');
    expect((await run(['verify', 'ms@2.1.3'])).status).toBe(0);
    expect(existsSync(at('clone/node_modules/.bin/node'))).toBe(false);
    expect(calls()).toEqual([`${CI} --force`, VERIFY]);
  });

  test('on another architecture a Node that is too old is refused', async () => {
    changeLock();
    command('uname', 'echo aarch64');
    node(at('bin/node'), 'v22.9.0');
    const { status, stderr } = await run(['verify', 'ms@2.1.3']);
    expect(status).toBe(4);
    expect(stderr).toContain('on aarch64 reprove needs Node 22.22.2 or newer');
  });
});

describe('without an engine', () => {
  beforeEach(() => {
    remove('bwrap');
  });

  test('root gets exactly bubblewrap', async () => {
    command('apt-get');
    const { status, stdout } = await run(['verify', 'ms@2.1.3']);
    expect({ status, stdout }).toEqual({ status: 0, stdout: `in ${folder}\n` });
    expect(calls()).toEqual([`apt-get ${APT} ${INSTALL} bubblewrap`, VERIFY]);
  });

  test('package lists are fetched only when the install fails', async () => {
    command('apt-get', `case "$*" in *update) : >'${at('lists')}' ;; *) [ -e '${at('lists')}' ] ;; esac`);
    expect((await run(['verify', 'ms@2.1.3'])).status).toBe(0);
    const install = `apt-get ${APT} ${INSTALL} bubblewrap`;
    expect(calls()).toEqual([install, `apt-get ${APT} update`, install, VERIFY]);
  });

  test('an install that cannot be done ends the run', async () => {
    command('apt-get', 'exit 100');
    const { status, stderr } = await run(['verify', 'ms@2.1.3']);
    expect(status).toBe(4);
    expect(stderr).toContain('apt-get could not install bubblewrap');
    expect(calls()).not.toContain(VERIFY);
  });

  test.each([
    ['without sudo', (): void => undefined],
    [
      'when sudo wants a password',
      (): void => {
        command('sudo', 'exit 1');
      },
    ],
  ])('somebody is told what to install %s', async (_how, prepare) => {
    asUser('somebody');
    command('apt-get');
    prepare();
    const { status, stdout, stderr } = await run(['verify', 'ms@2.1.3']);
    expect({ status, stdout }).toEqual({ status: 4, stdout: '' });
    expect(stderr).toMatch(
      /^reprove: Every rebuild runs in a sandbox, .*'sudo apt-get install bubblewrap'.*\n$/,
    );
    expect(calls().filter((call) => !call.startsWith('sudo'))).toEqual([]);
  });

  test('somebody with password-less sudo gets bubblewrap', async () => {
    asUser('somebody');
    command('apt-get');
    command('sudo', 'shift; "$@"');
    expect((await run(['verify', 'ms@2.1.3'])).status).toBe(0);
    expect(calls()).toContain(`apt-get ${APT} ${INSTALL} bubblewrap`);
  });

  test('a machine without apt-get is told what to install', async () => {
    expect(await run(['verify', 'ms@2.1.3'])).toMatchObject({ status: 4, stdout: '' });
    expect(calls()).toEqual([]);
  });

  test.each(['machine/run/docker.sock', 'machine/run/podman/podman.sock'])(
    '%s that answers is one',
    async (socket) => {
      mkdirSync(path.dirname(at(socket)), { recursive: true });
      await listen(at(socket));
      expect((await run(['verify', 'ms@2.1.3'])).status).toBe(0);
      expect(calls()).toEqual([VERIFY]);
    },
  );

  test('DOCKER_HOST that answers is one', async () => {
    await listen(at('d.sock'));
    expect((await run(['verify', 'ms@2.1.3'], { DOCKER_HOST: `unix://${at('d.sock')}` })).status).toBe(0);
    expect(calls()).toEqual([VERIFY]);
  });

  test('a socket that answers with an error is none', async () => {
    const broken = createServer((_request, response) => response.writeHead(500).end());
    server = broken;
    await new Promise<void>((resolve) => broken.listen(at('machine/run/docker.sock'), resolve));
    expect((await run(['verify', 'ms@2.1.3'])).status).toBe(4);
  });

  test.each(['--help', '--version', 'verify --help', 'keygen --out x', ''])(
    'none is installed for: %s',
    async (line) => {
      const args = line.split(' ').filter(Boolean);
      expect((await run(args)).status).toBe(0);
      expect(calls()).toEqual([`node CLONE/src/cli/main.ts ${line}`.trimEnd()]);
    },
  );
});

describe('./run test', () => {
  const SUITE = 'node CLONE/scripts/suite.ts test/a.test.ts -t one';
  const args = ['test', 'test/a.test.ts', '-t', 'one'];

  test('hands its arguments to the suite', async () => {
    await listen(at('machine/run/docker.sock'));
    expect((await run(args)).status).toBe(0);
    expect(calls()).toEqual([SUITE]);
  });

  test('installs bubblewrap, PostgreSQL and Docker', async () => {
    remove('bwrap', 'dockerd');
    rmSync(at(POSTGRES), { recursive: true });
    command('apt-get');
    await listen(at('elsewhere.sock'));
    executable(
      at('clone/scripts/start-docker'),
      `echo "start $*" >>'${at('calls')}'; ln -s '${at('elsewhere.sock')}' "$1"`,
    );
    expect((await run(args)).status).toBe(0);
    expect(calls()).toEqual([
      `apt-get ${APT} ${INSTALL} bubblewrap`,
      `apt-get ${APT} ${INSTALL} postgresql`,
      `apt-get ${APT} ${INSTALL} docker.io`,
      'start FOLDER/machine/run/docker.sock FOLDER/machine 0',
      SUITE,
    ]);
  });

  test('a daemon that does not start ends the run', async () => {
    command('unshare', 'echo not permitted; exit 1');
    const { status, stderr } = await run(args);
    expect(status).toBe(4);
    expect(stderr).toContain('not permitted\nreprove: Docker could not be started; its message is above.\n');
    expect(calls()).not.toContain(SUITE);
  });

  test.runIf(process.getuid?.() === 0)('starts one real daemon, past what an earlier one left', async () => {
    remove('dockerd');
    const env = { PATH: `${at('bin')}:${process.env['PATH'] ?? ''}` };
    mkdirSync(at('machine/run/docker/containerd'), { recursive: true });
    // The ids of a process that is alive, and is neither dockerd nor containerd.
    writeFileSync(at('machine/run/docker.pid'), String(process.pid));
    writeFileSync(at('machine/run/docker/containerd/containerd.pid'), String(process.pid));
    try {
      const both = await Promise.all([run(args, env), run(args, env)]);
      expect(both).toEqual([expect.objectContaining({ status: 0 }), expect.objectContaining({ status: 0 })]);
      expect(both.filter((one) => one.stderr.includes('starting dockerd'))).toHaveLength(1);
      expect((await run(args, env)).stderr).toBe('');
    } finally {
      await stopDocker(Number(readFileSync(at('machine/run/docker.pid'), 'utf8')));
    }
  });
});

/** Ends a daemon and waits until its process is gone. */
async function stopDocker(pid: number): Promise<void> {
  if (pid === process.pid) return;
  process.kill(pid);
  while (existsSync(`/proc/${String(pid)}`)) await new Promise((resolve) => setTimeout(resolve, 50));
}
