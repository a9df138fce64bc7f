const GIBIBYTE = 1024 ** 3;
/** A sandbox takes at least so much for its processes, and again for the files that they write (see openTools). */
const MEMORY = 4 * GIBIBYTE;
/** What a clone, its fetched trees and toolchains take below the cache folder while one package is verified. */
const DISK = 2 * GIBIBYTE;

/** What a machine has for a batch. */
export interface Machine {
  readonly cpus: number;
  /** Bytes. */
  readonly memoryBytes: number;
  /** Bytes that are free where the cache is. */
  readonly diskBytes: number;
}

/** How many package versions a machine verifies at a time, at least one. Pure. */
export function workersFor({ cpus, memoryBytes, diskBytes }: Machine): number {
  return Math.max(1, Math.min(cpus, Math.floor(memoryBytes / MEMORY), Math.floor(diskBytes / DISK)));
}
