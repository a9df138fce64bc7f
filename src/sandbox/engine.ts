import type { Writable } from 'node:stream';
import type { Phase } from '../model/plan.ts';

/** Where things are inside every sandbox, whatever the engine. */
export const LAYOUT = {
  /** One tmpfs that holds everything writable; lost with the sandbox. */
  work: '/work',
  home: '/work/home',
  source: '/work/source',
  output: '/work/output',
  temporary: '/work/tmp',
  /** Read-only mounts of tools: `/opt/<role>`. */
  tools: '/opt',
  /** Holds `registry.sock` in the fetch phase; does not exist as a mount in the others. */
  socketDirectory: '/run/registry',
  /** The archive that the sandbox starts from, read-only and only sure to be there while it is unpacked. */
  sourceArchive: '/run/source.tar',
} as const;

/**
 * libfaketime inside every sandbox. A step whose clock is set has it as `LD_PRELOAD`, with the instant as
 * `FAKETIME='@YYYY-MM-DD hh:mm:ss'` (UTC); the clock goes on from there in each process.
 */
export const FAKETIME_LIBRARY = '/usr/lib/libfaketime.so.1';

/** Name below `/dev/shm` of what the faked clocks of a step share: every step finds it new. */
export const SHARED_CLOCK = 'reprove-clock';

export const ENGINE_NAMES = ['docker', 'podman', 'bwrap'] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

/** The root file system of every sandbox, named by its content. */
export interface RootFilesystem {
  /** `sha256:` + digest of the image configuration: the id that `docker load` gives it. */
  readonly imageId: string;
  /** sha256 of the layer tar, hex. */
  readonly layerDigest: string;
  /** The unpacked tree on the host. */
  readonly directory: string;
  /** A docker-archive that loads as `imageId`. */
  readonly archive: string;
  /** Null when every package is the locked one; else a sentence that says what differs. */
  readonly lockDeviation: string | null;
}

export interface Mount {
  readonly source: string;
  readonly target: string;
}

/** All are hard limits; a step that meets one is stopped. */
export interface Limits {
  /** Memory of all processes of the sandbox, bytes. */
  readonly memoryBytes: number;
  /** Everything written below `/work`, bytes. */
  readonly diskBytes: number;
  readonly processes: number;
  /** Longest time of one step, milliseconds. */
  readonly stepMs: number;
  /** Bytes kept of one step's log (its end is kept). */
  readonly logBytes: number;
}

export interface SandboxSpec {
  readonly rootfs: RootFilesystem;
  /** Host path of a tar: of a source tree, or what `Sandbox.save` wrote. */
  readonly sourceArchive: string;
  /** Where it is unpacked before the first step: a source tree as the source, what was saved as all that is writable. */
  readonly unpackInto: typeof LAYOUT.source | typeof LAYOUT.work;
  /** Read-only mounts; targets lie directly below `LAYOUT.tools`. */
  readonly mounts: readonly Mount[];
  /** Host directory with `registry.sock`, visible to fetch steps only; null when no step fetches. */
  readonly socketDirectory: string | null;
  /** Phases that will be run, in order; engines prepare what these need. */
  readonly phases: readonly Phase[];
  readonly limits: Limits;
}

export interface SandboxStep {
  readonly phase: Phase;
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Longest time of this step, milliseconds, where that is less than the limit of all steps. */
  readonly timeoutMs?: number;
}

export type LimitName = 'memory' | 'processes' | 'disk';

/** How a step ended. `log` is its stdout and stderr in the order in which they came. */
export type StepOutcome =
  | { readonly kind: 'exited'; readonly exitCode: number; readonly log: string }
  | { readonly kind: 'timed-out'; readonly log: string }
  | { readonly kind: 'limit'; readonly limit: LimitName; readonly log: string }
  /** The step did not run: the source holds a name or a time that no file can have here, or what was saved is too much. */
  | { readonly kind: 'source-refused'; readonly log: string };

/** A hermetic place in which the steps of one plan run. */
export interface Sandbox {
  run(step: SandboxStep): Promise<StepOutcome>;
  /**
   * The bytes of the only regular file in a directory of the sandbox (links are not followed).
   * Null when there is not exactly one, or when it is larger than `maxBytes`.
   */
  readOnlyFile(directory: string, maxBytes: number): Promise<Uint8Array | null>;
  /**
   * Ends the fetch phase and writes all of `LAYOUT.work` into a stream (which is not ended), as a tar from which another
   * sandbox of any engine can start. Nothing that ran so far is running meanwhile.
   *
   * @param maxBytes most bytes of all files together
   * @returns false when it cannot be written as it is: larger, or with folders and files that even their owner cannot read
   */
  save(into: Writable, maxBytes: number): Promise<boolean>;
  /** Ends every process and removes everything, however often it is called. */
  close(): Promise<void>;
}

/** A container engine. */
export interface Engine {
  readonly name: EngineName;
  /** Null when the engine answers and can run sandboxes; else one sentence that says why not. */
  unavailable(): Promise<string | null>;
  /** Throws ReproveError `engine-failed` when the engine itself fails. */
  open(spec: SandboxSpec): Promise<Sandbox>;
  /** Removes what processes that were killed left behind. */
  sweep(): Promise<void>;
}
