import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { INPUT_ECOSYSTEMS } from '../../../../builders/inputs.ts';
import { readInputs } from '../../../../src/inputs/read.ts';
import type { Inputs } from '../../../../src/model/inputs.ts';

const CWD = path.join(import.meta.dirname, '../../../../fixtures/inputs');

/** One project, locked by many package managers: an alias, a folder, workspaces, peers, and every kind of dependency. */
const FILES = [
  'npm-6/package-lock.json',
  'npm-8/package-lock.json',
  'npm-11/package-lock.json',
  'npm-11/bom.json',
  'npm-11/spdx.json',
  'pnpm-4/pnpm-lock.yaml',
  'pnpm-7/pnpm-lock.yaml',
  'pnpm-8/pnpm-lock.yaml',
  'pnpm-9/pnpm-lock.yaml',
  'pnpm-12/pnpm-lock.yaml',
  'yarn-1/yarn.lock',
  'yarn-3/yarn.lock',
  'yarn-4/yarn.lock',
  'bun-1.1/bun.lock',
  'bun-1.2/bun.lock',
  'bun-1.4/bun.lock',
];

const read = (file: string) => readInputs([file], { cwd: CWD, ecosystems: INPUT_ECOSYSTEMS });

/** Everything that is said of each entry, one a line. */
function told({ files, entries, leftOut, warnings, refused }: Inputs): string {
  const flags = (one: object) =>
    Object.entries(one)
      .filter(([name, value]) => ['direct', 'dev', 'optional', 'peer'].includes(name) && value !== false)
      .map(([name, value]) => (value === true ? name : `${name}?`));
  const lines = [
    ...files.map(({ file, format }) => `${file}: ${format}`),
    ...entries.map((one) => {
      const alias = one.alias === null ? [] : [`as ${one.alias}`];
      const digests = one.integrity.map((digest) => digest.slice(0, 14));
      const { line, project, path: way } = one.place;
      return [
        one.subject.purl,
        ...alias,
        ...flags(one),
        ...digests,
        one.registry ?? '-',
        `${line}`,
        project,
        way.join(' > '),
      ].join('  ');
    }),
    ...leftOut.map(
      (one) =>
        `left out: ${one.reason}  ${one.name}@${one.version ?? '-'}  ${one.from ?? '-'}  ${one.place.line}`,
    ),
    ...warnings.map(({ kind, line }) => `warning: ${kind}  ${line}`),
    ...refused.map(({ why }) => `refused: ${why}`),
  ];
  return `${lines.join('\n')}\n`;
}

describe.each(FILES)('%s', (file) => {
  it('lists what its package manager installs', async () => {
    await expect(told(await read(file))).toMatchFileSnapshot(`snapshots/${file.replace(/[/.]/g, '-')}.txt`);
  });

  it('has the name of every entry at the line that is said', async () => {
    const { entries } = await read(file);
    const lines = readFileSync(path.join(CWD, file), 'utf8').split('\n');
    for (const { subject, alias, place } of entries) {
      // SBOMs begin a component with a brace, and name it on the lines that follow.
      const there = lines.slice(place.line - 1, place.line + 4).join('\n');
      expect(there, `${subject.name} at ${place.line}`).toContain(alias ?? subject.name);
    }
  });
});

describe('the same project in every format', () => {
  it('has one digest for each package version', async () => {
    const digests = new Map<string, string>();
    for (const { entries } of await Promise.all(FILES.map(read))) {
      for (const { subject, integrity } of entries) {
        const digest = integrity.find((one) => one.startsWith('sha512-'));
        if (digest === undefined) continue;
        expect(digests.get(subject.purl) ?? digest, subject.purl).toBe(digest);
        digests.set(subject.purl, digest);
      }
    }
    expect(digests.size).toBeGreaterThan(20);
  });

  it('has the packages that every package manager agrees on', async () => {
    const wanted = ['react@18.2.0', 'ms@2.0.0', 'is-number@6.0.0', '%40babel/code-frame@7.26.2'];
    for (const file of FILES.filter((one) => !one.startsWith('npm-6'))) {
      const purls = (await read(file)).entries.map(({ subject }) => subject.purl);
      for (const one of wanted) expect(purls, file).toContain(`pkg:npm/${one}`);
    }
  });

  it('never names an alias', async () => {
    for (const file of FILES) {
      const { entries } = await read(file);
      expect(entries.map(({ subject }) => subject.name)).not.toContain('old-debug');
      expect(entries.map(({ subject }) => subject.purl)).toContain('pkg:npm/debug@2.6.9');
    }
  });
});

it("does not take yarn's checksums of its own archives for the artifact's", async () => {
  for (const file of ['yarn-3/yarn.lock', 'yarn-4/yarn.lock']) {
    const { entries } = await read(file);
    expect(entries.length).toBeGreaterThan(20);
    expect(entries.flatMap(({ integrity }) => integrity)).toEqual([]);
  }
});

it('reads an application and its bill of materials alike', async () => {
  const lock = await read('application/package-lock.json');
  const bill = await read('application/bom.json');
  const versions = ({ entries }: Inputs) => [...new Set(entries.map(({ subject }) => subject.purl))].sort();
  expect(versions(lock).length).toBeGreaterThan(300);
  expect(versions(bill)).toEqual(versions(lock));
  expect(new Set(lock.entries.map(({ registry }) => registry))).toEqual(new Set(['registry.npmjs.org']));
  expect(lock.entries.every(({ integrity }) => integrity.length === 1)).toBe(true);
});
