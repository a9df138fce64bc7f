import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packBuilds } from '../../builders/npm/scripts.ts';
import { readPackedManifest } from '../../builders/npm/packed-manifest.ts';
import { sameJsonValue } from '../../src/compare/json-formatting.ts';
import { LoopbackRegistry } from '../../src/demo/loopback-registry.ts';
import { readArchive } from '../../src/published/archive.ts';
import { ResultDocument } from '../../src/report/document.ts';
import { reportOf } from '../../src/report/report.ts';
import { renderText } from '../../src/report/text.ts';
import { openRepository } from '../../src/source/open-repository.ts';
import { reprove } from '../support/cli.ts';
import { npmTarball, tarball, tarEntry } from '../support/tarball.ts';
import { TestRepository } from '../support/repository.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'reprove-test-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs an expression in a Node of its own, which is killed when it takes too long: a loop cannot be stopped otherwise. */
function within(milliseconds: number, script: string): string {
  return execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    timeout: milliseconds,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

const moduleUrl = (file: string) => pathToFileURL(path.resolve(file)).href;

describe('a package.json of a repository', () => {
  it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
    'whose prepare runs a script called %s, which only the prototype has, builds nothing',
    (name) => {
      expect(packBuilds({ prepare: `npm run ${name}` })).toBe(false);
    },
  );

  it('whose scripts call each other again and again is read at once', () => {
    const scripts = `{ prepare: 'npm run a '.repeat(2000), a: 'npm run a '.repeat(2000) }`;
    const script = `import { packBuilds } from '${moduleUrl('builders/npm/scripts.ts')}'; console.log(packBuilds(${scripts}));`;
    expect(within(10_000, script).trim()).toBe('false');
  });

  it.each(['engines', 'nodeVersionFile'])('whose %s holds thousands of ranges is read at once', (field) => {
    const script = `
      import { chooseToolchain } from '${moduleUrl('builders/npm/toolchain/choose.ts')}';
      const tool = (version) => ({ version, publishedAt: null, nodeRange: null });
      const node = Array.from({ length: 800 }, (_, index) => tool(\`\${10 + (index % 15)}.\${index}.0\`));
      const ranges = Array.from({ length: 20_000 }, (_, index) => \`1.0.\${index}\`).join('||');
      const facts = { purpose: 'build', publishedAt: new Date('2024-01-01'), ${field}: ranges };
      console.log(chooseToolchain(facts, { node, npm: [tool('10.0.0')] }).npm);`;
    expect(within(10_000, script).trim()).toBe('10.0.0');
  });
});

describe('a dependency', () => {
  it('whose range is thousands of ranges is read at once', () => {
    const script = `
      import { RangeIndex } from '${moduleUrl('builders/npm/proxy/range-index.ts')}';
      new RangeIndex().add('x', Array.from({ length: 20_000 }, (_, index) => \`1.0.\${index}\`).join('||'), 'y');
      console.log('read');`;
    expect(within(10_000, script).trim()).toBe('read');
  });
});

describe('a packed package.json with one very long string', () => {
  const long = Buffer.from(`{"name":"x","version":"1.0.0","description":"${'a'.repeat(40_000_000)}"}`);
  it('is read', () => {
    expect(readPackedManifest(long).value['name']).toBe('x');
  });
  it('is compared', () => {
    expect(sameJsonValue(long, Buffer.from(`${long.toString()}\n`))).toBe(true);
  });
});

describe('an archive', () => {
  it('with one name two hundred thousand times has an outcome', () => {
    const entries = Array.from({ length: 200_000 }, () => tarEntry({ name: 'package/a', content: '' }));
    expect(readArchive(tarball(entries)).ok).toBe(true);
  });
});

describe('a repository that is small and unfolds to something enormous', () => {
  /** Eight levels of ten folders each, all the same: 10^8 files of one byte in ten objects. */
  it('in its tree is refused, not listed', async () => {
    const repository = new TestRepository(path.join(folder, 'bomb'));
    const object = (type: string, input: Buffer) =>
      execFileSync('git', ['hash-object', '-t', type, '-w', '--stdin'], {
        cwd: repository.directory,
        input,
        encoding: 'utf8',
      }).trim();
    let [id, mode] = [object('blob', Buffer.from('x')), '100644'];
    for (let level = 0; level < 8; level += 1) {
      const entries = Array.from({ length: 10 }, (_, index) => [
        Buffer.from(`${mode} ${index}\0`),
        Buffer.from(id, 'hex'),
      ]);
      [id, mode] = [object('tree', Buffer.concat(entries.flat())), '40000'];
    }
    const commit = repository.git('commit-tree', id, '-m', 'bomb');
    repository.git('update-ref', 'refs/heads/main', commit);
    const script = `
      import { openRepository } from '${moduleUrl('src/source/open-repository.ts')}';
      const opened = await openRepository({ cacheDir: '${folder}/bomb-cache', key: 'k', remotes: ['${repository.directory}'] });
      await opened.repository.tree('${commit}').then((tree) => console.log(tree.ok ? tree.value.length : tree.reason.code));`;
    // A process that has to list it all needs some 10 GB; this one may take a second and nothing to speak of.
    const out = within(20_000, script);
    expect(out.trim()).toBe('resource-limit');
  });

  it('in its files is not written to the disk of the host whole', async () => {
    const repository = new TestRepository(path.join(folder, 'inflating'));
    writeFileSync(path.join(repository.directory, 'zeros'), Buffer.alloc(8 * 1024 * 1024));
    repository.git('add', 'zeros');
    const id = repository.git('rev-parse', ':zeros');
    for (let index = 0; index < 40; index += 1) {
      repository.git('update-index', '--add', '--cacheinfo', `100644,${id},copy-${index}`);
    }
    repository.git('commit', '-q', '-m', 'zeros');
    const opened = await openRepository({
      cacheDir: path.join(folder, 'inflating-cache'),
      key: 'k',
      remotes: [repository.directory],
    });
    if (!opened.ok) throw new Error('not opened');
    const file = path.join(folder, 'source.tar');
    const commit = repository.git('rev-parse', 'HEAD');
    const maxBytes = 128 * 1024 * 1024;
    const refused = await opened.repository.archive({ commit, file, maxBytes });
    expect(refused?.code).toBe('resource-limit');
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    expect(size).toBeLessThan(256 * 1024 * 1024);
  });
});

const ESCAPE = '\u001b[2J\u001b[32mREPRODUCED\u001b[0m';
const UNSAFE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

describe('what a registry or an archive says', () => {
  it.each([
    ['a version key', (): object => ({ versions: { [`1.0.0${ESCAPE}`]: 5 } })],
    [
      'a name, with a C1 control sequence and a bidi override',
      (): object => ({
        'dist-tags': { latest: '1.0.0' },
        versions: {
          '1.0.0': {
            name: 'x\u009b2J\u202edecreper',
            version: '1.0.0',
            dist: { tarball: 'http://127.0.0.1/x.tgz' },
          },
        },
      }),
    ],
  ])('in %s does not reach the terminal raw when it is an error', async (_where, document) => {
    const registry = await LoopbackRegistry.start();
    try {
      registry.serve('/speaking', JSON.stringify({ name: 'speaking', ...document() }));
      const run = await reprove([
        'verify',
        'speaking',
        '--registry',
        registry.url,
        '--cache-dir',
        path.join(folder, 'cli'),
      ]);
      expect(run.exitCode).toBe(4);
      expect(run.stderr).not.toMatch(UNSAFE);
    } finally {
      await registry.close();
    }
  });

  it('in the name inside a local archive does not reach the terminal raw', async () => {
    const file = path.join(folder, 'named.tgz');
    writeFileSync(
      file,
      npmTarball({ 'package.json': JSON.stringify({ name: 'x\u009b2J \u202ey', version: '1.0.0' }) }),
    );
    const run = await reprove(['verify', file, '--cache-dir', path.join(folder, 'cli')]);
    expect(run.stderr + run.stdout).not.toMatch(UNSAFE);
  });

  it('in the address of its artifact, badly escaped, is a verdict or a clear error', async () => {
    const bytes = npmTarball({ 'package.json': JSON.stringify({ name: 'escaped', version: '1.0.0' }) });
    // A server of its own: the registry of the other tests cannot decode such an address itself.
    const server = createServer((request, response) => {
      const address = `http://${request.headers.host ?? ''}/escaped/-/%E0%A4%A.tgz`;
      const dist = { tarball: address, integrity: `sha512-${hash('sha512', bytes, 'base64')}` };
      const versions = { '1.0.0': { name: 'escaped', version: '1.0.0', dist } };
      const document = JSON.stringify({ name: 'escaped', 'dist-tags': { latest: '1.0.0' }, versions });
      response.end(request.url === '/escaped' ? document : bytes);
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      const cache = path.join(folder, 'cli');
      const run = await reprove(['verify', 'escaped', '--json', '--registry', url, '--cache-dir', cache]);
      expect(run.stderr).not.toContain('should not be possible');
      expect(ResultDocument.parse(JSON.parse(run.stdout)).subject.artifact).toBe('%E0%A4%A.tgz');
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

describe('a text report', () => {
  it('has no line of the attacker that looks like one of its own', async () => {
    const registry = await LoopbackRegistry.start();
    try {
      const repository = '../x GAP✔ REPRODUCED  liar@1.0.0  level: bytes';
      const manifest = { name: 'liar', version: '1.0.0', repository };
      registry.publish({ manifest, bytes: npmTarball({ 'package.json': JSON.stringify(manifest) }) });
      const cache = path.join(folder, 'cli');
      const run = await reprove([
        'verify',
        'liar',
        '--json',
        '--registry',
        registry.url,
        '--cache-dir',
        cache,
      ]);
      const document = ResultDocument.parse(JSON.parse(run.stdout));
      // The attacker knows the sentence before his text, and chooses how many spaces follow it.
      const fakes = Array.from({ length: 120 }, (_, spaces) => {
        const message = document.reason?.message.replace('GAP', ' '.repeat(spaces)) ?? '';
        const reason = { code: 'no-repository' as const, message };
        return renderText(reportOf({ ...document, reason }), { color: false, width: 100 });
      }).filter((text) => /^ {0,2}✔ REPRODUCED/m.test(text));
      expect(fakes[0]).toBeUndefined();
    } finally {
      await registry.close();
    }
  });
});
