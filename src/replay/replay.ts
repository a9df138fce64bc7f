import type { CheckDocument } from '../attest/check-document.ts';
import type { OpenedAttestation } from '../check-attestation.ts';
import { ReproveError } from '../errors.ts';
import type { RefusedMaterial } from '../model/plan.ts';
import type { Reason } from '../model/verdict.ts';
import type { ResultDocument } from '../report/document.ts';
import { verify, type VerifyRequest, type VerifyTools } from '../verify.ts';
import { VERSION } from '../version.ts';
import { type AttestedRebuild, readAttested, statedPlans } from './attested.ts';
import { DIFFERENCES, differencesOf } from './differences.ts';
import type { ReplayDocument } from './document.ts';

export interface ReplayRequest extends Pick<VerifyRequest, 'mirrors' | 'cacheDir' | 'timeoutMs'> {
  readonly attestation: OpenedAttestation;
  /** Where the published file is, if not in the registry. */
  readonly artifact: string | null;
}

/** What a rebuild works with; asked for only when there is something to replay. */
export type ReplayTools = () => Promise<VerifyTools & Pick<VerifyRequest, 'limits'>>;

/**
 * Does a rebuild again as its attestation says: the stated commit, the stated plan and nothing but the stated files, through the
 * same pipeline as ever; and says in what the outcome is not the attested one.
 *
 * @throws ReproveError `usage` for an attestation that is of no rebuild; else whatever `verify` throws
 */
export async function replay(request: ReplayRequest, tools: ReplayTools): Promise<ReplayDocument> {
  const { check, understood } = request.attestation;
  if (understood === null) return documentOf({ check, outcome: 'refused' });
  const read = readAttested(understood);
  if (read.kind === 'other') {
    const what = `The attestation ${check.bundle} cannot be replayed.`;
    throw new ReproveError('usage', { what, why: read.why, next: read.next });
  }
  if (read.kind === 'nothing') {
    const { code, message } = read.reason;
    const said = `There is nothing to replay: the attestation says that nothing was rebuilt. ${message}`;
    return documentOf({ check, outcome: 'unverifiable', reason: { code, message: said } });
  }
  const { result, refused } = await rebuildAgain(read.rebuild, request, tools);
  return compared({ check, attested: read.rebuild, result, refused });
}

async function rebuildAgain(
  attested: AttestedRebuild,
  { mirrors, cacheDir, timeoutMs, artifact }: ReplayRequest,
  tools: ReplayTools,
): Promise<{ readonly result: ResultDocument; readonly refused: readonly RefusedMaterial[] }> {
  const refused = new Map<string, RefusedMaterial>();
  const { limits, ...opened } = await tools();
  const result = await verify(
    {
      spec: artifact ?? attested.purl,
      sourceOverride: null,
      stated: statedPlans(attested),
      mirrors,
      cacheDir,
      limits,
      timeoutMs,
      pins: {
        materials: attested.materials,
        // An install may ask more than once.
        onRefused: (one) => refused.set(JSON.stringify(one), one),
      },
    },
    opened,
  );
  return { result, refused: [...refused.values()] };
}

function compared(context: {
  readonly check: CheckDocument;
  readonly attested: AttestedRebuild;
  readonly result: ResultDocument;
  readonly refused: readonly RefusedMaterial[];
}): ReplayDocument {
  const { check, attested, result, refused } = context;
  const differences = differencesOf(attested, result, refused).map((one) => ({
    ...one,
    decides: DIFFERENCES[one.kind].decides,
  }));
  const isDecided = differences.some(({ decides }) => decides);
  const outcome = result.rebuilt === null ? 'unverifiable' : isDecided ? 'different' : 'same';
  const reason = outcome === 'unverifiable' ? result.reason : null;
  return { ...documentOf({ check, outcome, reason }), attested: summaryOf(attested), differences, result };
}

function summaryOf(attested: AttestedRebuild): ReplayDocument['attested'] {
  const { purl, registry, tool, engine, repository, commit, rebuilt, verdict } = attested;
  return {
    purl,
    registry,
    tool,
    engine,
    repository,
    commit,
    materials: attested.materials.length,
    rebuilt,
    verdict: verdict?.verdict ?? null,
    level: verdict?.level ?? null,
  };
}

function documentOf(options: {
  readonly check: CheckDocument;
  readonly outcome: ReplayDocument['outcome'];
  readonly reason?: Reason | null;
}): ReplayDocument {
  const { check, outcome, reason = null } = options;
  return {
    schemaVersion: 1,
    tool: { name: 'reprove', version: VERSION },
    outcome,
    reason,
    check,
    attested: null,
    differences: [],
    result: null,
  };
}
