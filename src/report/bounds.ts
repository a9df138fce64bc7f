import type { Finding } from '../model/verdict.ts';
import type { LeftOut } from './document.ts';

/** A document of more is of no use to viewers, and of a hostile archive it could have gigabytes. */
const MOST = { findings: 10_000, origins: 10_000, normalizers: 1_000 } as const;

/** Lists of a document, as long as they may be, and how much of each is not there. */
export interface Bounded<O extends string, N> {
  readonly findings: readonly Finding[];
  readonly origins: readonly (readonly [path: string, origin: O])[];
  readonly normalizers: readonly N[];
  readonly leftOut: LeftOut;
}

/**
 * Keeps the worst findings, and of the entries first those that are not `same`; the rest is counted. Pure.
 *
 * @param all.findings the worst first
 */
export function bounded<O extends string, N>(all: Omit<Bounded<O, N>, 'leftOut'>): Bounded<O, N> {
  const findings = all.findings.slice(0, MOST.findings);
  const named = new Set(findings.map(({ path }) => path));
  const unnamed = new Set(all.findings.slice(MOST.findings).map(({ path }) => path));
  const normalizers = all.normalizers.slice(0, MOST.normalizers);
  const origins = all.origins.length > MOST.origins ? telling(all.origins) : all.origins;
  return {
    findings,
    origins,
    normalizers,
    leftOut: {
      findings: all.findings.length - findings.length,
      paths: [...unnamed].filter((path) => path !== null && !named.has(path)).length,
      entries: all.origins.length - origins.length,
      normalizers: all.normalizers.length - normalizers.length,
    },
  };
}

type Origins<O extends string> = Bounded<O, unknown>['origins'];

function telling<O extends string>(origins: Origins<O>): Origins<O> {
  const differing = origins.filter(([, origin]) => origin !== 'same').slice(0, MOST.origins);
  const same = origins.filter(([, origin]) => origin === 'same');
  return [...differing, ...same.slice(0, MOST.origins - differing.length)];
}
