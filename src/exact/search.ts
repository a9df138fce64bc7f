import { compare, type Rebuilt } from '../compare/compare.ts';
import { ENCODER_NAMES, levelsOf, recompress, type Recompressed } from '../compare/gzip-search.ts';
import { withTried } from '../compare/wrapping.ts';
import type { Artifact } from '../model/artifact.ts';
import type { Comparison } from '../model/comparison.ts';
import type { RebuildPlan, Tool } from '../model/plan.ts';
import type { Source } from '../model/source.ts';
import { compressInSandbox } from './compress.ts';
import type { Workshop } from './sandbox.ts';

export interface SearchRequest {
  /** Of the archive that the plan's own packer made. */
  readonly comparison: Comparison;
  readonly published: Artifact;
  readonly rebuilt: Rebuilt;
  readonly source: Source;
  readonly plan: RebuildPlan;
  readonly workshop: Workshop;
}

export interface Searched {
  /** At a higher level where the search found one; else the one that was given, which then says what was tried. */
  readonly comparison: Comparison;
  /** Tools that gave the bytes, beside those of the plan. */
  readonly tools: readonly Tool[];
}

/**
 * Looks for the compression with which an archive of equal contents is the published file, byte for byte. Whatever is
 * found is compared like any rebuilt archive: the search can only find bytes, never explain a difference away.
 */
export async function searchExact(request: SearchRequest): Promise<Searched> {
  const { comparison, rebuilt, plan, workshop } = request;
  if (comparison.level !== 'tar') return { comparison, tools: [] };
  const packer = workshop.ecosystem.packerOf(plan);
  return compressed(request, { comparison, archive: rebuilt.archive, packer });
}

/** An archive whose tar stream is the published one. */
interface Packed {
  readonly comparison: Comparison;
  readonly archive: Rebuilt['archive'];
  /** In words. */
  readonly packer: string;
}

async function compressed(request: SearchRequest, packed: Packed): Promise<Searched> {
  const { published, workshop } = request;
  const { tar } = packed.archive;
  const known = recompress(tar, published);
  if (known !== null) return { comparison: exactly(request, packed, known), tools: [] };
  // No encoder writes such a header: the comparison names its fields already.
  if (levelsOf(published.archive.gzip).length === 0) return { comparison: packed.comparison, tools: [] };
  const missing: string[] = [];
  for (const encoder of workshop.ecosystem.encoders) {
    const done =
      workshop.deadline.leftMs() <= 0 ? null : await compressInSandbox({ workshop, tar, published, encoder });
    if (done === null) missing.push(encoder.name);
    if (done?.whole != null) return { comparison: exactly(request, packed, done.whole), tools: done.tools };
  }
  return { comparison: withTried(packed.comparison, triedWords(workshop, missing)), tools: [] };
}

function exactly(request: SearchRequest, { archive, packer }: Packed, whole: Recompressed): Comparison {
  const { published, source } = request;
  const rebuilt = { bytes: whole.bytes, archive: { ...archive, gzip: published.archive.gzip } };
  return compare({ published, rebuilt, source, made: { packer, gzip: whole.gzip } });
}

function triedWords({ ecosystem }: Workshop, missing: readonly string[]): string {
  const all = [...ENCODER_NAMES, ...ecosystem.encoders.map(({ name }) => name)];
  const tried = all.filter((name) => !missing.includes(name));
  const rest = missing.length === 0 ? '' : `; not to be had: ${missing.join(', ')}`;
  return `the compressed stream: none of ${tried.length} encoders gives it (${tried.join(', ')}${rest})`;
}
