import { compare, type Rebuilt } from '../compare/compare.ts';
import { ENCODER_NAMES, levelsOf, recompress, type Recompressed } from '../compare/gzip-search.ts';
import { differInPermissions } from '../compare/replay.ts';
import { withSearch } from '../compare/wrapping.ts';
import type { Packer, Replayed } from '../ecosystem.ts';
import type { Artifact } from '../model/artifact.ts';
import { AS_PACKED, type Comparison } from '../model/comparison.ts';
import type { RebuildPlan, Tool } from '../model/plan.ts';
import type { Source } from '../model/source.ts';
import { compressInSandbox } from './compress.ts';
import { repack } from './repack.ts';
import { notToBeHad, type Workshop } from './sandbox.ts';

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
  /** Tools that the higher level needed, beside those of the plan. */
  readonly tools: readonly Tool[];
}

/**
 * Looks for the packer and the compression with which files that are equal already are the published file, byte for
 * byte. Whatever is found is compared like any rebuilt archive: the search finds bytes, it never explains a difference.
 */
export async function searchExact(request: SearchRequest): Promise<Searched> {
  const { comparison, rebuilt, plan, workshop } = request;
  if (comparison.level === 'contents') return searchPackers(request);
  if (comparison.level !== 'tar') return { comparison, tools: [] };
  const packer = workshop.ecosystem.packerOf(plan);
  return searchEncoders(request, { comparison, archive: rebuilt.archive, packer, tools: [] });
}

/** An archive whose tar stream is the published one. */
interface Packed extends Searched {
  readonly archive: Rebuilt['archive'];
  /** In words. */
  readonly packer: string;
}

async function searchPackers(request: SearchRequest): Promise<Searched> {
  const { comparison, published, plan, workshop } = request;
  const { ecosystem, deadline } = workshop;
  const own = ecosystem.packerOf(plan);
  const isSameDisk = !differInPermissions(request.rebuilt.archive, published.archive);
  const packers = ((await ecosystem.packers(published).catch(notToBeHad)) ?? []).map((packer) => ({
    ...packer,
    copies: packer.copies.filter((what) => !(isSameDisk && what === 'permissions')),
  }));
  const tried: string[] = [];
  for (const packer of packers) {
    if (packer.name === own && packer.copies.length === 0) continue;
    if (deadline.leftMs() <= 0) break;
    const packed = await packedBy(request, packer);
    if (packed !== null) tried.push(packer.name);
    if (packed?.comparison.level === 'bytes') return packed;
    if (packed?.comparison.level === 'tar') return searchEncoders(request, withPacker(packed));
  }
  if (tried.length === 0) return { comparison, tools: [] };
  const words = `the archive: no other packer gives it (${tried.join(', ')})`;
  return { comparison: withSearch(comparison, words), tools: [] };
}

async function packedBy(request: SearchRequest, packer: Packer): Promise<Packed | null> {
  const { published, rebuilt, source, workshop, comparison } = request;
  const done = await repack({ workshop, packer, published: published.archive, rebuilt: rebuilt.archive });
  if (done === null) return null;
  const name = nameOf(packer, done.replayed);
  const { tools } = done;
  if (done.rebuilt === null) return { comparison, archive: rebuilt.archive, packer: name, tools };
  const made = { packer: name, gzip: AS_PACKED };
  const compared = compare({ published, rebuilt: done.rebuilt, source, made });
  return { comparison: compared, archive: done.rebuilt.archive, packer: name, tools };
}

/** Below level `bytes` the comparison has no other place that says whose archive it is about. */
function withPacker(packed: Packed): Packed {
  return {
    ...packed,
    comparison: withSearch(packed.comparison, `the archive is that of ${packed.packer}`),
  };
}

function nameOf({ name }: Packer, replayed: readonly Replayed[]): string {
  const [last, ...others] = replayed.toReversed();
  if (last === undefined) return name;
  const words = others.length === 0 ? last : `${others.toReversed().join(', ')} and ${last}`;
  return `${name}, with the published ${words}`;
}

async function searchEncoders(request: SearchRequest, packed: Packed): Promise<Searched> {
  const { published, workshop } = request;
  const tar = packed.archive.tar.subarray();
  const known = recompress(tar, published);
  if (known !== null) return exactly(request, packed, known);
  // No encoder writes such a header: the comparison names its fields already.
  if (levelsOf(published.archive.gzip).length === 0) return packed;
  const missing: string[] = [];
  for (const encoder of workshop.ecosystem.encoders) {
    const isLate = workshop.deadline.leftMs() <= 0;
    const done = isLate ? null : await compressInSandbox({ workshop, tar, published, encoder });
    if (done === null) missing.push(encoder.name);
    if (done?.whole != null) return exactly(request, packed, done.whole, done.tools);
  }
  return { comparison: withSearch(packed.comparison, triedWords(workshop, missing)), tools: packed.tools };
}

function exactly(
  request: SearchRequest,
  { archive, packer, tools }: Packed,
  whole: Recompressed,
  more: readonly Tool[] = [],
): Searched {
  const { published, source } = request;
  const rebuilt = { bytes: whole.bytes, archive: { ...archive, gzip: published.archive.gzip } };
  const made = { packer, gzip: whole.gzip };
  return { comparison: compare({ published, rebuilt, source, made }), tools: [...tools, ...more] };
}

function triedWords({ ecosystem }: Workshop, missing: readonly string[]): string {
  const all = [...ENCODER_NAMES, ...ecosystem.encoders.map(({ name }) => name)];
  const tried = all.filter((name) => !missing.includes(name));
  const rest = missing.length === 0 ? '' : `; not to be had: ${missing.join(', ')}`;
  return `the compressed stream: none of ${tried.length} encoders gives it (${tried.join(', ')}${rest})`;
}
