import { levelsOf, recompressed, type Recompressed } from '../compare/gzip-search.ts';
import type { StreamEncoder } from '../ecosystem.ts';
import type { Artifact } from '../model/artifact.ts';
import type { Tool } from '../model/plan.ts';
import { LAYOUT, type Sandbox } from '../sandbox/engine.ts';
import { INPUT_FILE, inSandbox, type Workshop } from './sandbox.ts';

export interface CompressRequest {
  readonly workshop: Workshop;
  /** The tar stream of the published archive, made by us. */
  readonly tar: Uint8Array;
  readonly published: Artifact;
  readonly encoder: StreamEncoder;
}

export interface Compressed {
  /** Null when no level gives the published file. */
  readonly whole: Recompressed | null;
  readonly tools: readonly Tool[];
}

/** Compresses a tar stream in a sandbox with one encoder, at every level that the published header can stand for. */
export async function compressInSandbox(request: CompressRequest): Promise<Compressed | null> {
  const { workshop, tar, encoder } = request;
  const ran = await inSandbox({
    workshop,
    toolchain: encoder.toolchain,
    input: tar,
    use: (sandbox) => compressIn(sandbox, request),
  });
  return ran === null ? null : { whole: ran.value, tools: ran.tools };
}

async function compressIn(
  sandbox: Sandbox,
  { workshop, tar, published, encoder }: CompressRequest,
): Promise<Recompressed | null> {
  const levels = levelsOf(published.archive.gzip);
  const step = encoder.step({ input: INPUT_FILE, output: LAYOUT.output, levels });
  const outcome = await sandbox.run({ ...step, timeoutMs: workshop.deadline.leftMs() });
  if (outcome.kind !== 'exited' || outcome.exitCode !== 0) return null;
  for (const level of levels) {
    const stream = await sandbox.readOnlyFile(`${LAYOUT.output}/${level}`, published.bytes.length);
    const whole =
      stream === null ? null : recompressed({ tar, stream, level, published, encoder: encoder.name });
    if (whole !== null) return whole;
  }
  return null;
}
