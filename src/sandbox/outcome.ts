import { SOURCE_REFUSED } from './command.ts';
import { LAYOUT, type LimitName, type SandboxSpec, type StepOutcome } from './engine.ts';

/** How often limits were met so far, and what is left of the disk. */
export interface Status {
  /** Processes that the kernel killed for want of memory. */
  readonly memoryKills: number;
  /** Processes that could not be started. */
  readonly processDenials: number;
  /** True when no block or no inode is free. */
  readonly diskFull: boolean;
}

/** Before anything ran. */
export const FRESH: Status = { memoryKills: 0, processDenials: 0, diskFull: false };

/** Reads the counters of a control group, version 1 or 2. */
export function parseCounters(files: { readonly memory: string; readonly pids: string }): Status {
  return {
    memoryKills: counter(files.memory, 'oom_kill'),
    processDenials: counter(files.pids, 'max'),
    diskFull: false,
  };
}

/** Reads what `statusCommand` prints. */
export function parseStatus(text: string): Status {
  const sections = new Map(
    text.split('# ').map((section) => {
      const end = section.indexOf('\n');
      return [section.slice(0, end), section.slice(end + 1)] as const;
    }),
  );
  const memory = (sections.get('memory/memory.oom_control') ?? '') + (sections.get('memory.events') ?? '');
  const pids = (sections.get('pids/pids.events') ?? '') + (sections.get('pids.events') ?? '');
  return { ...parseCounters({ memory, pids }), diskFull: isFull(sections.get('free') ?? '') };
}

/** True for free blocks and free inodes of which one is none. */
export function isFull(free: string): boolean {
  return free.trim().split(' ').includes('0');
}

/**
 * How a step ended that ran to its end. A step that failed is said to have met a limit when a counter rose while it
 * ran, or when it says so itself: a build often removes the file that filled the disk before it gives up.
 */
export function judgeExit(options: {
  readonly exitCode: number;
  readonly log: string;
  readonly before: Status;
  readonly after: Status;
  /** True when limits hold for single processes only, so that no counter tells. */
  readonly withoutCounters: boolean;
}): StepOutcome {
  const { exitCode, log, before, after } = options;
  if (exitCode === 0) return { kind: 'exited', exitCode, log };
  const limit = raised(before, after) ?? told(log, options.withoutCounters);
  return limit === null ? { kind: 'exited', exitCode, log } : { kind: 'limit', limit, log };
}

/** True when what a sandbox was to start from cannot be laid out in it; of what was saved, for whatever reason. */
export function isRefused(prepared: StepOutcome, { unpackInto }: Pick<SandboxSpec, 'unpackInto'>): boolean {
  if (prepared.kind !== 'exited') return unpackInto === LAYOUT.work;
  return unpackInto === LAYOUT.work ? prepared.exitCode !== 0 : prepared.exitCode === SOURCE_REFUSED;
}

/** How every step ends of a sandbox whose source could not be unpacked. */
export function sourceRefused(prepared: { readonly log: string }): StepOutcome {
  return { kind: 'source-refused', log: prepared.log };
}

/** How a step ended that had to be stopped. */
export function judgeTimeout(options: {
  readonly log: string;
  readonly before: Status;
  readonly after: Status;
  readonly withoutCounters: boolean;
}): StepOutcome {
  const { log, before, after, withoutCounters } = options;
  const limit = raised(before, after) ?? (withoutCounters ? told(log, true) : null);
  return limit === null ? { kind: 'timed-out', log } : { kind: 'limit', limit, log };
}

function raised(before: Status, after: Status): LimitName | null {
  if (after.memoryKills > before.memoryKills) return 'memory';
  if (after.processDenials > before.processDenials) return 'processes';
  return after.diskFull ? 'disk' : null;
}

function told(log: string, withoutCounters: boolean): LimitName | null {
  if (/\bENOSPC\b|No space left on device/.test(log)) return 'disk';
  if (!withoutCounters) return null;
  if (/\bEAGAIN\b|Resource temporarily unavailable|Cannot fork/.test(log)) return 'processes';
  return /\bENOMEM\b|Cannot allocate memory|out of memory|bad_alloc|MemoryError/i.test(log) ? 'memory' : null;
}

function counter(text: string, name: string): number {
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  const value = Number(line?.slice(name.length + 1));
  return Number.isFinite(value) ? value : 0;
}
