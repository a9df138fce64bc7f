import path from 'node:path';
import { z } from 'zod';
import { textOf } from '../../src/compare/utf8.ts';
import type { Difference } from '../../src/model/comparison.ts';
import type { Step } from '../../src/model/plan.ts';
import { join } from './install-root.ts';
import { toolStep } from './managers/manager.ts';
import type { Rule } from './revision.ts';
import { afterFetching } from './step-places.ts';

/** More are no handful of files that somebody edited, and a command line has an end. */
export const MOST_NAMED = 1_000;
/** Bytes; a larger map is not read. */
const MOST_BYTES = 16 * 1024 * 1024;

const TO_WINDOWS =
  "process.argv.slice(1).forEach(function (file) { var fs = require('fs'); fs.writeFileSync(file, " +
  "fs.readFileSync(file, 'latin1').replace(/\\r?\\n/g, '\\r\\n'), 'latin1'); });";

/**
 * Source maps hold the texts from which files were built (ECMA-426). Where those of the published maps end their lines as
 * Windows does, and those of the rebuild do not, the publisher's disk had these sources so.
 */
export const sourceLineEnds: Rule = ({ request, plan, went }) => {
  if (went.kind !== 'differed') return null;
  const { directory, tree } = request.source;
  const inCommit = new Set(tree.map((file) => file.path));
  const files = new Set(
    went.differences
      .flatMap(windowsSources)
      .map((file) => path.posix.normalize(join(directory, file)))
      .filter((file) => inCommit.has(file)),
  );
  if (files.size === 0 || files.size > MOST_NAMED) return null;
  const step = windowsEndsStep([...files]);
  const why = `the published source maps show CRLF in ${files.size} of the sources: written so before the build`;
  return { why, change: { steps: afterFetching(plan.steps, [step]) } };
};

/** @param files of the repository */
export function windowsEndsStep(files: readonly string[]): Step {
  return toolStep({
    name: 'write files with the line ends of Windows',
    phase: 'build',
    argv: ['node', '-e', TO_WINDOWS, '--', ...files],
    directory: '.',
  });
}

/** The sources of a map that were published with CRLF and rebuilt with LF, by their paths in the package. */
function windowsSources({ kind, path: file, published, rebuilt }: Difference): readonly string[] {
  if (kind !== 'content' || !file.endsWith('.map') || published === null || rebuilt === null) return [];
  if (published.size > MOST_BYTES || rebuilt.size > MOST_BYTES) return [];
  const [theirs, ours] = [published, rebuilt].map((side) => sourceMapOf(side.content.subarray()));
  if (theirs == null || ours == null) return [];
  return theirs.sources.flatMap((source, index) => {
    const [text, rebuiltText] = [theirs, ours].map((map) => map.sourcesContent[index] ?? '');
    const isWindows = text?.includes('\r\n') === true && text.replaceAll('\r\n', '\n') === rebuiltText;
    return source !== null && isWindows && ours.sources[index] === source
      ? [path.posix.join(path.posix.dirname(file), theirs.sourceRoot, source)]
      : [];
  });
}

const SourceMap = z.object({
  sourceRoot: z
    .string()
    .nullish()
    .transform((root) => root ?? ''),
  sources: z.array(z.string().nullable()),
  sourcesContent: z.array(z.string().nullable()),
});

function sourceMapOf(bytes: Uint8Array): z.infer<typeof SourceMap> | null {
  try {
    return SourceMap.safeParse(JSON.parse(textOf(bytes) ?? '')).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
