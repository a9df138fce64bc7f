import semver, { type SemVer } from 'semver';
import type { PackageDocument, RawVersion } from '../registry/document.ts';

/**
 * The version of a range that there was, in all likelihood, when somebody asked for it and no time tells: the lowest, since people
 * write down what they have; of a range that begins at nothing (`*`), the highest that the Node of the rebuild can run.
 *
 * @param fitting the versions in the range, ascending
 * @param node exact version; null when it is not known
 */
export function likeliest(options: {
  readonly document: PackageDocument;
  readonly range: string;
  readonly fitting: readonly SemVer[];
  readonly node: string | null;
}): SemVer | null {
  const { document, range, fitting, node } = options;
  const lowest = fitting[0] ?? null;
  if (node === null || !beginsAtNothing(range)) return lowest;
  const runs = ({ raw }: SemVer) => {
    const needed = neededNode(document.versions.get(raw));
    return needed === null || semver.satisfies(node, needed, { loose: true });
  };
  return fitting.findLast(runs) ?? lowest;
}

function beginsAtNothing(range: string): boolean {
  return semver.satisfies('0.0.0', range, { loose: true });
}

/** What a manifest says of Node, when it is a range. */
function neededNode(version: RawVersion | undefined): string | null {
  const engines = version?.['engines'];
  const node = typeof engines === 'object' && engines !== null && 'node' in engines ? engines.node : null;
  return typeof node === 'string' ? semver.validRange(node, { loose: true }) : null;
}
