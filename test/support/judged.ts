import { findingsOf, rolesOf } from '../../builders/npm/judgement.ts';
import { compare } from '../../src/compare/compare.ts';
import type { Published } from '../../src/ecosystem.ts';
import { judge, type Judgement } from '../../src/judge/judge.ts';
import type { Comparison } from '../../src/model/comparison.ts';
import { readArchive } from '../../src/published/archive.ts';
import { digestsOf } from '../../src/published/digests.ts';
import { archiveOf, MADE, sourceOf } from './artifacts.ts';
import { type EntrySpec, gzipOf, tarEntry, tarOf } from './tarball.ts';

export type Files = Readonly<Record<string, string>>;

const functions = (count: number, write: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => write(index)).join('');
const manifest = (fields: object) =>
  JSON.stringify({ name: 'a', version: '1.0.0', main: 'index.js', ...fields }, null, 2);

/** Packages as people publish them: by hand, by a bundler, by a minifier, from a repository of many. */
export const PACKAGES: Readonly<Record<string, Files>> = {
  plain: {
    'package.json': manifest({ scripts: { test: 'node test.js' }, dependencies: { b: '^1.0.0' } }),
    'index.js': `'use strict';\n// 2026-08-08\n${functions(20, (i) => `exports.f${i} = function (a) { return a * ${i}; };\n`)}`,
    'README.md': '# a\n\nText.\n',
  },
  bundled: {
    'package.json': manifest({ exports: { import: './dist/a.mjs', require: './dist/a.cjs' } }),
    'dist/a.mjs': `/*! a 1.0.0, built sat, 08 aug 2026 14:23:19 utc */\n${functions(20, (i) => `export const f${i} = (a) => a + "${i}";\n`)}`,
    'dist/a.cjs': functions(20, (i) => `/* ${i} */ exports.f${i} = (a) => a + '${i}'\n`),
  },
  minified: {
    'package.json': manifest({ bin: { a: 'index.js' } }),
    'index.js': `/* 2026-08-08T14:23:19Z */${functions(60, (i) => `function f${i}(a,b){if(a>${i}){return b}return/x${i}/.test(a)}`)}`,
    'index.d.ts': functions(10, (i) => `export declare function f${i}(a: string): boolean;\n`),
  },
  monorepo: {
    'package.json': manifest({ types: 'lib/index.d.ts', files: ['lib'] }),
    'lib/index.js': functions(15, (i) => `export { f${i} } from './f${i}.js'\n`),
    'lib/index.js.map': '{"version":3,"sources":["../src/index.ts"],"mappings":"AAAA"}',
    LICENSE: 'MIT\n',
  },
};

/** Files as entries of a tarball that npm writes. */
export const entriesOf = (files: Files): readonly EntrySpec[] =>
  Object.entries(files).map(([path, content]) => ({ name: `package/${path}`, content }));
/** Entries as a tarball. */
export const packed = (entries: readonly EntrySpec[]) => gzipOf(tarOf(entries.map((one) => tarEntry(one))));

export interface Judged {
  readonly comparison: Comparison;
  readonly judgement: Judgement;
}

/**
 * The verdict on a tarball whose rebuild gave another one; null where it is no package.
 *
 * @param document what the registry says of the version; default nothing
 */
export function judged(
  files: Files,
  honest: Buffer,
  bytes: Buffer,
  document: object | null = null,
): Judged | null {
  const outcome = readArchive(bytes);
  if (!outcome.ok) return null;
  const artifact = { fileName: 'a-1.0.0.tgz', bytes, digests: digestsOf(bytes), archive: outcome.value };
  const published = { artifact, document } as unknown as Published;
  const rebuilt = { bytes: honest, archive: archiveOf(honest) };
  const source = sourceOf(files);
  const comparison = compare({ published: artifact, rebuilt, source, made: MADE });
  const judgement = judge({
    comparison,
    failure: null,
    anomalies: artifact.archive.anomalies,
    roles: rolesOf(published),
    source,
    rebuilt: rebuilt.archive,
    ecosystemFindings: findingsOf({ published, rebuilt: rebuilt.archive }),
    signals: [],
  });
  return { comparison, judgement };
}
