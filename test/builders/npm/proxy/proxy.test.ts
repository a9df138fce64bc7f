import { npmDefaultRegistry } from '../../../../builders/npm/registry/config.ts';
import { execFile } from 'node:child_process';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startProxy, type ProxyOptions, type RegistryProxy } from '../../../../builders/npm/proxy/proxy.ts';
import { INSTALL_TYPE } from '../../../../builders/npm/proxy/view.ts';
import { hash } from 'node:crypto';
import type { LoopbackRegistry } from '../../../../src/demo/loopback-registry.ts';
import {
  clientOf,
  packageTarball,
  publishAll,
  startRegistry,
  temporaryFolder,
} from '../../../support/registry.ts';

const run = promisify(execFile);

interface Setting {
  readonly registry: Pick<LoopbackRegistry, 'url'>;
  readonly cutoff: string;
  readonly wanted?: Readonly<Record<string, string>>;
  readonly cacheDirectory?: string;
  readonly git?: ProxyOptions['git'];
  readonly node?: string;
  readonly leftOut?: ProxyOptions['leftOut'];
}

/** A proxy, and a port for clients on this host (in the sandbox a forwarder does the same). */
async function start(setting: Setting): Promise<{ readonly proxy: RegistryProxy; readonly origin: string }> {
  const folder = await temporaryFolder();
  const socketDirectory = join(folder, 'socket');
  const sockets = new Set<Socket>();
  const bridge = createServer((client) => {
    const server = connect(join(socketDirectory, 'registry.sock'));
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => {
    bridge.listen(0, '127.0.0.1', resolve);
  });
  const origin = `http://127.0.0.1:${(bridge.address() as AddressInfo).port}`;
  const options: ProxyOptions = {
    client: await clientOf(setting.registry, {
      cacheDirectory: setting.cacheDirectory ?? join(folder, 'cache'),
    }),
    cutoff: new Date(setting.cutoff),
    socketDirectory,
    wanted: Object.entries(setting.wanted ?? {}),
    origin,
    ...(setting.git !== undefined && { git: setting.git }),
    node: setting.node ?? null,
    ...(setting.leftOut !== undefined && { leftOut: setting.leftOut }),
  };
  const proxy = await startProxy(options);
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    bridge.close();
    await proxy.close();
  });
  return { proxy, origin };
}

/** A project folder, and npm as a person would run it in there with this registry. */
async function project(manifest: object, origin: string, lock?: object) {
  const folder = await temporaryFolder();
  const home = join(folder, 'home');
  const cwd = join(folder, 'project');
  await mkdir(home);
  await mkdir(cwd);
  await writeFile(
    join(home, '.npmrc'),
    `registry=${origin}/\nupdate-notifier=false\nfund=false\nfetch-retries=0\n`,
  );
  await writeFile(join(cwd, 'package.json'), JSON.stringify({ name: 'root', version: '1.0.0', ...manifest }));
  if (lock !== undefined) await writeFile(join(cwd, 'package-lock.json'), JSON.stringify(lock));
  const npm = async (...args: string[]): Promise<string> => {
    const env = { PATH: process.env['PATH'], HOME: home };
    const { stdout, stderr } = await run('npm', args, { cwd, env, timeout: 60_000 });
    return stdout + stderr;
  };
  const installed = async (name: string): Promise<unknown> => {
    const text = await readFile(join(cwd, 'node_modules', name, 'package.json'), 'utf8');
    return (JSON.parse(text) as { version: unknown }).version;
  };
  return { npm, installed };
}

interface Reply {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly json: Record<string, never>;
}

async function ask(proxy: RegistryProxy, path: string, method = 'GET', headers = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    request({ socketPath: proxy.socketPath, path, method, headers }, (response) => {
      let text = '';
      response.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        const type = response.headers['content-type'] ?? '';
        const json = type.includes('json') && text !== '' ? (JSON.parse(text) as Record<string, never>) : {};
        resolve({ status: response.statusCode ?? 0, type, text, json });
      });
    })
      .on('error', reject)
      .end();
  });
}

const HONEST = {
  'lib@1.0.0': { time: '2020-01-01T00:00:00.000Z' },
  'lib@1.1.0': { time: '2021-01-01T00:00:00.000Z', dependencies: { '@s/leaf': '^1.0.0' } },
  'lib@1.2.0': { time: '2024-01-01T00:00:00.000Z', dependencies: { '@s/leaf': '^2.0.0' } },
  '@s/leaf@1.0.0': { time: '2020-06-01T00:00:00.000Z' },
  '@s/leaf@1.5.0': { time: '2020-07-01T00:00:00.000Z' },
  '@s/leaf@2.0.0': { time: '2023-12-01T00:00:00.000Z' },
};

describe('npm through the proxy', () => {
  it('npm install gets what existed at the cutoff, and every artifact is recorded', async () => {
    const registry = await startRegistry();
    publishAll(registry, HONEST);
    const { proxy, origin } = await start({ registry, cutoff: '2022-01-01' });
    const { npm, installed } = await project({ dependencies: { lib: '^1.0.0' } }, origin);
    await npm('install');
    expect([await installed('lib'), await installed('@s/leaf')]).toEqual(['1.1.0', '1.5.0']);
    const bytes = packageTarball({ name: 'lib', version: '1.1.0', dependencies: { '@s/leaf': '^1.0.0' } });
    expect(proxy.materials()).toMatchObject([
      { name: '@s/leaf', version: '1.5.0', afterCutoff: false },
      {
        name: 'lib',
        version: '1.1.0',
        afterCutoff: false,
        integrity: `sha512-${hash('sha512', bytes, 'base64')}`,
        sha512: hash('sha512', bytes),
        size: bytes.byteLength,
      },
    ]);
    expect(proxy.repairs()).toEqual([]);
    expect(proxy.timeDoctor()).toEqual([]);
    expect(proxy.failures()).toEqual([]);
  });

  it('npm ci follows a lockfile of the public registry, and says what is younger than the cutoff', async () => {
    const registry = await startRegistry();
    publishAll(registry, HONEST);
    const { proxy, origin } = await start({ registry, cutoff: '2022-01-01' });
    const publicRegistry = await npmDefaultRegistry();
    const locked = (name: string, version: string, dependencies?: object) => ({
      version,
      resolved: `${publicRegistry}${name}/-/${name.slice(name.indexOf('/') + 1)}-${version}.tgz`,
      integrity: `sha512-${hash('sha512', packageTarball({ name, version, ...(dependencies && { dependencies }) }), 'base64')}`,
      ...(dependencies && { dependencies }),
    });
    const dependencies = { lib: '^1.0.0' };
    const { npm, installed } = await project({ dependencies }, origin, {
      name: 'root',
      version: '1.0.0',
      lockfileVersion: 3,
      requires: true,
      packages: {
        '': { name: 'root', version: '1.0.0', dependencies },
        'node_modules/lib': locked('lib', '1.2.0', { '@s/leaf': '^2.0.0' }),
        'node_modules/@s/leaf': locked('@s/leaf', '2.0.0'),
      },
    });
    await npm('ci');
    expect([await installed('lib'), await installed('@s/leaf')]).toEqual(['1.2.0', '2.0.0']);
    expect(proxy.materials()).toMatchObject([
      { name: '@s/leaf', version: '2.0.0', afterCutoff: true },
      { name: 'lib', version: '1.2.0', afterCutoff: true },
    ]);
  });

  it('a second run with the same cache needs no registry', async () => {
    const registry = await startRegistry();
    publishAll(registry, HONEST);
    const { url } = registry;
    const cacheDirectory = await temporaryFolder();
    for (const round of ['cold', 'warm']) {
      if (round === 'warm') await registry.close();
      const { origin } = await start({
        registry: { url },
        cutoff: '2022-01-01',
        cacheDirectory,
      });
      const { npm, installed } = await project({ dependencies: { lib: '^1.0.0' } }, origin);
      await npm('install');
      expect(await installed('lib')).toBe('1.1.0');
    }
  });

  it("repairs what a mirror's times hide, and records why", async () => {
    const registry = await startRegistry();
    const late = '2025-12-01T00:00:00.000Z';
    publishAll(registry, {
      'lib@1.0.0': {
        time: '2021-01-01T00:00:00.000Z',
        dependencies: { old: '^1.2.0', ancient: 'npm:older@~3.1' },
      },
      'old@1.0.0': { time: late },
      'old@1.2.0': { time: late },
      'old@1.3.0': { time: late },
      'old@2.0.0': { time: late },
      'older@3.1.4': { time: late },
      'tool@5.0.0': { time: late },
    });
    for (const name of ['lib', 'old', 'older', 'tool'])
      registry.alter(name, ({ time, ...document }) => {
        const { created, ...times } = time as Record<string, unknown>;
        expect(created).toBeDefined();
        return { ...document, time: times };
      });
    const wanted = { lib: '^1.0.0', tool: '^5.0.0' };
    const { proxy, origin } = await start({ registry, cutoff: '2022-01-01', wanted });
    const { npm, installed } = await project(
      { dependencies: { lib: '^1.0.0' }, devDependencies: { tool: '^5.0.0' } },
      origin,
    );
    await npm('install');
    expect([await installed('old'), await installed('ancient'), await installed('tool')]).toEqual([
      '1.2.0',
      '3.1.4',
      '5.0.0',
    ]);
    const repairs = proxy.repairs().map(({ name, version }) => `${name}@${version}`);
    expect(repairs.sort()).toEqual(['old@1.2.0', 'older@3.1.4', 'tool@5.0.0']);
    expect(proxy.repairs().find(({ name }) => name === 'old')?.reason).toMatch(
      /lib@1\.0\.0 existed and needs old/,
    );
    expect(proxy.timeDoctor().find(({ name }) => name === 'old')).toMatchObject({
      trusted: false,
      hidden: 2,
      inferred: 2,
    });
    expect(proxy.materials().find(({ name }) => name === 'old')).toMatchObject({ afterCutoff: true });
  });

  it('repairs a range that begins at nothing with what the Node of the rebuild can run', async () => {
    const registry = await startRegistry();
    const time = '2025-12-01T00:00:00.000Z';
    publishAll(registry, {
      'lint@1.0.0': { time },
      'lint@2.0.0': { time, engines: { node: '>=12' } },
      'lint@3.0.0': { time, engines: { node: '>=20' } },
    });
    registry.alter('lint', (document) => ({ ...document, time: { '3.0.0': time } }));
    const wanted = { lint: '*' };
    const { proxy } = await start({ registry, cutoff: '2022-01-01', wanted, node: '14.21.3' });
    await ask(proxy, '/lint');
    expect(proxy.repairs()).toMatchObject([{ name: 'lint', version: '2.0.0' }]);
  });

  it('where times can be trusted, shows the caller what came soonest after, whatever Node there is', async () => {
    const registry = await startRegistry();
    publishAll(registry, {
      'late@1.0.0': { time: '2023-01-01T00:00:00.000Z' },
      'late@2.0.0': { time: '2024-01-01T00:00:00.000Z' },
    });
    const { proxy } = await start({ registry, cutoff: '2022-01-01', node: '24.0.0' });
    expect(await proxy.allow('late', '*')).toBe('1.0.0');
  });

  it('repairs nothing behind the back of times that can be trusted; the caller may', async () => {
    const registry = await startRegistry();
    publishAll(registry, {
      'lib@1.0.0': { time: '2021-01-01T00:00:00.000Z', dependencies: { late: '^1.0.0' } },
      'late@1.0.0': { time: '2023-01-01T00:00:00.000Z' },
      'late@1.1.0': { time: '2024-01-01T00:00:00.000Z' },
    });
    const { proxy, origin } = await start({ registry, cutoff: '2022-01-01' });
    const { npm, installed } = await project({ dependencies: { lib: '^1.0.0' } }, origin);
    await expect(npm('install')).rejects.toThrow(/No versions available for late/);
    expect(await proxy.allow('late', null)).toBe('1.0.0');
    expect(await proxy.allow('late', '^1.0.0')).toBe('1.0.0');
    expect(await proxy.allow('lib', '^1.0.0')).toBe('1.0.0');
    expect(await proxy.allow('late', '^7.0.0')).toBeNull();
    expect(await proxy.allow('absent', '*')).toBeNull();
    await npm('install', '--prefer-online');
    expect(await installed('late')).toBe('1.0.0');
    expect(proxy.repairs()).toMatchObject([{ name: 'late', version: '1.0.0', range: '>=1.0.0 <2.0.0-0' }]);
    expect(proxy.materials().find(({ name }) => name === 'late')).toMatchObject({ afterCutoff: true });
  });

  it('refuses a dependency whose bytes were swapped, and says so', async () => {
    const registry = await startRegistry();
    publishAll(registry, HONEST);
    registry.fault('/lib/-/lib-1.0.0.tgz', { kind: 'answer', body: 'evil' });
    const { proxy, origin } = await start({ registry, cutoff: '2020-02-01' });
    const { npm } = await project({ dependencies: { lib: '^1.0.0' } }, origin);
    await expect(npm('install')).rejects.toThrow();
    expect(proxy.failures()).toEqual([
      expect.stringMatching(/lib@1\.0\.0 cannot be used.*should be sha512-.* but is/),
    ]);
    expect(proxy.materials()).toEqual([]);
  });

  it('refuses a dependency that nothing can be checked against', async () => {
    const registry = await startRegistry();
    const manifest = { name: 'bare', version: '1.0.0' };
    const dist = { integrity: undefined, shasum: undefined };
    registry.publish({ manifest, bytes: packageTarball(manifest), time: '2020-01-01T00:00:00.000Z', dist });
    const { proxy } = await start({ registry, cutoff: '2021-01-01' });
    expect((await ask(proxy, '/bare/-/bare-1.0.0.tgz')).status).toBe(422);
    expect(proxy.failures()).toEqual([expect.stringMatching(/no digest/)]);
    expect(proxy.materials()).toEqual([]);
  });
});

describe('the socket', () => {
  it('is open to the user of the sandbox, in a directory that is not', async () => {
    const registry = await startRegistry();
    const { proxy } = await start({ registry, cutoff: '2022-01-01' });
    expect((await stat(proxy.socketPath)).mode & 0o777).toBe(0o666);
    expect((await stat(join(proxy.socketPath, '..'))).mode & 0o777).toBe(0o755);
  });

  it('closes no connection for being idle, which the next request on it would find out too late', async () => {
    const registry = await startRegistry();
    const { origin } = await start({ registry, cutoff: '2022-01-01' });
    const { headers } = await fetch(`${origin}/-/ping`);
    expect(headers.get('connection')).toBe('keep-alive');
    expect(headers.get('keep-alive')).toBeNull();
  });

  it('refuses a path that no socket can have', async () => {
    const registry = await startRegistry();
    const socketDirectory = join(await temporaryFolder(), 'x'.repeat(100));
    await expect(
      startProxy({ client: await clientOf(registry), cutoff: new Date(), socketDirectory }),
    ).rejects.toMatchObject({ code: 'io' });
  });

  it('is gone after close', async () => {
    const { proxy } = await start({ registry: await startRegistry(), cutoff: '2022-01-01' });
    await proxy.close();
    await expect(stat(proxy.socketPath)).rejects.toThrow(/ENOENT/);
  });
});

describe('what it serves', () => {
  async function serving() {
    const registry = await startRegistry();
    publishAll(registry, {
      ...HONEST,
      'lib@1.1.0': { ...HONEST['lib@1.1.0'], scripts: { postinstall: 'true' }, readme: 'x' },
    });
    return { registry, ...(await start({ registry, cutoff: '2022-01-01' })) };
  }

  it('full documents, as of the cutoff', async () => {
    const { proxy, origin } = await serving();
    const { json, type } = await ask(proxy, '/lib');
    expect(type).toBe('application/json');
    expect(json).toMatchObject({
      name: 'lib',
      'dist-tags': { latest: '1.1.0' },
      time: { created: '2020-01-01T00:00:00.000Z', modified: '2021-01-01T00:00:00.000Z' },
      versions: { '1.1.0': { readme: 'x', dist: { tarball: `${origin}/lib/-/lib-1.1.0.tgz` } } },
    });
    expect(Object.keys(json['versions'] ?? {})).toEqual(['1.0.0', '1.1.0']);
  });

  it('abbreviated documents to those who ask for them', async () => {
    const { proxy } = await serving();
    const { json, type } = await ask(proxy, '/lib', 'GET', {
      accept: `${INSTALL_TYPE}; q=1.0, application/json; q=0.8`,
    });
    expect(type).toBe(INSTALL_TYPE);
    expect(json).toMatchObject({
      modified: '2021-01-01T00:00:00.000Z',
      versions: { '1.1.0': { hasInstallScript: true } },
    });
    expect(json['versions']?.['1.1.0']).not.toHaveProperty('readme');
    expect(json['versions']?.['1.1.0']).not.toHaveProperty('scripts');
  });

  it('single versions, by number and by tag of the time', async () => {
    const { proxy } = await serving();
    expect((await ask(proxy, '/lib/latest')).json).toMatchObject({ version: '1.1.0' });
    expect((await ask(proxy, '/@s%2fleaf/1.0.0')).json).toMatchObject({ name: '@s/leaf', version: '1.0.0' });
    expect((await ask(proxy, '/lib/9.9.9')).status).toBe(404);
  });

  it('no dependencies that are left out, by their own names or by others', async () => {
    const dependencies = {
      gone: '^1',
      renamed: 'npm:gone@1.0.0',
      scoped: 'npm:@s/gone',
      leaf: 'npm:gone-too@1',
    };
    const registry = await startRegistry();
    publishAll(registry, { 'lib@1.0.0': { time: '2020-01-01T00:00:00.000Z', dependencies } });
    const { proxy } = await start({ registry, cutoff: '2022-01-01', leftOut: new Set(['gone', '@s/gone']) });
    const { json } = await ask(proxy, '/lib/1.0.0');
    expect(json['dependencies']).toEqual({ leaf: 'npm:gone-too@1' });
  });

  it('nothing but reads, nothing but packages', async () => {
    const { proxy, registry } = await serving();
    for (const method of ['PUT', 'POST', 'DELETE', 'PATCH'])
      expect((await ask(proxy, '/lib', method)).status).toBe(405);
    for (const path of [
      '/absent',
      '/lib/-/lib-9.9.9.tgz',
      '/lib/-/absent.tgz',
      '/%2e%2e/x',
      '/-/v1/search',
      '/',
    ])
      expect((await ask(proxy, path)).status).toBe(404);
    expect((await ask(proxy, `/${'x'.repeat(3000)}`)).status).toBe(414);
    expect(await ask(proxy, '/-/npm/v1/security/advisories/bulk', 'POST')).toMatchObject({
      status: 200,
      json: {},
    });
    expect(await ask(proxy, '/lib', 'HEAD')).toMatchObject({ status: 200, text: '' });
    expect(registry.requests.every(({ method }) => method === 'GET')).toBe(true);
    expect(proxy.failures()).toEqual([]);
  });

  it('packages in git repositories, at the places of the plan alone, each a material', async () => {
    const [place, other] = ['1', '2'].map((digit) => `github.com/owner/leaf/${digit.repeat(40)}`);
    const bytes = Buffer.from('a package');
    const { proxy, origin } = await start({
      registry: await startRegistry(),
      cutoff: '2024-01-01',
      git: {
        places: [place ?? ''],
        pack: () => Promise.resolve({ bytes, committedAt: '2024-02-01T00:00:00+01:00' }),
      },
    });
    const answers = await Promise.all([place, other].map((one) => fetch(`${origin}/-/git/${one ?? ''}.tgz`)));
    expect(answers.map(({ status }) => status)).toEqual([200, 404]);
    expect(Buffer.from(await (answers[0] ?? new Response()).arrayBuffer())).toEqual(bytes);
    expect(proxy.materials()).toEqual([
      expect.objectContaining({
        name: 'https://github.com/owner/leaf',
        version: '1'.repeat(40),
        size: bytes.length,
        sha512: hash('sha512', bytes),
        afterCutoff: true,
      }),
    ]);
  });

  it('a new version to a lockfile even when the document in the cache is older', async () => {
    const { proxy, registry } = await serving();
    await ask(proxy, '/lib');
    publishAll(registry, { 'lib@1.3.0': {} });
    expect((await ask(proxy, '/lib/-/lib-1.3.0.tgz')).status).toBe(200);
    expect((await ask(proxy, '/lib/-/lib-1.4.0.tgz')).status).toBe(404);
    const before = registry.requests.length;
    expect((await ask(proxy, '/lib/-/lib-1.4.0.tgz')).status).toBe(404);
    expect(registry.requests).toHaveLength(before);
  });

  it('a sentence when the registry fails', async () => {
    const { proxy, registry } = await serving();
    registry.fault('/lib', { kind: 'answer', status: 500, body: '' });
    registry.fault('/@s/leaf', { kind: 'answer', body: '<html>' });
    expect(await ask(proxy, '/lib')).toMatchObject({
      status: 502,
      json: { error: expect.stringMatching(/status 500/) as unknown },
    });
    expect((await ask(proxy, '/@s/leaf')).status).toBe(422);
    expect(proxy.failures()).toEqual([
      expect.stringMatching(/status 500/),
      expect.stringMatching(/not JSON/),
    ]);
    registry.fault('/lib', { kind: 'hang', times: 0 });
    expect((await ask(proxy, '/lib')).status).toBe(200);
  });
});
