import { normalize } from 'node:path/posix';
import type { Phase } from '../model/plan.ts';
import { ReproveError } from '../errors.ts';
import { LAYOUT, type EngineName, type Limits, type SandboxSpec, type SandboxStep } from './engine.ts';

/** Throws `internal` for a specification that no engine may carry out. */
export function checkSpec(spec: SandboxSpec): void {
  for (const { target } of spec.mounts) {
    const isBelowTools = target.startsWith(`${LAYOUT.tools}/`) && normalize(target) === target;
    if (!isBelowTools) throw misuse(`The mount ${target} is not below ${LAYOUT.tools}.`);
  }
  if (spec.phases.includes('fetch') && spec.socketDirectory === null) {
    throw misuse('A fetch phase was asked for without a socket to fetch through.');
  }
}

/** Throws `internal` when a phase was not announced or comes too late: the socket never comes back. */
export function checkPhase(spec: SandboxSpec, phase: Phase, isFetchOver: boolean): void {
  if (!spec.phases.includes(phase)) throw misuse(`The phase ${phase} was not announced.`);
  if (phase === 'fetch' && isFetchOver) throw misuse('A fetch step cannot come after a build step.');
}

/** What an engine throws when it fails itself, as opposed to what it runs. */
export function engineFailed(name: EngineName, why: string): ReproveError {
  return new ReproveError('engine-failed', {
    what: `The sandbox engine ${name} failed.`,
    why: why.trim() === '' ? 'It gave no reason.' : why.trim(),
    next: 'Check that the engine works on this machine, or choose another one with --engine.',
  });
}

function misuse(why: string): ReproveError {
  return new ReproveError('internal', {
    what: 'The sandbox was used wrongly.',
    why,
    next: 'This is a bug in reprove; please report it.',
  });
}

/** Milliseconds that a step may take. */
export function timeOf(step: SandboxStep, limits: Limits): number {
  return Math.min(step.timeoutMs ?? limits.stepMs, limits.stepMs);
}
