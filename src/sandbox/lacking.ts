/** How shells, make and Node say that there is no such command. */
const NO_COMMAND: readonly RegExp[] = [
  /^.*?(?:: |^)([\w.+-]{1,60}): (?:command )?not found$/gm,
  /^make(?:\[\d+\])?: ([\w.+-]{1,60}): No such file or directory$/gm,
  /\bspawn(?:Sync)? ([\w.+-]{1,60}) ENOENT\b/g,
];

/** How Node, git and curl say that they cannot reach a host: in a sandbox none can be. */
const NO_HOST: readonly RegExp[] = [
  /\bgetaddrinfo (?:EAI_AGAIN|ENOTFOUND) ([\w.-]{1,253})/g,
  /\bCould not resolve host:? ([\w.-]{1,253})/gi,
];

/** What a log last says that the sandbox lacks, as a sentence; null when it tells of nothing. */
export function lackingIn(log: string): string | null {
  const command = lastIn(log, NO_COMMAND);
  const host = lastIn(log, NO_HOST);
  if (host !== null && host.index > (command?.index ?? -1))
    return `Its log says that it asked ${host.name}, and a sandbox reaches nothing but the registry.`;
  return command === null ? null : `Its log says that there is no command "${command.name}".`;
}

/** The command that a log last says is not there; null when it tells of none. */
export function lackingCommand(log: string): string | null {
  return lastIn(log, NO_COMMAND)?.name ?? null;
}

function lastIn(log: string, patterns: readonly RegExp[]) {
  const found = patterns.flatMap((pattern) =>
    [...log.matchAll(pattern)].map(({ index, 1: name = '' }) => ({ index, name })),
  );
  return found.toSorted((a, b) => b.index - a.index)[0] ?? null;
}
