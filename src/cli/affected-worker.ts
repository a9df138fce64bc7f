import { Tinypool } from 'tinypool';
import { INPUT_ECOSYSTEMS } from '../../builders/inputs.ts';
import { BadVersions, type BadVersionsData } from '../affected/bad-versions.ts';
import { type FileSearch, searchFile } from '../affected/find.ts';
import type { InputPath } from '../inputs/files.ts';

const bad = new BadVersions(INPUT_ECOSYSTEMS, Tinypool.workerData as BadVersionsData);

/** A thread of `reprove affected`: reads a file and looks for bad versions in it. */
export function search(file: InputPath): FileSearch {
  return searchFile(file, { bad, ecosystems: INPUT_ECOSYSTEMS });
}
