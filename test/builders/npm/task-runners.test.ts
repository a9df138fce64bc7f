import { describe, expect, it } from 'vitest';
import { plansOf } from '../../support/planning.ts';

const BUILT = { 'dist/index.js': 'runs-on-import' } as const;

describe('a package with built files', () => {
  it('is built by the first fitting rule of a Makefile when its manifest has no script for that', async () => {
    const { steps } = await plansOf({
      files: {
        'package.json': { name: 'pkg', scripts: { test: 'mocha' }, devDependencies: { babel: '5' } },
        Makefile:
          'DIST := dist\nall: test dist\ndist: $(FILES)\n\tbabel\nbuild: clean dist\ntest:\n\tnpm test\n',
      },
      unexplained: BUILT,
    });
    expect(steps[0]?.[2]).toBe('build /work/source: make build');
  });

  it('is built by the rules of a Makefile that make what is published, where none is named so', async () => {
    const rules = [
      'release: a.js a.min.js\n',
      'a.js: src\n\tcat $^ > $@\n',
      '%.min.js: %.js\n\tuglify $<\n',
      'b.js:\n',
    ];
    const { steps } = await plansOf({
      files: { 'package.json': { name: 'pkg', scripts: { test: 'make test' } }, Makefile: rules.join('\n') },
      unexplained: Object.fromEntries(
        ['a.js', 'a.min.js', 'b.js', 'c.js', '--eval=x.min.js', 'CC=x.min.js', '$(x).min.js'].map((path) => [
          path,
          'code',
        ]),
      ),
    });
    expect(steps[0]?.at(-2)).toBe('build /work/source: make a.js a.min.js');
  });

  it.each([
    ['Gruntfile.js', "grunt.registerTask('test', []); grunt.registerTask('build', ['js']);", 'grunt build'],
    ['gulpfile.js', "gulp.task('default', []);\ngulp.task('compile', ['js']);", 'gulp compile'],
    ['gulpfile.mjs', 'export const dist = series(clean, js);', 'gulp dist'],
    ['gulpfile.js', "export * from 'tasks-of-mine'\n", 'gulp build'],
    ['gulpfile.mjs', "export * from 'tasks-of-mine'\nexport const dist = series(js);\n", 'gulp dist'],
    ['jakefile.js', "task('lint', []);\ntask('build', ['lint'], function () {});", 'jake build'],
    ['Jakefile', "task({build: ['lint']}, function () {});", 'jake build'],
  ])('is built by the task of its %s when its manifest has no script for that', async (file, text, built) => {
    const { plans, steps } = await plansOf({
      files: {
        'package.json': { name: 'pkg', scripts: { test: 'mocha' }, dependencies: { debug: '1' } },
        [file]: text,
      },
      unexplained: BUILT,
    });
    expect(steps[0]?.at(-2)).toBe(`build /work/source: ${built}`);
    expect(plans[0]?.steps.at(-2)?.env['PATH']).toMatch(/^\/work\/source\/node_modules\/\.bin:/);
  });

  it('is not built by a task file that lies elsewhere or has no such task', async () => {
    const { plans } = await plansOf({
      files: {
        'package.json': { name: 'pkg' },
        'test/Gruntfile.js': "grunt.registerTask('build', [])",
        'gulpfile.js': "gulp.task('default', ['lint', 'test'])",
        Makefile: 'release: test\n\tnpm publish\n',
      },
      unexplained: BUILT,
    });
    expect(plans.map((plan) => plan.strategy)).toEqual(['pack']);
  });
});
