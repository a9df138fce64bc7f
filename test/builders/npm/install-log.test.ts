import { describe, expect, it } from 'vitest';
import { missingIn, unmatchedIn } from '../../../builders/npm/install-log.ts';

describe('a range without a version', () => {
  it.each([
    ['npm', 'npm error notarget No matching version found for @s/lib@^9.0.0.', '@s/lib', '^9.0.0'],
    [
      'npm, as of a date',
      'No matching version found for lib@1.x with a date before 1/1/2024, 1:00:00 AM.',
      'lib',
      '1.x',
    ],
    ['npm 3', 'npm ERR! notarget No compatible version found: lib@latest\nnpm ERR!', 'lib', 'latest'],
    [
      'npm 2',
      "npm ERR! notarget No compatible version found: @s/lib@'>=1.0.0 <2.0.0'",
      '@s/lib',
      '>=1.0.0 <2.0.0',
    ],
    [
      'pnpm',
      'ERR_PNPM_NO_MATCHING_VERSION  No matching version found for lib@^3 while fetching it from http://127.0.0.1:4873/',
      'lib',
      '^3',
    ],
    ['yarn classic', 'error Couldn\'t find any versions for "lib" that matches "~2.1.0"', 'lib', '~2.1.0'],
    ['yarn berry', '➤ YN0082: │ @s/lib@npm:^2.0.0: No candidates found', '@s/lib', '^2.0.0'],
    [
      'bun',
      'error: No version matching "^4.0.0" found for specifier "lib" (but package exists)',
      'lib',
      '^4.0.0',
    ],
  ])('is read in the words of %s', (_who, log, name, range) => {
    expect(unmatchedIn(log)).toEqual({ name, range });
  });

  it('is not seen in anything else', () => {
    expect(unmatchedIn('added 12 packages in 3s')).toEqual({ name: null, range: null });
  });
});

it.each([
  'No versions available for lib',
  'npm ERR! No valid versions available for lib',
  'ERR_PNPM_NO_VERSIONS  No versions available for lib. It may be unpublished.',
  '  ├─▶ Failed to resolve dependency tree: No versions available for\n  │   lib. The package may be unpublished.',
])('a package without any version is read from: %s', (log) => {
  expect(unmatchedIn(log)).toEqual({ name: 'lib', range: null });
});

it('a name is read whole where pnpm folds it', () => {
  const log =
    'Error: ERR_PNPM_NO_VERSIONS\n\n  × installing dependencies\n  ├─▶ Failed to resolve dependency tree: No versions available for search-\n  │   insights. The package may be\n  │   unpublished.';
  expect(unmatchedIn(log)).toEqual({ name: 'search-insights', range: null });
});

describe('a package that the registry does not have', () => {
  it.each([
    ['npm', "npm error 404  '@s/lib@^1.0.0' is not in this registry.", ['@s/lib']],
    [
      'npm, by its address',
      'npm error 404 Not Found - GET http://127.0.0.1:4873/@s%2flib - Not found',
      ['@s/lib'],
    ],
    ['pnpm', 'ERR_PNPM_FETCH_404  GET http://127.0.0.1:4873/lib: Not Found - 404', ['lib']],
    [
      'npm, of another registry',
      'npm error request to https://npm.example/@s%2flib failed, reason: getaddrinfo EAI_AGAIN npm.example',
      ['@s/lib'],
    ],
    ['yarn classic', 'error Error: http://127.0.0.1:4873/lib: Not found', ['lib']],
  ])('is read in the words of %s', (_who, log, names) => {
    expect(missingIn(log)).toEqual(names);
  });

  it.each([
    ['npm', 'npm error 404 Not Found - GET http://127.0.0.1:4873/lib/-/lib-1.0.0.tgz - Not found', ['lib']],
    ['pnpm', 'ERR_PNPM_FETCH_404  GET http://127.0.0.1:4873/lib/-/lib-1.0.0.tgz: Not Found - 404', ['lib']],
    [
      'pnpm, folded',
      'Error: ERR_PNPM_TARBALL_HTTP_STATUS\n\n  × installing dependencies\n  ╰─▶ Tarball server returned HTTP 404 for http://127.0.0.1:4873/@s/\n      lib-one/-/lib-one-2.7.58.tgz',
      ['@s/lib-one'],
    ],
    ['yarn classic', 'error Error: http://127.0.0.1:4873/@s/lib/-/lib-1.0.0.tgz: Not found', ['@s/lib']],
  ])('is read from the address of a tarball in the words of %s', (_who, log, names) => {
    expect(missingIn(log)).toEqual(names);
  });

  it('is not seen in anything else', () => {
    expect(missingIn('npm warn deprecated lib@1.0.0: no longer maintained')).toEqual([]);
    expect(missingIn('request to https://github.com/owner/lib/archive/main.tgz failed')).toEqual([]);
  });
});
