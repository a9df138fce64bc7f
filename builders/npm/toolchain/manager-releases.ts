import type { ToolRole } from './parts.ts';

/** A release line of a package manager. */
export interface ManagerLine {
  /** A semver range that holds the line. */
  readonly range: string;
  /** When its first stable version came out, ISO 8601 date. */
  readonly released: string;
  /** The lockfile versions that it writes, as they are written in a lockfile. */
  readonly lockfiles: readonly string[];
}

/** Oldest first. From the release notes of pnpm, yarn and bun; bun's lines differ in how they lay out a lockfile. */
// prettier-ignore
export const MANAGER_LINES = {
  pnpm: [
    line('1', '2017-06-28', ['3', '4']),
    line('2', '2018-05-27', ['3', '4', '5']),
    line('3', '2019-03-15', ['5', '5.0', '5.1']),
    line('4', '2019-10-02', ['5.1']),
    line('5', '2020-05-24', ['5.1', '5.2']),
    line('6', '2021-04-01', ['5.3']),
    line('7', '2022-05-01', ['5.4']),
    line('8', '2023-03-27', ['6.0', '6.1']),
    line('9', '2024-04-16', ['9.0']),
    line('10', '2025-01-07', ['9.0']),
    line('11', '2026-04-28', ['9.0']),
    line('12', '2026-08-26', ['9.0']),
  ],
  yarn: [
    line('0', '2016-10-11', ['1']),
    line('1', '2017-09-05', ['1']),
    line('2', '2020-01-24', ['4']),
    line('3', '2021-07-26', ['5', '6']),
    line('4', '2023-10-22', ['7', '8', '9']),
  ],
  bun: [
    line('~1.0.0', '2023-09-08', []),
    line('~1.1.0', '2024-04-01', []),
    line('~1.2.0', '2025-01-22', ['0', '1']),
    line('~1.3.0', '2025-10-10', ['1']),
    line('~1.4.0', '2026-08-20', ['1', '2']),
  ],
} as const satisfies Partial<Record<ToolRole, readonly ManagerLine[]>>;

/** The package managers that are not npm. */
export type ManagerRole = keyof typeof MANAGER_LINES;
export const MANAGER_ROLES = ['pnpm', 'yarn', 'bun'] as const satisfies readonly ManagerRole[];

function line(range: string, released: string, lockfiles: readonly string[]): ManagerLine {
  return { range, released, lockfiles };
}
