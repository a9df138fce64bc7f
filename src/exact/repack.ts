import { gzipSync } from 'node:zlib';
import type { Rebuilt } from '../compare/compare.ts';
import { inOrder, isOfFiles, withDisk, withOwner } from '../compare/replay.ts';
import type { Packer, Replayed } from '../ecosystem.ts';
import type { Archive } from '../model/artifact.ts';
import type { Tool } from '../model/plan.ts';
import { readArchive } from '../published/archive.ts';
import { LAYOUT, type Sandbox } from '../sandbox/engine.ts';
import { inSandbox, type Workshop } from './sandbox.ts';

export interface RepackRequest {
  readonly workshop: Workshop;
  readonly packer: Packer;
  readonly published: Archive;
  /** Its entries are laid out; they are equal to the published ones. */
  readonly rebuilt: Archive;
}

/** What another packer makes of the same files. */
export interface Repacked {
  /** Null when it makes nothing of them. */
  readonly rebuilt: Rebuilt | null;
  /** What was taken from the published headers. */
  readonly replayed: readonly Replayed[];
  readonly tools: readonly Tool[];
}

/**
 * Lays the files of a rebuilt archive out in a new sandbox and packs them with another packer, running nothing of the
 * package's own. Null when the packer is not to be had.
 */
export async function repack(request: RepackRequest): Promise<Repacked | null> {
  const { workshop, packer, published, rebuilt } = request;
  const folder = rebuilt.entries[0]?.storedName.split('/')[0] ?? '.';
  const ofFiles = packer.copies.filter((what) => isOfFiles(what));
  const ran = await inSandbox({
    workshop,
    toolchain: packer.toolchain,
    source: ofFiles.length === 0 ? rebuilt.tar.subarray() : withDisk(rebuilt, published, ofFiles),
    use: (sandbox) => packIn(sandbox, { packer, workshop, folder }),
  });
  if (ran === null) return null;
  const replayed: Replayed[] = [...ofFiles];
  let packed = ran.value === null ? null : archiveOf(ran.value);
  for (const what of ['owner', 'order'] as const) {
    if (packed === null || !packer.copies.includes(what)) continue;
    const tar = AFTERWARDS[what](packed.archive, published);
    if (tar === null) continue;
    replayed.push(what);
    packed = archiveOf(gzipSync(tar));
  }
  return { rebuilt: packed, replayed, tools: ran.tools };
}

/** No step runs as the publisher's user or sees the publisher's other files: these come after packing. */
const AFTERWARDS = { owner: withOwner, order: inOrder } as const;

async function packIn(
  sandbox: Sandbox,
  { packer, workshop, folder }: { packer: Packer; workshop: Workshop; folder: string },
): Promise<Uint8Array | null> {
  const step = packer.step(folder);
  const outcome = await sandbox.run({ ...step, timeoutMs: workshop.deadline.leftMs() });
  if (outcome.kind !== 'exited' || outcome.exitCode !== 0) return null;
  return sandbox.readOnlyFile(LAYOUT.output, workshop.limits.diskBytes);
}

/** Whatever was made is read as strictly as what was published. */
function archiveOf(bytes: Uint8Array): Rebuilt | null {
  const archive = readArchive(bytes);
  return archive.ok ? { bytes, archive: archive.value } : null;
}
