import type { Content } from '../model/artifact.ts';
import type { Difference } from '../model/comparison.ts';
import type { Source } from '../model/source.ts';
import type { Finding, Severity } from '../model/verdict.ts';
import { visible } from '../published/visible.ts';
import { differingPart } from './differing-part.ts';
import { type ContentFindingKind, FINDINGS } from './findings.ts';
import { hiddenText } from './hidden-text.ts';
import { homoglyphs } from './homoglyphs.ts';
import { type EntryRole, isNativeProgram } from './roles.ts';
import { sourceMapFinding } from './source-maps.ts';

/**
 * The findings about the content of one difference: what only the published file has. One with other bytes is looked
 * through as well as one that is new.
 */
export function contentFindings(
  difference: Difference,
  { role, source = null }: { readonly role: EntryRole; readonly source?: Source | null },
): readonly Finding<ContentFindingKind>[] {
  const { kind, path, published, rebuilt } = difference;
  if (published === null || published.type !== 'file' || (kind !== 'added' && kind !== 'content')) return [];
  const part = rebuilt === null ? null : differingPart(published.content, rebuilt.content);
  const sides = { path, role, ...(part ?? { published: published.content, rebuilt: null, start: 0 }) };
  return [
    nativeProgram(path, published.content),
    hiddenTextFinding(sides),
    homoglyphFinding(sides),
    sourceMapFinding(difference, source),
  ].filter((finding) => finding !== null);
}

/** What is looked through of a file. */
interface Sides {
  readonly path: string;
  readonly role: EntryRole;
  readonly published: Content;
  /** Null for a file that only the published artifact has. */
  readonly rebuilt: Content | null;
  /** Where it begins in the files, bytes. */
  readonly start: number;
}

/** As many bytes as tell a program. */
const FIRST_BYTES = 64;

function nativeProgram(path: string, published: Content): Finding<'native-program'> | null {
  if (!isNativeProgram(published.subarray(0, FIRST_BYTES))) return null;
  const message = `${FINDINGS['native-program'].title}: ${visible(path)} holds machine code, which nobody can read as text.`;
  return { kind: 'native-program', severity: 'high', path, message, evidence: { size: published.length } };
}

function hiddenTextFinding({ path, role, published, rebuilt, start }: Sides): Finding<'hidden-text'> | null {
  const hidden = hiddenText(published, rebuilt);
  if (hidden === null) return null;
  const { places, name } = hidden;
  const offset = start + hidden.offset;
  const count =
    rebuilt === null ? `${places} of them` : `${places} that the file it is compared with has not`;
  const message = `${FINDINGS['hidden-text'].title}: ${visible(path)} has ${count}, the first at byte ${offset} (${name}).`;
  return { kind: 'hidden-text', severity: severityIn(role), path, message, evidence: { offset, places } };
}

function homoglyphFinding({ path, role, published, rebuilt, start }: Sides): Finding<'homoglyph'> | null {
  const found = homoglyphs(published, rebuilt);
  if (found === null) return null;
  const { places, word, readsAs } = found;
  const offset = start + found.offset;
  const more = places === 1 ? '' : `, and ${places - 1} more`;
  const message = `${FINDINGS.homoglyph.title}: ${visible(path)} has ${visible(word)} at byte ${offset}, which reads as ${visible(readsAs)}${more}.`;
  const evidence = { offset, places, word: visible(word), readsAs: visible(readsAs) };
  return { kind: 'homoglyph', severity: severityIn(role), path, message, evidence };
}

/** In what nobody runs it is at most a mistake. */
function severityIn(role: EntryRole): Severity {
  return role === 'read-by-people' || role === 'data' ? 'low' : 'high';
}
