import { expect, it } from 'vitest';
import { parseGitDependency } from '../../../../builders/npm/git/dependency.ts';

const ID = '9ff7c55cc67a7ddbc64f8e7270bcd75fcc72ce2f';

it.each([
  ['owner/name', 'https://github.com/owner/name', null],
  ['owner/name#v1.0.0', 'https://github.com/owner/name', 'v1.0.0'],
  ['github:owner/name#semver:^1.2', 'https://github.com/owner/name', 'semver:^1.2'],
  ['gitlab:owner/name', 'https://gitlab.com/owner/name', null],
  ['bitbucket:owner/name#main', 'https://bitbucket.org/owner/name', 'main'],
  [`git+ssh://git@github.com/owner/name.git#${ID}`, 'https://github.com/owner/name', ID],
  ['git+https://git.example/group/sub/name.git', 'https://git.example/group/sub/name', null],
  ['git://github.com/owner/name.git#feat/x', 'https://github.com/owner/name', 'feat/x'],
  ['git@github.com:owner/name.git#v1', 'https://github.com/owner/name', 'v1'],
  ['https://github.com/owner/name.git#v1', 'https://github.com/owner/name', 'v1'],
  [`https://github.com/owner/name.git#commit=${ID}`, 'https://github.com/owner/name', ID],
  [`https://api.github.com/repos/owner/name/tarball/${ID}`, 'https://github.com/owner/name', ID],
  [`https://codeload.github.com/owner/name/tar.gz/${ID}`, 'https://github.com/owner/name', ID],
  ['https://codeload.github.com/owner/name/legacy.tar.gz/main', 'https://github.com/owner/name', 'main'],
  ['https://github.com/owner/name/tarball/main', 'https://github.com/owner/name', 'main'],
  ['https://github.com/owner/name/archive/v1.0.0.tar.gz', 'https://github.com/owner/name', 'v1.0.0'],
  ['https://github.com/owner/name/archive/refs/tags/v1.tar.gz', 'https://github.com/owner/name', 'v1'],
  [
    'https://gitlab.com/group/sub/name/-/archive/v1/name-v1.tar.gz',
    'https://gitlab.com/group/sub/name',
    'v1',
  ],
  ['https://bitbucket.org/owner/name/get/v1.tar.gz', 'https://bitbucket.org/owner/name', 'v1'],
])('%s', (text, url, committish) => {
  expect(parseGitDependency(text)).toMatchObject({ repository: { url }, committish });
});

it.each([
  '^1.0.0',
  'latest',
  'file:../name',
  'link:../name',
  'workspace:*',
  'npm:other@^1',
  '../owner/name',
  './name',
  '/owner/name',
  'https://files.example/name-1.0.0.tgz',
  'https://github.com/owner/name/releases/download/v1/name.tgz',
  'git+file:///etc/name.git',
  'git+https://--upload-pack=x/y.git',
  '',
])('%j is no git repository on a host', (text) => {
  expect(parseGitDependency(text)).toBeNull();
});
