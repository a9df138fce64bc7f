import type { PlanRequest } from '../../src/ecosystem.ts';
import type { Subject } from './proxy/subject.ts';
import type { NpmOptions } from './registry/config.ts';

/** What is not shown, and which registries the rest comes from. Who asks is left out: bytes are checked, not trusted. */
export function registryIdentity(
  request: PlanRequest,
  { registry, replaceRegistryHost, fetch }: NpmOptions,
): string {
  const scopes = Object.entries(fetch).filter(([key]) => /^@.*:registry$/i.test(key));
  return JSON.stringify([
    subjectOf(request),
    registry,
    replaceRegistryHost,
    scopes.map((scope) => scope.join()).toSorted(),
  ]);
}

/** The version that is to be rebuilt, which a registry view does not show. */
export function subjectOf({ published }: PlanRequest): Subject {
  const { name, version } = published.subject;
  return { name, version, sha512: published.artifact.digests.sha512.toLowerCase() };
}
