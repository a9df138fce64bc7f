import { availableParallelism } from 'node:os';
import path from 'node:path';
import { INPUT_ECOSYSTEMS } from '../../builders/inputs.ts';
import { affectedDocument, type AffectedDocument, exitCodeOf } from '../affected/document.ts';
import type { BadVersions } from '../affected/bad-versions.ts';
import { type FileSearch, searchFile, together } from '../affected/find.ts';
import { searchInThreads } from '../affected/in-threads.ts';
import { readBadList } from '../affected/read-list.ts';
import { affectedSarif } from '../affected/sarif.ts';
import { renderAffected } from '../affected/text.ts';
import type { InputPath } from '../inputs/files.ts';
import { inputPaths } from '../inputs/read.ts';
import { jsonText } from '../report/json-text.ts';
import type { AffectedOptions } from './affected-options.ts';
import { terminal } from './terminal.ts';

const FORMATS: Readonly<Record<AffectedOptions['format'], (document: AffectedDocument) => string>> = {
  text: (document) => renderAffected(document, terminal()),
  json: jsonText,
  sarif: (document) => jsonText(affectedSarif(document)),
};

/**
 * `reprove affected`: prints where versions known to be bad are listed to stdout.
 *
 * @returns the exit code
 */
export async function runAffected(paths: readonly string[], options: AffectedOptions): Promise<number> {
  const reading = { cwd: process.cwd(), ecosystems: INPUT_ECOSYSTEMS };
  const list = await readBadList(options.list, reading);
  const files: InputPath[] = [];
  for await (const one of inputPaths(paths, reading)) files.push(one);
  const search = await together(searches(files, list.bad));
  const document = affectedDocument(search, list, INPUT_ECOSYSTEMS);
  process.stdout.write(FORMATS[options.format](document));
  return exitCodeOf(document);
}

/** Starting threads takes as long as reading some of them. */
const FEW_FILES = 30;
const WORKER = new URL(`./affected-worker${path.extname(import.meta.url)}`, import.meta.url);

async function* searches(files: readonly InputPath[], bad: BadVersions): AsyncGenerator<FileSearch> {
  if (files.length > FEW_FILES) {
    yield* searchInThreads(files, bad, { worker: WORKER, count: availableParallelism() });
    return;
  }
  for (const file of files) yield searchFile(file, { bad, ecosystems: INPUT_ECOSYSTEMS });
}
