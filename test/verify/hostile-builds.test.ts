import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownerName } from '../../src/owner.ts';
import { SMALL_LIMITS, TEST_ENGINES, TestWorld } from '../support/world.ts';

let world: TestWorld;
beforeAll(async () => {
  world = await TestWorld.open();
});
afterAll(() => world.close());

/** Each is the build script of a package; `proves` must hold of the log of the failed step. */
const BUILDS = {
  'connects-by-address': {
    code: "require('net').connect(53, '192.0.2.1').on('error', (e) => { console.log('REFUSED', e.code); process.exit(1); });",
    reason: 'build-failed',
    log: /REFUSED ENETUNREACH/,
  },
  'looks-up-a-name': {
    code: "require('dns').lookup('registry.example', (e) => { console.log('REFUSED', e && e.code); process.exit(1); });",
    reason: 'build-failed',
    log: /REFUSED (EAI_AGAIN|ENOTFOUND)/,
  },
  'looks-for-the-registry-socket': {
    code: "const fs = require('fs'); console.log('SOCKET', fs.existsSync('/run/registry/registry.sock')); process.exit(1);",
    reason: 'build-failed',
    log: /SOCKET false/,
  },
  'lists-its-network-interfaces': {
    code: "console.log('LINKS', require('child_process').execSync('ip -o link').toString().split('\\n').filter(Boolean).map((l) => l.split(': ')[1]).join()); process.exit(1);",
    reason: 'build-failed',
    log: /LINKS lo(\s|$)/,
  },
  'reads-the-environment-of-the-host': {
    code: "console.log('SECRET', process.env.REPROVE_TEST_SECRET, require('fs').readFileSync('/proc/1/environ', 'latin1').includes('REPROVE_TEST_SECRET')); process.exit(1);",
    reason: 'build-failed',
    log: /SECRET undefined false|EACCES/,
  },
  'reads-files-of-the-host': {
    code: "try { console.log('READ', require('fs').readFileSync(process.argv[2] || '/etc/shadow', 'utf8').length); } catch (e) { console.log('DENIED', e.code); } process.exit(1);",
    reason: 'build-failed',
    log: /DENIED (ENOENT|EACCES)/,
  },
  'forks-without-end': {
    code: "const { spawn } = require('child_process'); const bomb = () => { try { spawn(process.execPath, [__filename]).on('error', () => {}); } catch {} }; setInterval(bomb, 1);",
    reason: /resource-limit|timed-out/,
    log: /^/,
  },
  'fills-the-disk': {
    code: "const fs = require('fs'); const chunk = Buffer.alloc(1 << 20, 1); for (let i = 0; ; i++) fs.appendFileSync('full', chunk);",
    reason: 'resource-limit',
    log: /^/,
  },
  'eats-memory': {
    code: 'const all = []; for (;;) all.push(Buffer.alloc(1 << 24, 1));',
    reason: 'resource-limit',
    log: /^/,
  },
  'never-ends': { code: 'setInterval(() => {}, 1000);', reason: 'timed-out', log: /^/ },
} as const;

describe.each(TEST_ENGINES)('%s', (engine) => {
  it.each(Object.entries(BUILDS))(
    'a build that %s is stopped and proves nothing',
    async (name, { code, reason, log }) => {
      process.env['REPROVE_TEST_SECRET'] = 'hunter2';
      const script = `${name}.js`;
      const manifest = { files: ['dist'], scripts: { build: `node ${script}` } };
      const unique = `${name}-${engine}`;
      world.source(unique, { [script]: code }, manifest);
      world.publish(unique, { 'dist/index.js': '1\n' }, manifest);
      const limits = { ...SMALL_LIMITS, stepMs: 15_000 };
      const document = await world.verify(unique, { engine, limits });
      expect(document.verdict).toBe('unverifiable');
      expect(document.level).toBeNull();
      expect(document.reason?.code).toMatch(reason);
      expect(document.attempts[0]?.log ?? '').toMatch(log);
      expect(leftovers(script)).toEqual([]);
    },
  );
});

/** Processes that run the script, containers and volumes of this process, and folders that should be gone. */
function leftovers(script: string): readonly string[] {
  const processes = readdirSync('/proc').filter(
    (pid) => /^\d+$/.test(pid) && commandLine(pid).includes(script),
  );
  const folders = readdirSync(path.join(world.cacheDir, 'tmp')).filter((name) =>
    name.startsWith(`run-${process.pid}-`),
  );
  const label = `label=reprove.owner=${ownerName()}`;
  const docker = (...args: string[]) =>
    execFileSync('docker', args, { encoding: 'utf8' }).split('\n').filter(Boolean);
  const containers = TEST_ENGINES.includes('docker')
    ? [...docker('ps', '-aq', '--filter', label), ...docker('volume', 'ls', '-q', '--filter', label)]
    : [];
  return [...processes, ...folders, ...containers];
}

/** Empty when the process is gone. */
function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}
