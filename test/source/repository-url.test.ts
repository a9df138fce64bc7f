import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRepositoryUrl, remotesFor } from '../../src/source/repository-url.ts';

const EXPECTED = 'https://github.com/owner/name';

describe('parseRepositoryUrl', () => {
  it.each([
    'owner/name',
    'github:owner/name',
    'https://github.com/owner/name',
    'https://github.com/owner/name.git',
    'http://github.com/owner/name',
    'git+https://github.com/owner/name.git#main',
    'git://github.com/owner/name.git',
    'git+ssh://git@github.com/owner/name.git',
    'ssh://git@github.com/owner/name.git',
    'ssh://github.com/owner/name.git',
    'git@github.com:owner/name.git',
    'https://user:token@github.com/owner/name.git',
    'https://github.com/owner/name/tree/main/packages/x',
    'https://github.com/owner/name/issues',
    ' https://github.com/owner/name ',
  ])('reads %s', (text) => {
    expect(parseRepositoryUrl(text)?.url).toBe(EXPECTED);
  });

  it.each([
    ['gitlab:group/project', 'https://gitlab.com/group/project'],
    ['https://gitlab.com/group/sub/project.git', 'https://gitlab.com/group/sub/project'],
    ['https://git.example/deep/er/name.git', 'https://git.example/deep/er/name'],
    ['git@git.example:owner/name.git', 'https://git.example/owner/name'],
    ['https://git.example:8443/owner/name', 'https://git.example:8443/owner/name'],
  ])('reads %s', (text, url) => {
    expect(parseRepositoryUrl(text)?.url).toBe(url);
  });

  it.each([
    '',
    'TODO',
    '.',
    '/etc',
    'file:///etc/passwd',
    'ext::sh -c id',
    '--upload-pack=id',
    'C:\\x',
    'https://',
    'git+https://',
    'https://github.com/owner/%zz',
    'https://git.example/owner/%zz',
    'ssh://toString',
  ])('refuses %j', (text) => {
    expect(parseRepositoryUrl(text)).toBeNull();
  });

  it('gives nothing that could be an option, a parent folder or a shell word, whatever it is given', () => {
    const hostile = fc.stringMatching(/^(https:\/\/|git@|ssh:\/\/|)[ -~]{0,40}$/);
    fc.assert(
      fc.property(hostile, (text) => {
        const url = parseRepositoryUrl(text);
        if (url === null) return;
        expect(url.url).toMatch(/^https:\/\/[a-z0-9][a-z0-9.-]*(:\d+)?(\/[\w~.][\w~.+-]*)+$/i);
        expect(url.path.split('/')).not.toContain('..');
      }),
    );
  });
});

describe('remotesFor', () => {
  it('fills every template and keeps the repository itself as the last resort', () => {
    const url = parseRepositoryUrl('https://git.example/group/sub/name.git');
    expect(url && remotesFor(url, ['/m/{owner}+{name}', 'https://m.example/{host}/{path}.git'])).toEqual([
      '/m/group+name',
      'https://m.example/git.example/group/sub/name.git',
      'https://git.example/group/sub/name',
    ]);
  });

  it('looks for a folder in small letters too', () => {
    const url = parseRepositoryUrl('https://git.example/Owner/Name');
    expect(url && remotesFor(url, ['/m/{owner}+{name}'])).toEqual([
      '/m/Owner+Name',
      '/m/owner+name',
      'https://git.example/Owner/Name',
    ]);
  });
});
