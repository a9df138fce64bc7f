/** What the attack suite (`./run attacks`) tries, in the order of its table; docs/attacks.md tells of each. */
export const ROWS = {
  1: 'Nothing: a clean package, as each packer packs it',
  2: 'A new file only',
  3: 'A new file, and a script that runs it on install',
  4: 'A script without its file',
  5: 'Lines before or after those of a script',
  6: 'Code far to the right in one long line',
  7: 'A dependency and nothing else',
  8: 'A file that makes installing run a build, without a script',
  9: 'A compiled program, new or changed',
  10: 'Only what people and tools read',
  11: 'Odd archives: links, doubles, paths that lead out, hidden headers',
  12: 'A registry that describes another package than it serves',
  13: 'A version that its repository does not have, or not any more',
  14: 'Source, build tool or dependency that is itself bad',
  15: 'Honest differences between two builds',
  16: 'Code inside of what a normalizer looks away from',
  17: 'Builds that fail',
  18: 'Characters that nobody sees, or takes for others',
} as const;
export type Row = keyof typeof ROWS;
