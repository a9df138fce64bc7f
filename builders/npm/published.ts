import path from 'node:path';
import type { PublishedOutcome } from '../../src/ecosystem.ts';
import { messageOf, ReproveError } from '../../src/errors.ts';
import { signal } from '../../src/model/signals.ts';
import type { Archive, Content, Digests, PackageVersion } from '../../src/model/artifact.ts';
import type { Reason, ReasonCode, Signal } from '../../src/model/verdict.ts';
import { digestsOf } from '../../src/published/digests.ts';
import { DigestedContent, FileContent } from '../../src/published/file-content.ts';
import { openArchive } from '../../src/published/stored-archive.ts';
import { sameBytes } from '../../src/model/content.ts';
import type { BundleVerifier } from '../../src/sigstore/verify-bundle.ts';
import { absentData } from './absent-data.ts';
import { sourceClaims } from './claims.ts';
import { packedManifest } from './judgement.ts';
import { type PackageSpec, parsePackageSpec, purlOf } from './package-spec.ts';
import type { RegistryClient } from './registry/client.ts';
import { type PackageDocument, type VersionDocument, versionOf } from './registry/document.ts';
import { checkIntegrity, digestsOf as statedDigests } from './registry/integrity.ts';
import { pickVersion } from './registry/pick-version.ts';
import { type Asked, askSignatures, vouchedFor } from './vouching.ts';
import { historySignals } from './version-history.ts';
import { repositorySignals } from './repository-history.ts';

const LARGEST_FILE = 512 * 1024 * 1024;

/** Finds what the user means and brings its bytes. Throws ReproveError for wrong usage and for a failing registry. */
export async function publishedPackage(
  argument: string,
  context: Context & { readonly cwd: string },
): Promise<PublishedOutcome> {
  const spec = parsePackageSpec(argument, { cwd: context.cwd });
  return spec.kind === 'file' ? fromFile(spec.path, context) : fromRegistry(spec, context);
}

interface Context {
  readonly client: RegistryClient;
  readonly verifier: BundleVerifier;
  /** Where large archives may be kept while they are looked at. */
  readonly temporary: string;
}

async function fromRegistry(
  spec: Extract<PackageSpec, { kind: 'registry' }>,
  context: Context,
): Promise<PublishedOutcome> {
  const { client } = context;
  const asked = subjectOf(spec.name, spec.wanted === '' ? client.options.defaultTag : spec.wanted);
  const document = await client.packument(spec.name);
  if (document === null) {
    return missing(asked, 'artifact-missing', `The registry does not know a package named ${spec.name}.`);
  }
  const picked = pickVersion(document, spec, { defaultTag: client.options.defaultTag });
  const version = picked === null ? null : versionOf(document, picked);
  if (version === null) return missing(asked, 'artifact-missing', noVersion(document, spec));
  const subject = subjectOf(version.name, version.version);
  const fileName = fileNameOf(version.dist.tarball);
  const signatures = askSignatures({ client, document, version });
  const artifact = await client.artifact(version);
  if (artifact.kind === 'missing') {
    const message = `The registry lists ${spec.name}@${version.version}, but does not serve its artifact.`;
    return missing(subject, 'artifact-missing', message, fileName);
  }
  if (artifact.kind === 'integrity-mismatch') {
    const message = `The registry serves a file that is not the one it describes: ${artifact.expected} expected, ${artifact.actual} served.`;
    return missing(subject, 'integrity-mismatch', message, fileName);
  }
  const unchecked = artifact.kind === 'unchecked' ? [signal('artifact-without-digest', UNCHECKED)] : [];
  const { bytes } = artifact;
  const digests = digestsOf(bytes);
  const archive = await openArchive(bytes, { folder: context.temporary });
  if (!archive.ok) {
    const { reason } = archive;
    return { ok: false, value: { subject, fileName, digests, size: bytes.length, reason } };
  }
  return describe({
    subject,
    fileName,
    bytes,
    digests,
    archive: archive.value,
    document,
    version,
    context,
    asked: signatures,
    signals: unchecked,
  });
}

const UNCHECKED = 'The registry gives no digest for this artifact: what it served was taken as it came.';

function noVersion(document: PackageDocument, spec: Extract<PackageSpec, { kind: 'registry' }>): string {
  const wanted = spec.wanted === '' ? 'a default version' : JSON.stringify(spec.wanted);
  const was = document.time.has(spec.wanted) ? ' It was published once and has been taken back.' : '';
  return `The registry has no version of ${spec.name} that matches ${wanted}.${was}`;
}

async function fromFile(file: string, context: Context): Promise<PublishedOutcome> {
  const { client, temporary } = context;
  const bytes = new DigestedContent(openBounded(file));
  const fileName = path.basename(file);
  const archive = await openArchive(bytes, { folder: temporary });
  const digests = bytes.digests();
  const refused = (reason: Reason): PublishedOutcome => {
    const subject = subjectOf(fileName, '0.0.0');
    return { ok: false, value: { subject, fileName, digests, size: bytes.length, reason } };
  };
  if (!archive.ok) return refused(archive.reason);
  const packed = packedManifest(archive.value);
  if (packed?.name == null || packed.version === null) {
    const message = `${fileName} holds no package.json with a name and a version.`;
    return refused({ code: 'artifact-invalid', message });
  }
  // Read again as a person would type it: a name from inside an archive is as hostile as any other.
  const spec = parsePackageSpec(`${packed.name}@${packed.version}`, { cwd: '/' });
  const document = spec.kind === 'registry' ? await client.packument(spec.name) : null;
  const version = document === null ? null : versionOf(document, packed.version);
  const subject = subjectOf(packed.name, packed.version);
  const signals = await fileSignals(bytes, version, client);
  const isServed = !signals.some(({ kind }) => kind === 'not-the-registry-artifact');
  const asked =
    isServed && document !== null && version !== null ? askSignatures({ client, document, version }) : null;
  return describe({
    subject,
    fileName,
    bytes,
    digests,
    archive: archive.value,
    document,
    version,
    context,
    asked,
    signals,
  });
}

async function fileSignals(
  bytes: Content,
  version: VersionDocument | null,
  client: RegistryClient,
): Promise<readonly Signal[]> {
  if (version === null) return [other('The registry does not have this version; only the file was judged.')];
  const subject = `${version.name}@${version.version}`;
  const differs = other(`This file is not the one that the registry has as ${subject}.`);
  const digests = statedDigests(version);
  if (digests.length > 0) return checkIntegrity(bytes.subarray(), digests).kind === 'match' ? [] : [differs];
  // No digest is no match: what the registry serves has to be looked at itself.
  const served = await client.artifact(version);
  const unchecked = signal('artifact-without-digest', UNCHECKED);
  if (served.kind === 'missing')
    return [other(`The registry lists ${subject}, but serves no file to compare with.`), unchecked];
  const same = 'bytes' in served && sameBytes(bytes, served.bytes);
  return same ? [unchecked] : [differs, unchecked];
}

function other(message: string): Signal {
  return signal('not-the-registry-artifact', message);
}

async function describe(facts: {
  subject: PackageVersion;
  fileName: string;
  bytes: Content;
  digests: Digests;
  archive: Archive;
  document: PackageDocument | null;
  version: VersionDocument | null;
  context: Context;
  asked: Asked | null;
  signals: readonly Signal[];
}): Promise<PublishedOutcome> {
  const { subject, fileName, bytes, digests, archive, document, version } = facts;
  const vouched = await vouchedFor(facts.asked, { ...facts.context, ...subject, sha512: digests.sha512 });
  const claims = sourceClaims({
    name: subject.name,
    version: subject.version,
    document: version,
    packed: packedManifest(archive),
    provenance: vouched.stated,
    archive,
    history: document,
  });
  const history =
    document === null
      ? []
      : [
          ...repositorySignals({ document, version: subject.version, repository: claims.repository }),
          ...historySignals({ document, version: subject.version, entries: archive.entries }),
        ];
  return {
    ok: true,
    value: Object.freeze({
      subject,
      artifact: { fileName, bytes, digests, archive },
      publishedAt: version?.publishedAt ?? null,
      claims,
      signals: [...facts.signals, ...vouched.signals, ...history],
      checked: vouched.checked,
      absent: [...absentData(document, version), ...vouched.absent],
      signer: vouched.signer,
      document: version?.raw ?? null,
    }),
  };
}

function subjectOf(name: string, version: string): PackageVersion {
  return { ecosystem: 'npm', name, version, purl: purlOf(name, version) };
}

function missing(
  subject: PackageVersion,
  code: ReasonCode,
  message: string,
  fileName: string | null = null,
): PublishedOutcome {
  return { ok: false, value: { subject, fileName, digests: null, size: 0, reason: { code, message } } };
}

/** The last component of an artifact's address: decoded where that gives a plain name, else as it stands. */
function fileNameOf(tarball: string): string {
  const name = path.posix.basename(new URL(tarball).pathname);
  try {
    const decoded = decodeURIComponent(name);
    return /[\p{Cc}/\\]/u.test(decoded) ? name : decoded;
  } catch {
    return name;
  }
}

/** A file that may be read; what of it is needed is read when it is needed. */
function openBounded(file: string): Content {
  const content = opened(file);
  if (content.length <= LARGEST_FILE) return content;
  throw new ReproveError('usage', {
    what: `${file} is too large.`,
    why: `It has more than ${LARGEST_FILE} bytes.`,
    next: 'Packages of that size cannot be published; check the file.',
  });
}

function opened(file: string): Content {
  try {
    return FileContent.open(file);
  } catch (error) {
    throw new ReproveError('usage', {
      what: `${file} cannot be read.`,
      why: `${messageOf(error)}.`,
      next: 'Name an archive (.tgz) that you may read.',
    });
  }
}
