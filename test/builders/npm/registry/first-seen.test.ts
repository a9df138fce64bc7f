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
  it('is known of compilers, to the hour', () => {
    const typescript = firstSeen('typescript');
    expect(new Date(typescript.get('4.5.2') ?? 0).toISOString()).toBe('2021-11-17T23:00:00.000Z');
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
    const known = [0, 90, 150, 210, 270].map((minutes) => repository(minutes, ...named));
    const [first = ''] = known;
    const copy = repository(0, ...named);
    const once = repository(0, { tool: '2.0.0', rare: '1.0.0' });
    const twice = repository(30, { rare: '1.0.0' });
    const printed = execFileSync(
      process.execPath,
      ['scripts/first-seen.ts', ...known, first, copy, once, twice],
      {
        cwd: ROOT,
        encoding: 'utf8',
      },
    );
    // 1.1.0 was named after 1.2.0, which tells as much of it.
    expect(printed).toBe('tool 1.2.0=2024-03-01T14\n');
  });
});
