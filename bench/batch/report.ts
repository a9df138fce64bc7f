/** What `reprove report` takes over a store of two batches, of which a hundredth diverged and a fiftieth changed. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beginBatch, endBatch } from '../../src/store/batches.ts';
import { chunksOf } from '../../src/store/chunks.ts';
import { countOutcomes } from '../../src/store/history.ts';
import { openStore, type Store } from '../../src/store/open.ts';
import type { ResultRow } from '../../src/store/schema.ts';

const DAY_MS = 86_400_000;
const FORMATS = ['text', 'json', 'sarif', 'markdown', 'html'] as const;
/** Of a small package: a document that nobody reads for a report, but that the file has to hold. */
const DOCUMENT = JSON.stringify({ filler: 'x'.repeat(8_000) });

function rowOf(index: number, night: number, now: Date): ResultRow {
  const name = `package-${index}`;
  const isDiverged = index % 100 === night;
  return {
    id: `${night} ${index}`,
    purl: `pkg:npm/${name}@1.0.0`,
    name,
    version: '1.0.0',
    terms: String(night),
    expected: '[]',
    verdict: isDiverged ? 'diverged' : index % 4 === 0 ? 'unverifiable' : 'reproduced',
    level: isDiverged || index % 4 === 0 ? null : 'bytes',
    severity: isDiverged ? 'high' : 'none',
    reason: !isDiverged && index % 4 === 0 ? 'build-failed' : null,
    summary: `${name}-1.0.0.tgz is what it is.`,
    sha512: String(index).padStart(128, '0'),
    repository: `https://git.example/owner/${name}`,
    commit_id: String(index % 50 === 0 ? night : 0).padStart(40, '0'),
    ref: 'refs/tags/v1.0.0',
    is_settled: 1,
    finished_at: now.toISOString(),
    duration_ms: 1_000,
    limit_ms: 1_000,
  };
}

async function fill(store: Store, night: number, count: number): Promise<void> {
  const now = new Date(Date.now() - (2 - night) * DAY_MS);
  const places = JSON.stringify([
    { file: 'package-lock.json', line: 7, project: '.', path: ['a@1.0.0', 'b@2.0.0', 'c@3.0.0'] },
  ]);
  const rows = Array.from({ length: count }, (_, index) => rowOf(index, night, now));
  const jobs = rows.map(({ purl, name, version }) => ({ purl, name, version, expected: '[]', places }));
  const fresh = { terms: String(night), notBefore: new Date(0), unsettledNotBefore: new Date(0), limitMs: 0 };
  for (const chunk of chunksOf(rows))
    await store.transaction(async (db) => {
      await db.insertInto('results').values(chunk).execute();
      const documents = chunk.map(({ id }) => ({ result_id: id, document: DOCUMENT }));
      await db.insertInto('documents').values(documents).execute();
    });
  const { id } = await beginBatch(store, {
    series: 'bench',
    key: String(night),
    jobs,
    owner: 'bench.1.1',
    now,
    fresh,
    terms: 'null',
    queue: null,
  });
  await endBatch(store, id, { counts: JSON.stringify(await countOutcomes(store, id)), now });
}

/** Fills a store and prints a table of all formats. */
export async function benchReport(results: number, cli: string): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'reprove-bench-'));
  try {
    const file = path.join(folder, 'store.sqlite');
    const store = await openStore(file);
    for (const night of [0, 1]) await fill(store, night, Math.floor(results / 2));
    await store.close();
    console.log(`${results} results, ${Math.round(statSync(file).size / 1024 ** 2)} MiB\n`);
    console.log('| format | wall | processor | most memory |\n| --- | ---: | ---: | ---: |');
    for (const format of FORMATS) {
      const usage = path.join(folder, 'usage');
      const args = ['-f', '%e %U %S %M', '-o', usage, process.execPath, cli, 'report', '--store', file];
      const run = spawnSync('/usr/bin/time', [...args, '--format', format], {
        encoding: 'utf8',
        maxBuffer: 2 ** 28,
      });
      if (run.status !== 0) throw new Error(run.stderr);
      const [wall = 0, user = 0, system = 0, kib = 0] = readFileSync(usage, 'utf8')
        .trim()
        .split(' ')
        .map(Number);
      console.log(
        `| ${format} | ${wall.toFixed(2)} s | ${(user + system).toFixed(2)} s | ${Math.round(kib / 1024)} MiB |`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
