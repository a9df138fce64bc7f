import path from 'node:path';
import { openAttestation, readBundleFile } from '../check-attestation.ts';
import { exitCodeOfReplay } from '../replay/document.ts';
import { replay } from '../replay/replay.ts';
import { replayText } from '../replay/text.ts';
import { jsonText } from '../report/json-text.ts';
import { liveProgress } from './progress.ts';
import type { ReplayOptions } from './replay-options.ts';
import { namedSigner } from './signers.ts';
import { terminal } from './terminal.ts';
import { openTools } from './tools.ts';

/**
 * `reprove replay`: prints whether a signed rebuild gives the same again to stdout, progress to stderr.
 *
 * @returns the exit code
 */
export async function runReplay(
  what: { readonly bundle: string; readonly artifact: string | null },
  options: ReplayOptions,
): Promise<number> {
  const { gitMirror: mirrors, cacheDir } = options;
  const signer = await namedSigner(options);
  const attestation = await openAttestation({
    name: path.basename(what.bundle),
    bytes: await readBundleFile(what.bundle),
    trust: { file: options.trustedRoot ?? null, cacheDir },
    expected: null,
    maxAgeMs: null,
    now: new Date(),
    policy: null,
    signer,
  });
  const progress = liveProgress({ title: what.bundle });
  const { artifact } = what;
  const document = await progress.around(() =>
    replay({ attestation, artifact, mirrors, cacheDir, timeoutMs: options.timeout * 1000 }, () =>
      openTools(options, progress),
    ),
  );
  process.stdout.write(options.json ? jsonText(document) : replayText(document, terminal()));
  return exitCodeOfReplay(document);
}
