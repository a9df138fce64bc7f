import { hash } from 'node:crypto';

/** A file, and the package version that it is published as. */
export interface Published {
  readonly purl: string;
  readonly name: string;
  readonly version: string;
  readonly file: string;
  readonly bytes: Uint8Array;
}

export const LEFT_PAD: Published = {
  purl: 'pkg:npm/left-pad@1.3.0',
  name: 'left-pad',
  version: '1.3.0',
  file: 'left-pad-1.3.0.tgz',
  bytes: Buffer.from('the published file'),
};
/** What OSS Rebuild made, which differs in its compression. */
const REBUILT = Buffer.from('the rebuilt file');

const sha512 = (bytes: Uint8Array) => ({ sha512: hash('sha512', bytes) });
const sha256 = (bytes: Uint8Array) => ({ sha256: hash('sha256', bytes) });
const V1 = 'https://in-toto.io/Statement/v1';
const V01 = 'https://in-toto.io/Statement/v0.1';

/** What npm writes on GitLab (libnpmpublish, lib/provenance.js). */
export function gitlabProvenance({ purl, bytes }: Published): object {
  const source = { uri: 'git+https://gitlab.com/o/r', digest: { sha1: 'c'.repeat(40) } };
  return {
    _type: V01,
    subject: [{ name: purl, digest: sha512(bytes) }],
    predicateType: 'https://slsa.dev/provenance/v0.2',
    predicate: {
      buildType: 'https://github.com/npm/cli/gitlab/v0alpha1',
      builder: { id: 'https://gitlab.com/o/r/-/runners/1' },
      invocation: { configSource: { ...source, entryPoint: 'publish' }, parameters: { CI: 'true' } },
      metadata: { buildInvocationId: 'https://gitlab.com/o/r/-/jobs/1', reproducible: false },
      materials: [source],
    },
  };
}

/** What npm writes on GitHub. */
export function githubProvenance({ purl, bytes }: Published, repository: string, commit: string): object {
  return {
    _type: V1,
    subject: [{ name: purl, digest: sha512(bytes) }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1',
        externalParameters: {
          workflow: { ref: 'refs/tags/v1.0.0', repository, path: '.github/workflows/release.yml' },
        },
        internalParameters: { github: { event_name: 'push', repository_id: '1', repository_owner_id: '2' } },
        resolvedDependencies: [{ uri: `git+${repository}@refs/tags/v1.0.0`, digest: { gitCommit: commit } }],
      },
      runDetails: {
        builder: { id: 'https://github.com/actions/runner/github-hosted' },
        metadata: { invocationId: `${repository}/actions/runs/1/attempts/1` },
      },
    },
  };
}

/** What npm's registry states of a version that it takes (npm/attestation, specs/publish/v0.1). */
export function publication({ purl, name, version, bytes }: Published): object {
  return {
    _type: V01,
    subject: [{ name: purl, digest: sha512(bytes) }],
    predicateType: 'https://github.com/npm/attestation/tree/main/specs/publish/v0.1',
    predicate: { name, version, registry: 'https://registry.npmjs.org' },
  };
}

const OSS_BUILDS = 'https://docs.oss-rebuild.dev/builds';
const LOCATION = {
  repository: 'https://github.com/google/oss-rebuild',
  ref: 'v0.0.0-202501010000-feeddeadbeef00',
};
const SERVICE = {
  serviceSource: LOCATION,
  prebuildSource: LOCATION,
  prebuildConfig: { bucket: 'a-bucket', dir: 'a-folder' },
};
const HOST = { id: 'https://docs.oss-rebuild.dev/hosts/Google' };

/** How OSS Rebuild made a file (google/oss-rebuild, docs/content/builds/Rebuild@v0.1.md). */
export function ossRebuild({ name, version, file }: Published): object {
  return {
    _type: V1,
    subject: [{ name: `rebuild/${file}`, digest: sha256(REBUILT) }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: `${OSS_BUILDS}/Rebuild@v0.1`,
        externalParameters: { artifact: file, ecosystem: 'npm', package: name, version },
        internalParameters: SERVICE,
        resolvedDependencies: [
          { name: 'git+https://github.com/o/r', digest: { sha1: 'c'.repeat(40) } },
          { name: 'docker.io/library/alpine:3.21', digest: sha256(Buffer.from('an image')) },
        ],
      },
      runDetails: {
        builder: HOST,
        metadata: {
          invocationId: 'an-id',
          startedOn: '2025-01-01T00:00:00Z',
          finishedOn: '2025-01-01T00:05:00.123456Z',
        },
        byproducts: ['build.json', 'Dockerfile', 'steps.json'].map((one) => ({ name: one, content: 'e30=' })),
      },
    },
  };
}

/** That it is the published file but for what stabilizing takes away (docs/content/builds/ArtifactEquivalence@v0.1.md). */
export function ossEquivalence({ name, file, bytes }: Published): object {
  const [candidate, target] = [`rebuild/${file}`, `https://registry.npmjs.org/${name}/-/${file}`];
  return {
    _type: V1,
    subject: [{ name: file, digest: sha256(bytes) }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: `${OSS_BUILDS}/ArtifactEquivalence@v0.1`,
        externalParameters: { candidate, target },
        internalParameters: SERVICE,
        resolvedDependencies: [
          { name: candidate, digest: sha256(REBUILT) },
          { name: target, digest: sha256(bytes) },
        ],
      },
      runDetails: {
        builder: HOST,
        metadata: { invocationId: 'an-id' },
        byproducts: [{ name: `stabilized/${file}`, digest: sha256(Buffer.from('stabilized')) }],
      },
    },
  };
}
