import pickManifest from 'npm-pick-manifest';
import type { PackageSpec } from '../package-spec.ts';
import type { PackageDocument } from './document.ts';

export interface PickOptions {
  /** What a bare name means; npm's `tag` setting. */
  readonly defaultTag?: string;
  /** Nothing published after this instant. */
  readonly before?: Date;
}

/**
 * The version that npm would install for a spec: the default tag before the highest, no deprecated ones if it can
 * be helped. Null when the document has none.
 */
export function pickVersion(
  document: PackageDocument,
  spec: Extract<PackageSpec, { kind: 'registry' }>,
  { defaultTag = 'latest', before }: PickOptions = {},
): string | null {
  try {
    const picked = pickManifest(asNpmReadsIt(document), spec.wanted === '' ? defaultTag : spec.wanted, {
      defaultTag,
      before: before ?? null,
    });
    return document.versions.has(picked.version) ? picked.version : null;
  } catch (thrown) {
    if (isNoMatch(thrown)) return null;
    throw thrown;
  }
}

/** Only what the choice needs, in objects without a prototype: no version can be called `constructor` by accident. */
function asNpmReadsIt(document: PackageDocument): Readonly<Record<string, unknown>> {
  const versions = [...document.versions].map(([version, raw]) => [
    version,
    { name: document.name, version, deprecated: raw['deprecated'], engines: raw['engines'] },
  ]);
  return {
    name: document.name,
    'dist-tags': bare(document.distTags),
    versions: bare(versions as [string, unknown][]),
    time: bare(document.time),
  };
}

function bare(entries: Iterable<readonly [string, unknown]>): Record<string, unknown> {
  return Object.assign(Object.create(null) as Record<string, unknown>, Object.fromEntries(entries));
}

function isNoMatch(thrown: unknown): boolean {
  if (!(thrown instanceof Error) || !('code' in thrown)) return false;
  return thrown.code === 'ETARGET' || thrown.code === 'ENOVERSIONS';
}
