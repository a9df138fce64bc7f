import { describe, expect, test } from 'vitest';
import { sameButForCommentDates } from '../../src/compare/comment-dates.ts';
import { compareTarballs } from '../support/artifacts.ts';
import { npmTarball } from '../support/tarball.ts';

const NUL = '\0';
const same = (published: string, rebuilt: string, path = 'index.js'): boolean =>
  sameButForCommentDates(Buffer.from(published), Buffer.from(rebuilt), path);

describe('the date of a build in a comment', () => {
  test.each([
    ['2026-08-08T14:23:19.123Z', '2026-08-08T14:23:45.001Z'],
    ['2026-08-08 14:23:19', '2026-08-08 14:24:01'],
    ['2026-08-08T14:23:19+02:00', '2026-08-08T12:24:01+00:00'],
    ['2026-08-08', '2026-08-09'],
    ['Sat, 08 Aug 2026 14:23:19 GMT', 'Sat, 08 Aug 2026 14:23:45 GMT'],
    ['sat, 08 aug 2026 14:23:19 utc', 'sun, 09 aug 2026 00:00:01 utc'],
    ['Sat Aug 08 2026 14:23:19 GMT+0200', 'Sat Aug 08 2026 12:23:45 GMT+0000'],
    ['Aug 8, 2026', 'Aug 9, 2026'],
    ['8/8/2026, 2:23:19 PM', '8/8/2026, 12:23:19 PM'],
  ])('may be %s or %s', (ours, theirs) => {
    const banner = (date: string) => `/*!\n * a v1.0.0\n * compiled ${date}\n */\nmodule.exports = 1;\n`;
    expect(same(banner(ours), banner(theirs))).toBe(true);
    const line = (date: string) => `export const one: number; // ${date}\n`;
    expect(same(line(ours), line(theirs), 'index.d.mts')).toBe(true);
  });

  test('weakens the level to normalized, and is listed', () => {
    const packed = (second: string) =>
      npmTarball({
        'package.json': '{"name":"a","version":"1.0.0"}',
        'index.js': `// 2026-08-08T14:23:${second}Z\nreturn 1;`,
      });
    expect(compareTarballs({ published: packed('19'), rebuilt: packed('45') })).toMatchObject({
      level: 'normalized',
      differences: [],
      normalizers: [{ name: 'comment-dates', path: 'index.js' }],
    });
  });
});

describe('attack: behind a date', () => {
  const date = '2026-08-08';
  const banner = `/* ${date} */`;
  test.each([
    ['outside of a comment', `const d = "${date}";`, 'const d = "2026-08-09";'],
    [
      'outside of a comment, beside one inside',
      `${banner} const d = "${date}";`,
      '/* 2026-08-09 */ const d = "2026-08-09";',
    ],
    ['in a template', `const d = \`/* ${date} */\`;`, 'const d = `/* 2026-08-09 */`;'],
    ['in a regular expression', `const d = /\\/*${date}\\/*/;`, 'const d = /\\/*2026-08-09\\/*/;'],
    ['as a calculation', `f(2026-08-08) ${banner}`, `f(2026-08-09) ${banner}`],
    ['beside other code', `${banner} steal();`, '/* 2026-08-09 */'],
    ['beside another comment', `/* ${date} */ // a`, '/* 2026-08-09 */ // b'],
    ['years away', `// ${date}`, '// 2024-08-08'],
    ['three days away', `// ${date}`, '// 2026-08-11'],
    ['of another form', `// ${date}`, '// Aug 8, 2026'],
    ['that is none', '// 2026-99-99', '// 2026-99-98'],
    ['in a path', `// see ./${date}/a.js`, '// see ./2026-08-09/a.js'],
    ['in the name of a file', `//# sourceMappingURL=${date}.map`, '//# sourceMappingURL=2026-08-09.map'],
    ['in an HTML comment', `<!-- ${date}\nlet a;`, '<!-- 2026-08-09\nlet a;'],
    ['after the end of an HTML comment', `let a;\n --> ${date}`, 'let a;\n --> 2026-08-09'],
    [
      'where HTML comments hide the start of one',
      `a\n<!-- /*\n;b("${date}") // */`,
      'a\n<!-- /*\n;b("2026-08-09") // */',
    ],
    [
      'where the place of one is taken by NUL',
      `/*${NUL}0*/ "${date}" // ${date}`,
      `/*${date}*/ "${NUL}0" // ${date}`,
    ],
    ['in what does not parse', `// ${date}\n}`, '// 2026-08-09\n}'],
    [
      'above what is nested too deeply',
      `// ${date}\n${'['.repeat(100_000)}`,
      `// 2026-08-09\n${'['.repeat(100_000)}`,
    ],
    ['one more date', `// ${date} ${date}`, `// ${date}`],
    ['no date at all', 'let a = 1; // x', 'let a = 1; // y'],
  ])('%s, nothing hides', (_, published, rebuilt) => {
    expect(same(published, rebuilt)).toBe(false);
  });

  test('bytes that are no UTF-8 are not compared as text', () => {
    const bytes = (day: string, byte: number) =>
      Buffer.concat([Buffer.from(`// 2026-08-0${day} `), Buffer.of(byte)]);
    expect(sameButForCommentDates(bytes('8', 0xff), bytes('9', 0xfe), 'index.js')).toBe(false);
  });
});
