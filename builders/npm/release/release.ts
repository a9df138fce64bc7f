import type { Evidence, TreeFile } from '../../../src/model/source.ts';
import { isTrial, likeliestSite } from './choose-site.ts';
import { type CommitFiles, commitFiles } from './commit-files.ts';
import { finished } from './finish.ts';
import { jobsOf } from './jobs.ts';
import { localSites } from './local-release.ts';
import { packing } from './packing.ts';
import type { Reader } from './publishing.ts';
import { type JobReading, type Progress, type PublishSite, readJob, withStatement } from './reading.ts';
import { NO_RECIPE, type PackageManager, type Packer, type ReleaseRecipe } from './recipe.ts';
import { repositoryManager } from './repository-manager.ts';
import type { PackagePlace } from './scripts.ts';

/** What is read to find out how a package is released. */
export interface ReleaseRequest {
  /** The name of the package on the registry. */
  readonly name: string;
  /** Its folder in the repository, `.` for the root. */
  readonly directory: string;
  /** Every file of the commit. */
  readonly tree: readonly Pick<TreeFile, 'path'>[];
  /** The text of a file of the commit (path from the root), or null. */
  readText(file: string): Promise<string | null>;
}

/** Far more than any repository of people takes, and read in seconds. */
const BUDGET = { scripts: 2_000, characters: 1024 * 1024 };

/**
 * Reads how the maintainers of a repository publish one of its packages: from the workflows of GitHub Actions, else
 * from the scripts and the configuration that a person releases with. Runs nothing and reads only texts of the commit;
 * all of them are data of strangers. Always gives a recipe: what is not stated in it is null or empty.
 */
export async function readRelease(request: ReleaseRequest): Promise<ReleaseRecipe> {
  const { name, directory } = request;
  const files = commitFiles(request);
  const reader: Reader = { files, own: { name, directory }, budget: { ...BUDGET } };
  const readings: JobReading[] = [];
  for (const job of await jobsOf(files)) readings.push(await readJob(job, reader));
  const site = likeliestSite(
    readings.flatMap((one) => one.sites),
    reader.own,
  );
  if (site !== null) return recipeOf(site, { reader, readings });
  const local = likeliestSite(await localSites(reader), reader.own);
  const elsewhere = elsewhereEvidence(readings);
  if (local === null) return { ...NO_RECIPE, evidence: elsewhere };
  const recipe = await recipeOf(local, { reader, readings: [] });
  return { ...recipe, evidence: [...elsewhere, ...recipe.evidence] };
}

interface Whole {
  readonly reader: Reader;
  readonly readings: readonly JobReading[];
}

async function recipeOf(site: PublishSite, { reader, readings }: Whole): Promise<ReleaseRecipe> {
  const { files, own } = reader;
  const builder = builderOf(site, readings);
  const before = builder === null ? site.progress : joined(endOf(builder, readings), site.progress);
  const manager = await managerOf(before, files, own);
  const packed = await packing(site, { reader, manager });
  const progress = packed.statements.reduce(withStatement, before);
  const command = site.publishing.statement.command ?? packed.command;
  return {
    nodeVersion: progress.node,
    packageManager: manager,
    npmVersion: progress.npmVersion,
    install: await finished(progress.install, { files, manager: manager?.name ?? null }),
    build: await finished(progress.build, { files, manager: manager?.name ?? null }),
    publish:
      command === null
        ? null
        : {
            command,
            packer: packed.packer,
            packerVersion: packerVersion(packed.packer, progress, manager),
            directory: packed.directory,
            isElsewhere: packed.isElsewhere,
            scripts: packed.scripts,
            setsVersion: packed.setsVersion,
          },
    evidence: [...siteEvidence(site), ...builderEvidence(builder), ...packed.evidence, ...progress.notes],
  };
}

/** The job that made what the publishing job takes: it has to come first, and uploads an artifact or shares a cache. */
function builderOf({ job, progress }: PublishSite, readings: readonly JobReading[]): JobReading | null {
  const own = readings.find((one) => one.job === job);
  if (own === undefined || progress.build.length > 0) return null;
  const earlier = jobsBefore(own, readings).filter((one) => one.end.build.length > 0);
  const uploading = own.downloads.length === 0 ? [] : earlier.filter((one) => one.uploads.length > 0);
  const sameName = uploading.find((one) => one.uploads.some((name) => own.downloads.includes(name)));
  return sameName ?? uploading[0] ?? earlier.find((one) => sharesCache(one, own)) ?? null;
}

/** Those that have to end before a job of the same run begins. */
function jobsBefore({ job }: JobReading, readings: readonly JobReading[]): readonly JobReading[] {
  return readings.filter(
    (one) =>
      (one.job.file === job.file || one.job.triggers === job.triggers) &&
      (job.needs.includes(one.job.root) || job.needs.includes(one.job.id)),
  );
}

function sharesCache(one: JobReading, other: JobReading): boolean {
  return one.caches.some((key) => other.caches.includes(key));
}

/** What a job has done at its end, with what an earlier one installed for it. */
function endOf(reading: JobReading, readings: readonly JobReading[]): Progress {
  const { end } = reading;
  const installer = jobsBefore(reading, readings).find(
    (one) => one.end.install.length > 0 && sharesCache(one, reading),
  );
  return installer === undefined || end.install.length > 0 ? end : joined(installer.end, end);
}

/** What is built in one job is built with that job's tools; the rest is the publishing job's. */
function joined(builder: Progress, publisher: Progress): Progress {
  return {
    ...publisher,
    node: builder.node ?? publisher.node,
    installer: builder.installer ?? builder.manager ?? publisher.installer,
    npmVersion: publisher.npmVersion ?? builder.npmVersion,
    install: builder.install,
    build: [...builder.build, ...publisher.build],
    packed: publisher.packed ?? builder.packed,
    notes: [...builder.notes, ...publisher.notes],
  };
}

/** What the job sets up or installs with, with the version of the manifest when the job gives none. */
async function managerOf(
  { manager: last, installer, install }: Progress,
  files: CommitFiles,
  own: PackagePlace,
): Promise<PackageManager | null> {
  const stated = await repositoryManager(files, own.directory);
  const manager = installer ?? last;
  const programs = install.map((command) => command.argv[0]);
  const used = (['pnpm', 'yarn', 'bun', 'npm'] as const).find((name) => programs.includes(name));
  const name = used ?? manager?.name ?? stated?.name ?? null;
  if (name === null) return null;
  const version = manager?.name === name ? manager.version : null;
  return { name, version: version ?? (stated?.name === name ? stated.version : null) };
}

/** A job may set up another version of its package manager to publish with than it installs with. */
function packerVersion(
  packer: Packer | null,
  { manager, npmVersion }: Progress,
  installer: PackageManager | null,
): string | null {
  if (packer === 'npm' && npmVersion !== null) return npmVersion;
  if (manager?.name === packer && manager.version !== null) return manager.version;
  return installer?.name === packer ? installer.version : null;
}

function siteEvidence(site: PublishSite): readonly Evidence[] {
  const { job, label, publishing } = site;
  const text = publishing.statement.words
    .map((word) => word.text)
    .join(' ')
    .slice(0, 120);
  const where = job === null ? (label ?? 'a script') : `job ${job.id} of ${job.file}`;
  const step = label === null || job === null ? '' : `, step ${JSON.stringify(label.slice(0, 60))}`;
  const via = publishing.via.length === 0 ? '' : ` (${publishing.via.join(' -> ')})`;
  const sure = publishing.certain ? '' : ', to go by its name';
  const trial = isTrial(site) ? '; it is for trial releases, and no other command publishes' : '';
  return [
    {
      kind: 'release-publish',
      detail: `${where}${step} publishes with ${JSON.stringify(text)}${via}${sure}${trial}`,
    },
  ];
}

function builderEvidence(builder: JobReading | null): readonly Evidence[] {
  if (builder === null) return [];
  const { id, file } = builder.job;
  return [{ kind: 'release-build-job', detail: `job ${id} of ${file} makes the artifact that is published` }];
}

/** Jobs of other repositories cannot be read; that one of them releases is worth to be known. */
function elsewhereEvidence(readings: readonly JobReading[]): readonly Evidence[] {
  return readings.flatMap(({ job }) => {
    const uses = job.job.uses ?? '';
    const telling = /release|publish/i.test([job.file, job.id, uses].join(' '));
    if (uses === '' || /^[.$]\//.test(uses) || !telling) return [];
    const detail = `job ${job.id} of ${job.file} is ${uses.slice(0, 120)}, which is not part of the repository`;
    return [{ kind: 'release-elsewhere', detail }];
  });
}
