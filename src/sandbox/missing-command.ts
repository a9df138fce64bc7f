/** How shells, make and Node say that there is no such command. */
const NOT_FOUND: readonly RegExp[] = [
  /^.*?(?:: |^)([\w.+-]{1,60}): (?:command )?not found$/gm,
  /^make(?:\[\d+\])?: ([\w.+-]{1,60}): No such file or directory$/gm,
  /\bspawn(?:Sync)? ([\w.+-]{1,60}) ENOENT\b/g,
];

/** The command that a log last says is not there; null when it tells of none. */
export function missingCommandIn(log: string): string | null {
  const found = NOT_FOUND.flatMap((pattern) => [...log.matchAll(pattern)]);
  return found.toSorted((a, b) => a.index - b.index).at(-1)?.[1] ?? null;
}
