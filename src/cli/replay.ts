import path from 'node:path';
import { readBundleFile } from '../check-attestation.ts';
import { openByAny } from '../check-together.ts';
import { exitCodeOfReplay } from '../replay/document.ts';
import { replay } from '../replay/replay.ts';
import { replayText } from '../replay/text.ts';
import { jsonText } from '../report/json-text.ts';
import { liveProgress } from './progress.ts';
import type { ReplayOptions } from './replay-options.ts';
import { signersAsked } from './signers.ts';
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
  const signers = await signersAsked(options, null);
  const request = {
    name: path.basename(what.bundle),
    bytes: await readBundleFile(what.bundle),
    trust: { file: options.trustedRoot ?? null, cacheDir },
    expected: null,
    maxAgeMs: null,
    now: new Date(),
    policy: null,
    mustBeWitnessed: false,
  };
  const attestation = await openByAny(request, signers);
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
