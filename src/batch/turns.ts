import { parseRepositoryUrl } from '../source/repository-url.ts';
import type { Limit } from '../store/turns.ts';

/** How often all workers together ask the same host, and the same repository; null: as often as they like. */
export interface Rates {
  readonly hostPerMinute: number | null;
  readonly repositoryPerMinute: number | null;
}

/** What a package version takes of its registry. Pure. */
export function registryLimits(host: string, { hostPerMinute }: Rates): readonly Limit[] {
  return hostPerMinute === null ? [] : [{ key: `host ${host}`, perMinute: hostPerMinute }];
}

/**
 * What it takes of the host of its source. Counted by what the package names, also when a mirror gives it. Pure.
 *
 * @param repository as the package names it
 */
export function sourceLimits(
  repository: string | null,
  { hostPerMinute, repositoryPerMinute }: Rates,
): readonly Limit[] {
  const url = repository === null ? null : parseRepositoryUrl(repository);
  if (url === null) return [];
  return [
    { key: `host ${url.host}`, perMinute: hostPerMinute },
    { key: `repository ${url.url}`, perMinute: repositoryPerMinute },
  ].flatMap(({ key, perMinute }) => (perMinute === null ? [] : [{ key, perMinute }]));
}
