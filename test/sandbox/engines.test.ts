import { createHash, randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clockEnvironment } from '../../src/sandbox/clock.ts';
import { FAKETIME_LIBRARY, type EngineName } from '../../src/sandbox/engine.ts';
import { FORWARDER_FILE, FORWARDER_TARGET, REGISTRY_URL } from '../../src/sandbox/layout.ts';
import { engineNamed } from '../../src/sandbox/select.ts';
import {
  detached,
  enginesUnderTest,
  NODE_FOLDER,
  openOn,
  processesWith,
  sourceTar,
  temporary,
  testRootfs,
  type Opened,
} from './harness.ts';

const MINUTE = 60_000;
const engines = await enginesUnderTest();
const folder = temporary();
/** Makes what runs in a sandbox recognisable among the host's processes, beside other runs of these tests. */
const mark = process.pid;
let source: string;

beforeAll(async () => {
  await testRootfs();
  const tree = join(folder.path, 'source');
  mkdirSync(join(tree, 'lib'), { recursive: true });
  writeFileSync(join(tree, 'lib', 'run.sh'), 'echo run\n');
  chmodSync(join(tree, 'lib', 'run.sh'), 0o775);
  writeFileSync(join(tree, 'index.js'), 'export {};\n');
  chmodSync(join(tree, 'index.js'), 0o664);
  source = sourceTar(tree, join(folder.path, 'source.tar'));
}, 5 * MINUTE);
afterAll(() => folder.remove());

describe.each(engines)('%s', (name: EngineName) => {
  test('works on this machine', async () => {
    expect(await (await engineNamed(name)).unavailable()).toBeNull();
  });

  describe('isolation of a build step', () => {
    let box: Opened;
    let listener: Server;
    beforeAll(async () => {
      listener = createServer((_request, response) => response.end('reached the host'));
      await new Promise<void>((resolve) => listener.listen(0, '0.0.0.0', resolve));
      const mounts = [{ source: NODE_FOLDER, target: '/opt/node' }];
      box = await openOn(name, { sourceArchive: source, mounts });
    }, MINUTE);
    afterAll(async () => {
      await box.sandbox.close();
      listener.close();
    });

    test('ip link shows only lo', async () => {
      const links = (await box.told('ip -o link')).trim().split('\n');
      expect(links).toHaveLength(1);
      expect(links[0]).toMatch(/^1: lo:/);
      expect(await box.told("tail -n +3 /proc/net/dev | sed 's/:.*//'")).toBe('    lo\n');
    });

    test('has no route', async () => {
      expect(await box.told('ip route; ip -6 route show table main')).toBe('');
      expect(await box.told('tail -n +2 /proc/net/route')).toBe('');
    });

    test('attack: connect to the host and to the world by address', async () => {
      const address = listener.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const own = Object.values(networkInterfaces()).flatMap((list) =>
        (list ?? []).map((one) => one.address),
      );
      for (const host of [...own.filter((one) => !one.includes(':')), '192.0.2.1']) {
        const outcome = await box.sh(`exec 3<>/dev/tcp/${host}/${port} && echo connected`);
        expect(outcome).toMatchObject({ kind: 'exited', exitCode: 1 });
        expect(outcome.log).not.toContain('connected');
      }
    });

    test('attack: a name is not resolved', async () => {
      const outcome = await box.sh(
        "/opt/node/bin/node -e \"require('dns').lookup('example.com', (e) => process.exit(e ? 3 : 0))\"",
      );
      expect(outcome).toMatchObject({ kind: 'exited', exitCode: 3 });
    });

    test('attack: an AF_VSOCK socket, which no network namespace confines', async () => {
      const vsock =
        'perl -e \'socket(my $s, 40, 1, 0) or print "$!\\n"; socket($s, 2, 1, 0) and print "inet\\n"\'';
      expect(await box.told(vsock)).toBe('Address family not supported by protocol\ninet\n');
    });

    test('runs as an unprivileged user without capabilities under a system call filter', async () => {
      const status = await box.told('cat /proc/self/status');
      expect(status).toMatch(/^Uid:\t10001\t10001\t10001\t10001$/m);
      expect(status).toMatch(/^Gid:\t10001\t10001\t10001\t10001$/m);
      for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
        expect(status).toMatch(new RegExp(`^${set}:\\t0000000000000000$`, 'm'));
      }
      expect(status).toMatch(/^NoNewPrivs:\t1$/m);
      expect(status).toMatch(/^Seccomp:\t2$/m);
    });

    test('attack: system calls that lead out of sandboxes are refused', async () => {
      // unshare(CLONE_NEWUSER), mount, ptrace, keyctl, bpf, io_uring_setup, clone with CLONE_NEWUSER, as on x86_64.
      const numbers = process.arch === 'x64' ? [272, 165, 101, 250, 321, 425] : [97, 40, 117, 219, 280, 425];
      const clone = process.arch === 'x64' ? 56 : 220;
      const calls = numbers
        .map((number) => `syscall(${number}, 0x10000000, 0, 0, 0, 0); print $! + 0, " ";`)
        .join(' ');
      expect(await box.told(`perl -e '${calls}'`)).toBe('1 1 1 1 1 1 ');
      expect(await box.told(`perl -e 'syscall(${clone}, 0x10000011, 0, 0, 0, 0); print $! + 0'`)).toBe('1');
      expect(await box.told("perl -e 'syscall(435, 0, 0); print $! + 0'")).toBe('38');
    });

    test('writes nowhere but below /work', async () => {
      const places = [
        '/x',
        '/etc/passwd',
        '/usr/bin/x',
        '/opt/x',
        '/opt/node/bin/node',
        '/run/x',
        '/dev/x',
        '/run/source.tar',
      ];
      for (const place of places) {
        expect(await box.sh(`echo x > ${place}`), place).toMatchObject({ kind: 'exited', exitCode: 1 });
      }
      expect(await box.told('echo x > /tmp/x && realpath /tmp/x /var/tmp')).toBe('/work/tmp/x\n/work/tmp\n');
    });

    test('sees nothing of the host: environment, files, processes, name', async () => {
      const marker = `secret-${randomUUID()}`;
      process.env['REPROVE_TEST_SECRET'] = marker;
      writeFileSync(join(folder.path, 'host-file'), marker);
      const env = await box.told('env');
      delete process.env['REPROVE_TEST_SECRET'];
      expect(env).not.toContain(marker);
      expect(
        env
          .trim()
          .split('\n')
          .map((line) => line.split('=')[0] ?? '')
          .sort(),
      ).toEqual(['HOME', 'LANG', 'PATH', 'PWD', 'SHLVL', 'TMPDIR', 'TZ', '_']);
      expect(await box.sh(`cat ${join(folder.path, 'host-file')}`)).toMatchObject({ exitCode: 1 });
      expect(await box.told('ls -A /home /root /work')).toBe(
        '/home:\n\n/root:\n\n/work:\nhome\noutput\nsource\ntmp\n',
      );
      expect(await box.told('hostname; cat /etc/hostname')).toBe('builder\nbuilder\n');
      expect(Number(await box.told('ps -A --no-headers | wc -l'))).toBeLessThan(12);
    });

    test('has the tools that builds take for granted', async () => {
      const names = 'awk bash dash diff find git grep gzip hostname ip make perl ps sed sh tar which';
      expect(await box.told(`for n in ${names}; do which $n >/dev/null || echo "no $n"; done`)).toBe('');
      const probe =
        'git init -q . && git -c user.name=n -c user.email=e commit -q --allow-empty -m m && git log --format=%s';
      expect(await box.told(`mkdir g && cd g && ${probe}`)).toBe('m\n');
      expect(
        await box.told(
          '/opt/node/bin/node -p 1+1; tar --version | head -c 13; locale -a 2>/dev/null; perl -e 1',
        ),
      ).toContain('2\ntar (GNU tar)');
    });

    test('libfaketime starts the clock at the given instant', async () => {
      const env = { LD_PRELOAD: FAKETIME_LIBRARY, FAKETIME: '@2019-08-07 06:05:04' };
      expect(await box.told('date -u +%Y-%m-%dT%H:%M', { env })).toBe('2019-08-07T06:05\n');
      expect(await box.told('/opt/node/bin/node -p "new Date().toISOString().slice(0,16)"', { env })).toBe(
        '2019-08-07T06:05\n',
      );
      expect(Number(await box.told('date +%Y'))).toBeGreaterThanOrEqual(2025);
    });

    test('the clock of a step outlives programs that fork, in every step', async () => {
      const env = clockEnvironment('2019-08-07T06:05:04Z');
      const line = 'date -u +%s; (:); x=$(pwd); for n in 1 2 3; do bash -c "date -u +%s"; done';
      for (const _step of [1, 2]) {
        const shown = (await box.sh(line, { env })).log.trim().split('\n');
        expect(shown).toEqual(Array.from({ length: 4 }, () => '1565157904'));
      }
    });

    test('keeps the modes and times of the source, whatever the umask', async () => {
      expect(await box.told('stat -c "%a %n" index.js lib/run.sh; umask')).toBe(
        '664 index.js\n775 lib/run.sh\n0022\n',
      );
    });

    test('passes arguments untouched, and exit codes as a shell does', async () => {
      const argv = ['printf', '%s|', '', 'a b', '$HOME', '"; exit 9', '-n'] as const;
      const run = (argument: readonly [string, ...string[]]) =>
        box.sandbox.run({ phase: 'build', argv: argument, cwd: '/work/source', env: {} });
      expect(await run(argv)).toEqual({ kind: 'exited', exitCode: 0, log: '|a b|$HOME|"; exit 9|-n|' });
      expect(await box.sh('exit 7')).toMatchObject({ kind: 'exited', exitCode: 7 });
      expect(await box.sh('kill -SEGV $$')).toMatchObject({ kind: 'exited', exitCode: 139 });
      expect(await run(['no-such-program'])).toMatchObject({ kind: 'exited', exitCode: 127 });
      expect(await run(['exit', '0'])).toMatchObject({ kind: 'exited', exitCode: 127 });
      expect(await box.sh('true', { cwd: '/work/none' })).toMatchObject({ kind: 'exited', exitCode: 127 });
    });

    test('logs stdout and stderr in the order in which they came', async () => {
      const both = 'for i in 1 2 3 4 5; do echo o$i; echo e$i >&2; done';
      expect(await box.told(both)).toBe('o1\ne1\no2\ne2\no3\ne3\no4\ne4\no5\ne5\n');
    });

    test('attack: a process left behind does not see the next step', async () => {
      await box.told(
        `${detached('sleep 31415.9265')}; sleep 27182.8182 & until pgrep -f 31415.9265; do :; done`,
      );
      const left = await box.told('cat /proc/[0-9]*/cmdline | tr "\\0" " "');
      expect(left).toContain('cat /proc');
      expect(left).not.toContain('31415.9265');
      expect(left).not.toContain('27182.8182');
    });
  });

  describe('reading the result', () => {
    let box: Opened;
    beforeAll(async () => {
      box = await openOn(name, { sourceArchive: source });
    }, MINUTE);
    afterAll(() => box.sandbox.close());
    const fresh = 'rm -rf /work/output && mkdir /work/output && cd /work/output && ';
    const read = (max = 1000) => box.sandbox.readOnlyFile('/work/output', max);

    test('gives the bytes of the only file', async () => {
      await box.told(`${fresh} head -c 300000 /dev/urandom > .hidden && sha256sum .hidden`);
      const bytes = await read(300_000);
      const digest = createHash('sha256')
        .update(bytes ?? '')
        .digest('hex');
      expect(await box.told('sha256sum < /work/output/.hidden')).toContain(digest);
      expect(await read(299_999)).toBeNull();
    });

    test.each([
      ['no file', 'true'],
      ['two files', 'echo a > a; echo b > b'],
      ['a hidden second file', 'echo a > a; echo b > .b'],
      ['a link', 'ln -s /etc/passwd a'],
      ['a folder', 'mkdir a; echo a > a/a'],
      ['a file and a link', 'echo a > a; ln -s a b'],
      ['a named pipe, which would never end', 'mkfifo a'],
    ])('attack: %s', async (_title, line) => {
      await box.told(fresh + line);
      expect(await read()).toBeNull();
    });

    test('attack: a sparse file larger than any memory', async () => {
      await box.told(`${fresh} truncate -s 127M a`);
      expect(await read()).toBeNull();
    });

    test('attack: the folder itself is a link', async () => {
      await box.told(
        'rm -rf /work/output && mkdir /work/other && echo a > /work/other/a && ln -s other /work/output',
      );
      expect(await read()).toBeNull();
      await box.told('rm /work/output && ln -s /etc /work/output');
      expect(await read()).toBeNull();
    });

    test('a folder that does not exist', async () => {
      await box.told('rm -rf /work/output');
      expect(await read()).toBeNull();
    });
  });

  describe('the socket of the registry', () => {
    let box: Opened;
    let registry: Server;
    const served: string[] = [];
    beforeAll(async () => {
      const directory = join(folder.path, `${name}-socket`);
      mkdirSync(directory);
      registry = createServer((request, response) => {
        served.push(request.url ?? '');
        response.end('from the registry');
      });
      await new Promise<void>((resolve) => registry.listen(join(directory, 'registry.sock'), resolve));
      chmodSync(join(directory, 'registry.sock'), 0o666);
      const mounts = [
        { source: NODE_FOLDER, target: '/opt/node' },
        { source: FORWARDER_FILE, target: FORWARDER_TARGET },
      ];
      box = await openOn(name, {
        sourceArchive: source,
        mounts,
        socketDirectory: directory,
        phases: ['fetch', 'build', 'pack'],
      });
    }, MINUTE);
    afterAll(async () => {
      await box.sandbox.close();
      registry.close();
    });
    const get = `fetch('${REGISTRY_URL}debug').then((r) => r.text()).then(console.log, () => process.exit(5))`;
    const fetchStep = (...argv: readonly string[]) =>
      box.sandbox.run({
        phase: 'fetch',
        argv: ['/opt/node/bin/node', FORWARDER_TARGET, ...argv],
        cwd: '/work/source',
        env: {},
      });

    test('is reached through the forwarder in a fetch step, which still has only lo', async () => {
      const outcome = await fetchStep('/opt/node/bin/node', '-e', get);
      expect(outcome).toEqual({ kind: 'exited', exitCode: 0, log: 'from the registry\n' });
      expect(served).toEqual(['/debug']);
      expect(
        await box.told('ip -o link | wc -l; test -S /run/registry/registry.sock', { phase: 'fetch' }),
      ).toBe('1\n');
    });

    test('the forwarder ends as its command ends', async () => {
      expect(await fetchStep('bash', '-c', 'exit 42')).toMatchObject({ kind: 'exited', exitCode: 42 });
      expect(await fetchStep('bash', '-c', 'kill -KILL $$')).toMatchObject({ kind: 'exited', exitCode: 137 });
      expect(await fetchStep('no-such-program')).toMatchObject({ kind: 'exited', exitCode: 127 });
    });

    test('attack: cannot be replaced or removed by a fetch step', async () => {
      expect(await box.sh('rm /run/registry/registry.sock', { phase: 'fetch' })).toMatchObject({
        exitCode: 1,
      });
    });

    test('attack: a forwarder left running in the fetch phase serves no build step', async () => {
      await box.told(
        `${detached(`/opt/node/bin/node /opt/forwarder/forward.js sleep 16180.3${mark}`)}; until (exec 3<>/dev/tcp/127.0.0.1/4873) 2>/dev/null; do sleep 0.1; done`,
        { phase: 'fetch' },
      );
      const before = served.length;
      expect(await box.told('ls -A /run/registry')).toBe('');
      expect(await box.sh(`/opt/node/bin/node -e "${get}"`)).toMatchObject({ kind: 'exited', exitCode: 5 });
      expect(served).toHaveLength(before);
      expect(processesWith(`16180.3${mark}`)).toEqual([]);
    });

    test('never comes back after a build step', async () => {
      await expect(box.sh('true', { phase: 'fetch' })).rejects.toMatchObject({ code: 'internal' });
    });

    test('what the fetch phase wrote is there in the build phase', async () => {
      expect(await box.told('cat index.js')).toBe('export {};\n');
    });
  });

  test('attack: a mount that would cover the work folder', async () => {
    const mounts = [{ source: folder.path, target: '/opt/../work' }];
    await expect(openOn(name, { sourceArchive: source, mounts })).rejects.toMatchObject({ code: 'internal' });
  });

  test("a port that a build step listens on is not the host's", { timeout: MINUTE }, async () => {
    const box = await openOn(name, {
      sourceArchive: source,
      mounts: [{ source: NODE_FOLDER, target: '/opt/node' }],
    });
    const port = 38211;
    const host = createTcpServer();
    await new Promise<void>((resolve) => host.listen(port, '127.0.0.1', resolve));
    const listen = `require('net').createServer().listen(${port}, '127.0.0.1', () => process.exit(0)).on('error', () => process.exit(4))`;
    expect(await box.sh(`/opt/node/bin/node -e "${listen}"`)).toMatchObject({ kind: 'exited', exitCode: 0 });
    host.close();
    await box.sandbox.close();
  });
});

test('all engines give the same bytes', { timeout: 2 * MINUTE }, async () => {
  const build = [
    // libfaketime names its semaphore by a process id.
    'env | grep -v ^FAKETIME_SHARED= | sort > env',
    'id > id',
    'date +%Y > year',
    'mkdir -p deep/er && ln -s ../index.js deep/link && echo a | gzip -9n > deep/er/a.gz',
    'ulimit -a | grep -v -e "pending signals" -e "max user processes" -e "locked memory" > ulimit',
    'cat /etc/passwd /etc/hostname /etc/os-release /etc/resolv.conf > etc',
    'tar --sort=name --mtime=@0 --create --file=/work/output/result.tar .',
  ];
  const env = { LD_PRELOAD: FAKETIME_LIBRARY, FAKETIME: '@2015-01-01 00:00:00' };
  const digests = new Map<string, string[]>();
  for (const name of engines) {
    const box = await openOn(name, { sourceArchive: source });
    await box.told(build.join(' && '), { env });
    const bytes = await box.sandbox.readOnlyFile('/work/output', 10 << 20);
    await box.sandbox.close();
    expect(bytes?.length).toBeGreaterThan(10_000);
    const digest = createHash('sha256')
      .update(bytes ?? '')
      .digest('hex');
    digests.set(digest, [...(digests.get(digest) ?? []), name]);
  }
  expect([...digests.values()]).toEqual([[...engines]]);
});
