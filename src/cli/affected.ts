import { INPUT_ECOSYSTEMS } from '../../builders/inputs.ts';
import { affectedDocument, type AffectedDocument, exitCodeOf } from '../affected/document.ts';
import { findAffected } from '../affected/find.ts';
import { readBadList } from '../affected/read-list.ts';
import { affectedSarif } from '../affected/sarif.ts';
import { renderAffected } from '../affected/text.ts';
import { readings } from '../inputs/read.ts';
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
  const search = await findAffected(readings(paths, reading), {
    bad: list.bad,
    ecosystems: INPUT_ECOSYSTEMS,
  });
  const document = affectedDocument(search, list, INPUT_ECOSYSTEMS);
  process.stdout.write(FORMATS[options.format](document));
  return exitCodeOf(document);
}
