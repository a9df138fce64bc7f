import fc from 'fast-check';
import { expect, it } from 'vitest';
import { routeOf } from '../../../../builders/npm/proxy/route.ts';

it.each([
  ['/debug', { kind: 'document', name: 'debug' }],
  ['/debug?write=true', { kind: 'document', name: 'debug' }],
  ['/@s%2fn', { kind: 'document', name: '@s/n' }],
  ['/@s%2Fn', { kind: 'document', name: '@s/n' }],
  ['/@s/n', { kind: 'document', name: '@s/n' }],
  ['/%40s%2fn', { kind: 'document', name: '@s/n' }],
  ['/debug/4.4.3', { kind: 'version', name: 'debug', version: '4.4.3' }],
  ['/@s/n/latest', { kind: 'version', name: '@s/n', version: 'latest' }],
  ['/debug/-/debug-4.4.3.tgz', { kind: 'artifact', name: 'debug', file: 'debug-4.4.3.tgz' }],
  ['/@s/n/-/n-1.0.0.tgz', { kind: 'artifact', name: '@s/n', file: 'n-1.0.0.tgz' }],
  ['/@s/n/-/@s/n-1.0.0.tgz', { kind: 'artifact', name: '@s/n', file: 'n-1.0.0.tgz' }],
  ['/api/npm/all/@s/n/-/n-1.0.0.tgz', { kind: 'artifact', name: '@s/n', file: 'n-1.0.0.tgz' }],
  ['/api/npm/all/n/-/n-1.0.0.tgz', { kind: 'artifact', name: 'n', file: 'n-1.0.0.tgz' }],
  ['/-/npm/v1/security/advisories/bulk', { kind: 'empty' }],
  ['/-/ping', { kind: 'empty' }],
  ['/', { kind: 'none' }],
  ['', { kind: 'none' }],
  ['*', { kind: 'none' }],
  ['http://evil.test/debug', { kind: 'none' }],
  ['//evil.test/debug', { kind: 'none' }],
  ['/../etc/passwd', { kind: 'none' }],
  ['/%2e%2e/%2e%2e/etc', { kind: 'none' }],
  ['/debug/-/../../x.tgz', { kind: 'none' }],
  ['/debug/-/debug-1.0.0.zip', { kind: 'none' }],
  ['/%', { kind: 'none' }],
  ['/a%00b', { kind: 'none' }],
  ['/@s', { kind: 'none' }],
  ['/a/b/c', { kind: 'none' }],
  ['/-/v1/search?text=x', { kind: 'none' }],
  [`/${'x'.repeat(3000)}`, { kind: 'none' }],
])('%s', (url, route) => {
  expect(routeOf(url)).toEqual(route);
});

it('a package in a git repository is asked for by host, path and commit', () => {
  expect(routeOf('/-/git/github.com/owner/name/0123abc.tgz')).toEqual({
    kind: 'git',
    place: 'github.com/owner/name/0123abc',
  });
});

it('never lets a path climb, whatever is asked', () => {
  const part = fc.oneof(
    fc.constantFrom('..', '.', '-', '@s', '%2e%2e', '%2f', '/', '\\', 'a.tgz'),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      const route = routeOf(`/${parts.join('/')}`);
      const texts = Object.values(route).join('/');
      expect(texts.split('/')).not.toContain('..');
      expect(texts).not.toContain('\\');
    }),
  );
});
