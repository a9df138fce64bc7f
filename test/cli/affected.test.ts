import { cpSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, describe, expect, it } from 'vitest';
import { affectedJsonSchema, type AffectedDocument } from '../../src/affected/document.ts';
import { reprove } from '../support/cli.ts';
import { temporaryFolder } from '../support/repository.ts';

const FIXTURES = path.join(import.meta.dirname, '../../fixtures/inputs');
const SCHEMA_FILE = path.join(import.meta.dirname, '../../docs/affected.schema.json');

const folder = temporaryFolder();
afterAll(() => folder.dispose());
const cwd = folder.path;

const write = (name: string, text: string) => {
  mkdirSync(path.dirname(path.join(cwd, name)), { recursive: true });
  writeFileSync(path.join(cwd, name), text);
};
for (const name of ['npm-11', 'pnpm-9', 'yarn-4', 'bun-1.2'])
  cpSync(path.join(FIXTURES, name), path.join(cwd, 'trees', name), { recursive: true });
// Copies of what a lockfile lists are not looked at.
cpSync(path.join(FIXTURES, 'npm-8'), path.join(cwd, 'trees/npm-11/node_modules/x'), { recursive: true });
write('bad.txt', '# seen on Tuesday\nms@2.0.0\npkg:npm/debug@2.6.9\n');
write(
  'osv/MAL-2026-1.json',
  JSON.stringify({
    schema_version: '1.7.0',
    id: 'MAL-2026-1',
    summary: 'Malicious code in js-tokens',
    affected: [
      {
        package: { ecosystem: 'npm', name: 'js-tokens' },
        ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }] }],
      },
    ],
  }),
);

const affected = (...args: readonly string[]) => reprove(['affected', ...args], { cwd });

describe('reprove affected', () => {
  it('says which version, who says so, where, and by which way it came there', async () => {
    const run = await affected('--list', 'bad.txt', '--list', 'osv', 'trees');
    expect(run.exitCode, run.stderr).toBe(1);
    await expect(run.stdout).toMatchFileSnapshot('snapshots/affected.txt');
  });

  it('--json prints one document that the published schema accepts', async () => {
    const run = await affected('--list', 'bad.txt', 'trees', '--json');
    const document = JSON.parse(run.stdout) as AffectedDocument;
    const validate = new Ajv2020({ strict: false }).compile(affectedJsonSchema() as object);
    expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
    expect(document.looked).toMatchObject({ files: 6, affectedFiles: 6 });
    expect(document.affected.map(({ purl }) => purl).sort()).toEqual([
      'pkg:npm/debug@2.6.9',
      'pkg:npm/ms@2.0.0',
    ]);
  });

  it('--format sarif has a result for each place, at its line', async () => {
    const places = await affected('--list', 'bad.txt', 'trees', '--json');
    const run = await affected('--list', 'bad.txt', 'trees', '--format', 'sarif');
    const wanted = (JSON.parse(places.stdout) as AffectedDocument).affected.flatMap((one) => one.places);
    const { runs } = JSON.parse(run.stdout) as {
      runs: [{ results: { locations: [{ physicalLocation: unknown }] }[] }];
    };
    expect(runs[0].results.map(({ locations }) => locations[0].physicalLocation)).toEqual(
      wanted.map(({ file, line }) => ({ artifactLocation: { uri: file }, region: { startLine: line } })),
    );
  });

  it('finds the same, in the same order, in files so many that threads share them', async () => {
    for (let index = 0; index < 40; index += 1)
      cpSync(
        path.join(FIXTURES, 'npm-11/package-lock.json'),
        path.join(cwd, `many/p${index}/package-lock.json`),
      );
    write('many/p17/package-lock.json', '{"lockfileVersion":3,');
    const lists = ['--list', 'bad.txt', '--list', 'osv', '--json'];
    const one = JSON.parse((await affected(...lists, 'many/p0')).stdout) as AffectedDocument;
    const run = await affected(...lists, 'many');
    const all = JSON.parse(run.stdout) as AffectedDocument;
    expect(all.refused.map(({ file }) => file)).toEqual(['many/p17/package-lock.json']);
    expect(all.looked).toEqual({
      files: one.looked.files * 39,
      entries: one.looked.entries * 39,
      affectedFiles: one.looked.affectedFiles * 39,
    });
    const numbers = [...Array(40).keys()].filter((index) => index !== 17).map(String);
    const folders = numbers.toSorted((a, b) => (a < b ? -1 : 1)).map((index) => `many/p${index}`);
    expect(all.affected).toHaveLength(one.affected.length);
    for (const { purl, advisories, places } of one.affected) {
      expect(all.affected.find((found) => found.purl === purl)).toMatchObject({
        advisories,
        places: folders.flatMap((name) =>
          places.map((place) => ({ ...place, file: place.file.replace('many/p0', name) })),
        ),
      });
    }
  });

  it('exits 0 when nothing is affected', async () => {
    write('other.txt', 'left-pad@1.3.0\n');
    const run = await affected('--list', 'other.txt', 'trees');
    expect(run.exitCode, run.stderr).toBe(0);
    expect(run.stdout).toMatch(/^✔ NOT AFFECTED {2}6 files\n/);
  });

  it('exits 3 when nothing is found and a file cannot be read, and says which', async () => {
    write('merged/yarn.lock', '# yarn lockfile v1\n\n<<<<<<< HEAD\n=======\n>>>>>>> theirs\n');
    const run = await affected('--list', 'bad.txt', 'merged');
    expect(run.exitCode, run.stderr).toBe(3);
    expect(run.stdout).toMatch(/^\? NOT KNOWN/);
    expect(run.stdout).toContain('merged/yarn.lock:3  It has conflict markers');
  });

  it('reads no file of 200 MB', async () => {
    write('large/package-lock.json', '{}');
    truncateSync(path.join(cwd, 'large/package-lock.json'), 200_000_000);
    const run = await affected('--list', 'bad.txt', 'large');
    expect(run.exitCode).toBe(3);
    expect(run.stdout).toContain('It has 200000000 bytes; at most 134217728 are read.');
  });

  it.each([
    ['a line that names nothing', 'ms@2.0.0\nms@^2\n', 'bad-list.txt:2'],
    ['nothing', '# nothing\n', 'It names no version'],
    ['JSON of another kind', '{"name": "x"}', 'not of the OSV format'],
  ])('attack: a list with %s is refused, not taken for shorter', async (_what, text, said) => {
    write('bad-list.txt', text);
    const run = await affected('--list', 'bad-list.txt', 'trees');
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain(said);
    expect(run.stdout).toBe('');
  });

  it.each([
    ['a path that is not there', ['--list', 'bad.txt', 'nowhere'], 'nowhere cannot be read'],
    ['a folder without lockfiles', ['--list', 'bad.txt', 'osv'], 'holds no file that lists packages'],
    ['a list that is not there', ['--list', 'nowhere.txt', 'trees'], 'nowhere.txt'],
  ])('exits 2 for %s', async (_what, args, said) => {
    const run = await affected(...args);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain(said);
  });
});

describe('docs/affected.schema.json', () => {
  it('is what --json prints', async () => {
    await expect(`${JSON.stringify(affectedJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(SCHEMA_FILE);
  });
});
