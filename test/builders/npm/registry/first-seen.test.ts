import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import semver from 'semver';
import { afterAll, describe, expect, it } from 'vitest';
import { firstSeen } from '../../../../builders/npm/registry/first-seen.ts';
import { temporaryFolder, TestRepository } from '../../../support/repository.ts';

const ROOT = path.join(import.meta.dirname, '../../../..');
const FILE = path.join(ROOT, 'builders/npm/registry/first-seen.txt');

describe('when versions were first seen', () => {
  it('is known of compilers, to the day', () => {
    const typescript = firstSeen('typescript');
    expect(new Date(typescript.get('4.5.2') ?? 0).toISOString()).toBe('2021-11-18T00:00:00.000Z');
    expect(typescript.has('4.5.99')).toBe(false);
  });

  it.each(['constructor', 'no-such-package', ''])('is not known of %j', (name) => {
    expect(firstSeen(name).size).toBe(0);
  });

  it('is a list in order, of versions and times', () => {
    const names = readFileSync(FILE, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ')[0] ?? '');
    expect(names).toEqual([...new Set(names)].sort());
    for (const name of names) {
      const seen = firstSeen(name);
      expect([...seen.keys()]).toEqual(semver.sort([...seen.keys()]));
      for (const time of seen.values()) expect(time).toBeGreaterThan(Date.parse('2009-01-01'));
    }
  });
});

describe('the script that makes the list', () => {
  const folder = temporaryFolder();
  afterAll(() => folder.dispose());

  /** A repository whose manifest names these versions, one commit after the other, from 12:01 and so many minutes on. */
  function repository(minutes: number, ...tools: readonly Readonly<Record<string, string>>[]): string {
    const made = new TestRepository(path.join(folder.path, randomUUID()));
    made.wait(minutes);
    for (const devDependencies of tools) made.commit({ 'package.json': { name: 'user', devDependencies } });
    return made.directory;
  }

  it('takes the second repository that names a version, and nothing that few know', () => {
    const named = [{ tool: '^1.2.0' }, { tool: '~1.1.0' }, { tool: '>=1.3.0' }];
    const known = Array.from({ length: 15 }, (_, days) => repository(days * 1440, ...named));
    const [first = ''] = known;
    const copy = repository(0, ...named);
    const few = [repository(0, { rare: '1.0.0' }), repository(30, { rare: '1.0.0', tool: '2.0.0' })];
    // 1.1.0 was named after 1.2.0, which tells as much of it.
    expect(listOf([...known, first, copy, ...few])).toBe('tool 1.2.0=2024-03-03\n');
  });

  it.each([
    ['package-lock.json', '"resolved": "https://registry.example/@s/tool/-/tool-1.2.0.tgz",'],
    ['yarn.lock', '  resolved "https://registry.example/@s/tool/-/tool-1.2.0.tgz#0123"'],
    ['yarn.lock', '  resolution: "@s/tool@npm:1.2.0"'],
    ['pnpm-lock.yaml', '  /@s/tool/1.2.0:'],
    ['pnpm-lock.yaml', "  '@s/tool@1.2.0(peer@1.0.0)':"],
  ])('reads %s: %s', (file, line) => {
    const known = Array.from({ length: 15 }, (_, minutes) => {
      const made = new TestRepository(path.join(folder.path, randomUUID()));
      made.wait(minutes);
      made.commit({ [file]: `${line}\n` });
      return made.directory;
    });
    expect(listOf(known)).toBe('@s/tool 1.2.0=2024-03-02\n');
  });

  function listOf(repositories: readonly string[]): string {
    const options = { cwd: ROOT, encoding: 'utf8' } as const;
    return execFileSync(process.execPath, ['scripts/first-seen.ts', ...repositories], options);
  }
});
