import { describe, expect, it } from 'vitest';
import { mentionsVersion, packageNamedBy, tagNames } from '../../src/source/tag-names.ts';

describe('tagNames', () => {
  it('puts the forms with the name of the package before the plain ones', () => {
    const names = tagNames('@scope/name', '1.2.3');
    for (const name of ['@scope/name@1.2.3', 'name@1.2.3', 'name-v1.2.3', 'name/v1.2.3', 'v1.2.3', '1.2.3']) {
      expect(names).toContain(name);
    }
    expect(names.indexOf('name@1.2.3')).toBeLessThan(names.indexOf('v1.2.3'));
  });
});

describe('mentionsVersion', () => {
  it.each(['v1.2.3', '1.2.3-npm', 'pkg_1.2.3', 'release/1.2.3'])('finds it in %s', (tag) => {
    expect(mentionsVersion(tag, '1.2.3')).toBe(true);
  });

  it.each(['v1.2.30', '11.2.3', '1.2.3.4', 'v1.2.3-beta.1', 'v1.2.3-rc1', 'v1.2.3-0', 'v0.1.2.3'])(
    'not in %s',
    (tag) => {
      expect(mentionsVersion(tag, '1.2.3')).toBe(false);
    },
  );
});

it.each([
  ['refs/tags/@s/other@1.2.3', 'other'],
  ['other@v1.2.3', 'other'],
  ['v1.2.3', null],
  ['other-1.2.3', null],
  ['other@next', null],
])('the tag %s names the package %s', (tag, name) => {
  expect(packageNamedBy(tag)).toBe(name);
});
