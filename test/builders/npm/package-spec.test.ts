import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePackageSpec, purlOf } from '../../../builders/npm/package-spec.ts';
import { pickVersion } from '../../../builders/npm/registry/pick-version.ts';
import { parseDocument } from '../../../builders/npm/registry/document.ts';
import { ReproveError } from '../../../src/errors.ts';
import { temporaryFolder } from '../../support/registry.ts';

const cwd = '/nonexistent';

describe('what npm accepts', () => {
  it.each([
    ['debug', 'debug', 'tag', ''],
    ['@s/n', '@s/n', 'tag', ''],
    ['debug@', 'debug', 'range', '*'],
    ['debug@4.4.3', 'debug', 'version', '4.4.3'],
    ['debug@v4.4.3', 'debug', 'version', '4.4.3'],
    ['debug@next', 'debug', 'tag', 'next'],
    ['debug@^4 || 5', 'debug', 'range', '^4 || 5'],
    ['@s/n@>=1 <2', '@s/n', 'range', '>=1 <2'],
    ['JSONStream@1.3.5', 'JSONStream', 'version', '1.3.5'],
    ['pkg:npm/debug@4.4.3', 'debug', 'version', '4.4.3'],
    ['pkg:npm/%40s/n@1.0.0-rc.1', '@s/n', 'version', '1.0.0-rc.1'],
    ['pkg:npm/debug', 'debug', 'tag', ''],
  ])('%s', (argument, name, want, wanted) => {
    expect(parsePackageSpec(argument, { cwd })).toEqual({ kind: 'registry', name, want, wanted });
  });

  it('archives on disk, by absolute path', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'a b.tgz'), '');
    for (const path of [
      './a b.tgz',
      'a b.tgz',
      `${folder}/a b.tgz`,
      'file:a b.tgz',
      `${folder}/x/../a b.tgz`,
    ]) {
      expect(parsePackageSpec(path, { cwd: folder })).toMatchObject({ kind: 'file' });
    }
  });
});

describe('what is refused', () => {
  it.each([
    '',
    '-rf',
    '--registry=https://evil.test',
    'git+https://example.test/a.git',
    'git@example.test:a/b.git',
    'owner/repository',
    'https://example.test/a.tgz',
    'x@https://example.test/a.tgz',
    'alias@npm:debug@1.0.0',
    'npm:debug@1.0.0',
    'debug@file:../x',
    '../../etc/passwd',
    './absent.tgz',
    '@s/../x',
    '@s',
    '.bin',
    '_secret',
    'node_modules',
    'a b',
    'a\nb',
    'a;rm -rf ~',
    'a$(id)',
    'a`id`',
    'a|b@1.0.0',
    'pkg:pypi/requests@2.0.0',
    'pkg:npm/debug@^4',
    'pkg:npm/debug@latest',
    'pkg:npm/..%2Fx@1.0.0',
    'pkg:npm/debug@1.0.0#lib',
    'x'.repeat(2000),
  ])('%j', (argument) => {
    expect(() => parsePackageSpec(argument, { cwd })).toThrow(
      expect.objectContaining({ code: 'usage' }) as Error,
    );
  });

  it('a folder, even one named like an archive or reached through a link', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'folder.tgz'));
    await symlink('/', join(folder, 'link.tgz'));
    for (const path of ['./folder.tgz', './link.tgz', '.', '..'])
      expect(() => parsePackageSpec(path, { cwd: folder })).toThrow(ReproveError);
  });

  it('or is a name that is safe in a URL path and on a command line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (argument) => {
        try {
          const spec = parsePackageSpec(argument, { cwd });
          if (spec.kind === 'registry')
            expect(spec.name).toMatch(/^(?:@[^\s/@%:?#\\]+\/)?[^\s/@%:?#\\.-][^\s/@%:?#\\]*$/);
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'usage' });
        }
      }),
      { numRuns: 2000 },
    );
  });
});

it('writes purls as npm does', () => {
  expect(purlOf('@s/n', '1.0.0')).toBe('pkg:npm/%40s/n@1.0.0');
  expect(purlOf('debug', '4.4.3')).toBe('pkg:npm/debug@4.4.3');
});

describe('pickVersion', () => {
  const versions = ['1.0.0', '1.1.0', '1.2.0', '2.0.0', '3.0.0-rc.1'].map((version) => [
    version,
    { name: 'p', version, ...(version === '1.2.0' && { deprecated: 'broken' }) },
  ]);
  const document = parseDocument(
    Buffer.from(
      JSON.stringify({
        name: 'p',
        'dist-tags': { latest: '1.1.0', next: '3.0.0-rc.1', gone: '9.9.9' },
        versions: Object.fromEntries(versions) as unknown,
        time: {
          '1.0.0': '2020-01-01T00:00:00Z',
          '1.1.0': '2021-01-01T00:00:00Z',
          '2.0.0': '2022-01-01T00:00:00Z',
        },
      }),
    ),
    { name: 'p', registry: 'https://r.test/', fetchedAt: new Date() },
  );
  it.each([
    ['p', '1.1.0'],
    ['p@next', '3.0.0-rc.1'],
    ['p@^1', '1.1.0'],
    ['p@1.2.0', '1.2.0'],
    ['p@>1.1.0', '2.0.0'],
    ['p@gone', null],
    ['p@none', null],
    ['p@^7', null],
    ['p@toString', null],
    ['p@__proto__', null],
  ])('%s is %s', (argument, expected) => {
    const spec = parsePackageSpec(argument, { cwd });
    expect(spec.kind === 'registry' && pickVersion(document, spec)).toBe(expected);
  });
  it('chooses nothing that was published after the instant given', () => {
    const spec = parsePackageSpec('p', { cwd });
    expect(spec.kind === 'registry' && pickVersion(document, spec, { before: new Date('2020-06-01') })).toBe(
      '1.0.0',
    );
  });
});
