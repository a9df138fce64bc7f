/**
 * The process that verifies one package version of a batch. It is asked on a descriptor and answers on stdout; it ends with
 * whoever asked, whose end it sees by its stdin.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import {
  ASKED_ON,
  LONGEST_REPOSITORY,
  type SourceWanted,
  type VerifyAnswer,
  VerifyAsked,
} from '../batch/protocol.ts';
import { errorAnswer } from '../error-answer.ts';
import { messageOf } from '../errors.ts';
import { verify } from '../verify.ts';
import { leave } from './leave.ts';
import { openTools } from './tools.ts';

const SILENT = { onStage: () => undefined, onStep: () => undefined };

async function answer(): Promise<VerifyAnswer> {
  const asked = VerifyAsked.parse(JSON.parse(readFileSync(ASKED_ON, 'utf8')));
  const { spec, registry, trustedRoot, mirrors, cacheDir, engine, timeoutMs, sharedBy, asksForSource } =
    asked;
  const options = {
    ...(registry !== null && { registry }),
    ...(trustedRoot !== null && { trustedRoot }),
    cacheDir,
    gitMirror: mirrors,
    engine,
    timeout: timeoutMs / 1000,
  };
  const tools = await openTools(options, SILENT, { sharedBy });
  const request = { spec, sourceOverride: null, mirrors, cacheDir, limits: tools.limits, timeoutMs };
  const document = await verify(request, asksForSource ? { ...tools, beforeSource: askForSource } : tools);
  return { ok: true, document };
}

/** Whoever asked says when a source may be fetched: others fetch from the same host. */
async function askForSource(repository: string | null): Promise<void> {
  const told = once(process, 'message');
  const wanted: SourceWanted = { repository: repository?.slice(0, LONGEST_REPOSITORY) ?? null };
  process.send?.(wanted);
  await told;
}

function failed(error: unknown): VerifyAnswer {
  const what = 'Something happened that should not be possible; this is no verdict.';
  const why = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  return errorAnswer(error, { what, why });
}

process.stdin.once('close', () => process.exit(1)).resume();
const text = JSON.stringify(await answer().catch(failed));
process.stdout.write(text, () => {
  process.stdin.removeAllListeners('close').destroy();
  if (process.connected) process.disconnect();
  leave(0);
});
