/*
 * What package managers say when an install fails. They say it to people: a sentence that is not known here is read as
 * saying nothing.
 */

/** The words of package managers when a range has no version; each names the package and, if it can, the range. */
const NO_MATCH: readonly RegExp[] = [
  // npm and pnpm
  /No matching version found for (@?[^@\s]+)@([^\n]+?)(?: with a date before [^\n]+| while fetching [^\n]+| published by [^\n]+)?\.?\s*$/m,
  // npm until 4
  /No compatible version found: (@?[^@\s]+)@'?([^'\n]+?)'?\s*$/m,
  /No (?:valid )?versions available for (@?[^@\s]+?)\.?(?:\s|$)/,
  // yarn classic
  /Couldn't find any versions for "(@?[^"\s]+)" that matches "([^"\n]+)"/,
  // yarn berry
  /(?:^|\s)(@?[^@\s]+)@npm:([^\n]+?): No candidates found/m,
  // bun
  /No version matching "([^"\n]+)" found for specifier "(?<name>@?[^"\s]+)"/,
];

/** The package and the range of it that had no version; nulls when the log tells of none. */
export function unmatchedIn(log: string): { readonly name: string | null; readonly range: string | null } {
  const text = unfolded(log);
  for (const pattern of NO_MATCH) {
    const match = pattern.exec(text);
    const named = match?.groups?.['name'];
    if (named !== undefined) return { name: named, range: match?.[1] ?? null };
    if (match !== null) return { name: match[1] ?? null, range: match[2] ?? null };
  }
  return { name: null, range: null };
}

/** What package managers say of a dependency that the registry does not have, or that is not in a registry at all. */
const MISSING: readonly RegExp[] = [
  /'(@?[^@'\s]+)@[^']*' (?:is not in this registry|could not be found)/,
  /404 Not Found - GET http:\/\/127\.0\.0\.1:4873\/((?:@[^\s/]+(?:\/|%2[fF]))?[^\s/]+)(?:\/-\/\S+)? /,
  /ERR_PNPM_FETCH_404\D[^\n]*GET http:\/\/127\.0\.0\.1:4873\/((?:@[^\s/]+(?:\/|%2[fF]))?[^\s/:]+)(?:\/-\/[^\s:]+)?:/,
  // pnpm since 11
  /HTTP 404 for http:\/\/127\.0\.0\.1:4873\/((?:@[^\s/]+(?:\/|%2[fF]))?[^\s/]+)\/-\//,
  // npm, of another registry that the repository has for some scope
  /request to https?:\/\/(?!127\.0\.0\.1)[^\s/]+\/((?:@[^\s/]+(?:\/|%2[fF]))?[^\s/]+) failed/,
  /error [^\n]*http:\/\/127\.0\.0\.1:4873\/((?:@[^\s/]+(?:\/|%2[fF]))?[^\s/:"]+)(?:\/-\/[^\s:"]+)?: Not found/,
];

/** A line that goes on with what stood on the line before, below the marks of pnpm since 11: it folds at 80 columns. */
const FOLDED = /([-/]?)\n {2}(?:│| ) {3,}(?=\S)/g;

function unfolded(log: string): string {
  return log.replace(FOLDED, (_all, end: string) => (end === '' ? ' ' : end));
}

/** The names of packages that the registry does not have. */
export function missingIn(log: string): readonly string[] {
  const text = unfolded(log);
  const names = MISSING.flatMap((pattern) => pattern.exec(text)?.[1] ?? []);
  return [...new Set(names.map((name) => name.replace(/%2f/i, '/')))];
}

/** What package managers say of a file that the registry does not have; berry says it of the package, or in a line of its own. */
const GONE: readonly RegExp[] = [
  /YN0035[^\n]*Package not found/,
  /YN0035[^\n]*Response Code: 404/,
  /(?:404 Not Found|HTTP 404)\b[^\n]*\/-\/[^\s:"]+\.tgz/,
  /\/-\/[^\s:"]+\.tgz[^\n]*(?:\b404\b|Not [Ff]ound)/,
];

/** Whether an install ended for a file that the registry does not have. */
export function namesGoneFile(log: string): boolean {
  const text = unfolded(log);
  return GONE.some((pattern) => pattern.test(text));
}
