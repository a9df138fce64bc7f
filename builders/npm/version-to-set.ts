import semver from 'semver';
import type { PlanRequest } from '../../src/ecosystem.ts';
import type { Step } from '../../src/model/plan.ts';
import type { Evidence } from '../../src/model/source.ts';
import type { Manifest } from './manifest.ts';
import { versionStep } from './steps.ts';

/** A manifest of the source, and what was published of it. */
interface ManifestToPack {
  readonly manifest: Manifest;
  readonly request: PlanRequest;
}

/**
 * The version that has to be written into the manifest before packing: release robots leave it open in the commit
 * (`0.0.0-development`), others set it in the release job, after the commit that they tag.
 */
export function versionToSet({ manifest, request }: ManifestToPack): string | null {
  const { version } = request.published.subject;
  // Of a local file the version may be any text; only a real one becomes an argument.
  const isVersion = semver.valid(version) === version;
  return isVersion && manifest.version !== version ? version : null;
}

/** A placeholder says nothing; another real version may be that of another commit. */
export function guessesVersion(context: ManifestToPack): boolean {
  const stated = context.manifest.version;
  return versionToSet(context) !== null && stated !== null && !/^0\.0\.0(-|$)/.test(stated);
}

/**
 * Writes that version, where there is one to write.
 *
 * @param directory the folder with the manifest; default: the package's own
 */
export function versionSteps(
  context: ManifestToPack,
  tools: Readonly<Record<string, string>>,
  directory = context.request.source.directory,
): readonly Step[] {
  const version = versionToSet(context);
  return version === null ? [] : [versionStep({ directory, version, npm: tools['npm'] ?? '' })];
}

/** Says that it is written, and in place of what. */
export function versionEvidence(context: ManifestToPack): readonly Evidence[] {
  const version = versionToSet(context);
  if (version === null) return [];
  const stated = context.manifest.version;
  const says = stated === null ? 'states no version' : `says ${stated.slice(0, 64)}`;
  const detail = `the source's manifest ${says}: ${version} is written into it before packing, as a release robot does`;
  return [{ kind: 'version-set', detail }];
}
