import { isDeepStrictEqual } from 'node:util';
import { type PlansRequest, planRequestOf, type RankedPlan } from '../attempts.ts';
import type { Published } from '../ecosystem.ts';
import { ReproveError } from '../errors.ts';
import type { RebuildPlan } from '../model/plan.ts';
import { signal } from '../model/signals.ts';
import type { Signal } from '../model/verdict.ts';
import { PlanDocument } from '../report/document.ts';
import { GIVERS, isUserNamed } from '../source/stated.ts';
import type { StatedPlans } from './parse.ts';

/** Throws ReproveError `usage` for a tool that no builder has: it would be named in the result and not be there. */
export function checkTools(stated: StatedPlans, roles: readonly string[]): void {
  const unknown = stated.plans
    .flatMap(({ plan }) => Object.keys(plan.toolchain))
    .find((one) => !roles.includes(one));
  if (unknown === undefined) return;
  throw new ReproveError('usage', {
    what: `The ${GIVERS[stated.giver].noun} asks for the tool ${unknown}.`,
    why: `There are ${roles.join(', ')}, and whatever the sandbox itself has.`,
    next: 'Take it out of "toolchain".',
  });
}

/** Throws ReproveError `usage` when a plan file is for another package version, or for other bytes. */
export function checkSubject(stated: StatedPlans, published: Published): void {
  const { subject, artifact } = published;
  if (stated.purl !== subject.purl) {
    const { noun, other } = GIVERS[stated.giver];
    throw new ReproveError('usage', {
      what: `The ${noun} is not for ${subject.purl}.`,
      why: `It was made for ${stated.purl}.`,
      next: other,
    });
  }
  if (stated.sha512 !== null && stated.sha512 !== artifact.digests.sha512) {
    throw new ReproveError('usage', {
      what: `The plan file was made for another file than ${artifact.fileName}.`,
      why: `It says sha512 ${stated.sha512}; this one has ${artifact.digests.sha512}.`,
      next: 'Find out why the two differ. To use the plan all the same, take "digests" out of it.',
    });
  }
}

/**
 * The plans of a file in place of ours, each saying that it was given, and the signal that says so of the result.
 *
 * @param own the plans that we make of the same sources, as far as we can
 */
export function overriddenPlans(
  stated: StatedPlans,
  request: PlansRequest,
  own: readonly RankedPlan[],
): { readonly plans: readonly RankedPlan[]; readonly signal: Signal } {
  const given = `given ${GIVERS[stated.giver].how}`;
  const all = stated.plans.map(({ commit, plan }, rank) => {
    const source = request.candidates.find((one) => one.commit === commit);
    if (source === undefined) throw new Error(`The commit ${commit} of a plan was not resolved.`);
    const ours = own.filter((one) => one.planRequest.source === source).map((one) => one.plan);
    const twin = ours.find((one) => fieldsThatDiffer(one, plan).length === 0) ?? null;
    const isOurs = twin !== null && !isUserNamed(source);
    // What a file says of its own reasons is worth nothing; ours are.
    const evidence = [{ kind: 'user', detail: given }, ...(twin?.evidence ?? [])];
    const differs = isOurs ? [] : leastDifference(ours, plan);
    return {
      ranked: { planRequest: planRequestOf(request, source), plan: { ...plan, evidence }, rank },
      isOurs,
      differs,
    };
  });
  const foreign = all.filter((one) => !one.isOurs);
  const differs = foreign.flatMap((one) => one.differs);
  return {
    plans: all.map((one) => one.ranked),
    signal: foreign.length === 0 ? ownSignal(given) : foreignSignal(given, differs),
  };
}

/** @param given by whom, in words */
function ownSignal(given: string): Signal {
  const message = `The plan was ${given}; it is the one that reprove makes of this source itself.`;
  return { ...signal('plan-overridden', message), severity: 'info' };
}

function foreignSignal(given: string, fields: readonly string[]): Signal {
  const differs = fields.length === 0 ? '' : ` (it differs in: ${[...new Set(fields)].join(', ')})`;
  const what = `The plan was ${given} and is not what reprove makes of this source${differs}.`;
  const message = `${what} Whoever wrote it chose the commands, and a command can write any bytes, those of the published file too.`;
  return signal('plan-overridden', message);
}

/** How far a plan is from the nearest of ours. */
function leastDifference(ours: readonly RebuildPlan[], plan: RebuildPlan): readonly string[] {
  const all = ours.map((one) => fieldsThatDiffer(one, plan));
  return all.toSorted((a, b) => a.length - b.length)[0] ?? [];
}

/** Names of the fields, but for the reasons, in which two plans are not the same. */
function fieldsThatDiffer(one: RebuildPlan, other: RebuildPlan): readonly string[] {
  const [a, b] = [PlanDocument.parse(one), PlanDocument.parse(other)];
  const names = Object.keys(PlanDocument.shape) as (keyof PlanDocument)[];
  return names.filter((name) => name !== 'evidence' && !isDeepStrictEqual(a[name], b[name]));
}
