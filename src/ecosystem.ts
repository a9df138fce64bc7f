import type { Absence } from './model/absences.ts';
import type { Archive, Artifact, Digests, PackageVersion } from './model/artifact.ts';
import type { Material, Pins, RebuildPlan, Step, Tool } from './model/plan.ts';
import type { Releases } from './model/releases.ts';
import type { Evidence, ProvenanceSigner, Source } from './model/source.ts';
import type { Finding, Reason, ReasonCode, Signal } from './model/verdict.ts';
import type { Difference } from './model/comparison.ts';
import type { EntryRole } from './judge/roles.ts';
import type { Mount } from './sandbox/engine.ts';
import type { FileChange } from './source/commit-texts.ts';
import type { SourceClaims } from './source/resolve.ts';

/** What a registry (or a file that the user named) says and serves for one package version. */
export interface Published {
  readonly subject: PackageVersion;
  readonly artifact: Artifact;
  /** ISO 8601; null when the registry gives none. */
  readonly publishedAt: string | null;
  readonly claims: SourceClaims;
  readonly signals: readonly Signal[];
  /** What was checked of what the registry says, and is right. */
  readonly checked: readonly Evidence[];
  /** What the registry does not say. */
  readonly absent: readonly Absence[];
  /** Whose provenance this is; null unless its signature was checked. */
  readonly signer: ProvenanceSigner | null;
  /** The registry's own document of this version, as parsed JSON; null when there is none. */
  readonly document: unknown;
}

/** Why there is no artifact to judge, with as much of its name as is known. */
export interface NotPublished {
  readonly subject: PackageVersion;
  readonly fileName: string | null;
  readonly digests: Digests | null;
  /** Bytes; 0 when nothing came. */
  readonly size: number;
  readonly reason: Reason;
}

export type PublishedOutcome =
  { readonly ok: true; readonly value: Published } | { readonly ok: false; readonly value: NotPublished };

/** A registry as it was at one instant, on a unix socket. */
export interface RegistryView {
  /** Host directory that holds `registry.sock`. */
  readonly socketDirectory: string;
  materials(): readonly Material[];
  /** Versions let in although their time says "later", and stand-ins, each with the reason. */
  repairs(): readonly string[];
  /** Those of the repairs that stand in for what a lockfile names and the registry has no longer. */
  standIns(): readonly string[];
  /** Upstream failures while serving, in words. */
  failures(): readonly string[];
  /** Reads the log of a failed fetch step; true when something was changed that makes another try worth it. */
  repairFrom(log: string): Promise<boolean>;
  close(): Promise<void>;
}

export interface PlanRequest {
  readonly published: Published;
  readonly source: Source;
  /** Entries of the published archive that are no blob of the commit at their own path. */
  readonly unexplained: readonly string[];
  /** The text of a file of the source commit (path from the repository's root), or null. */
  readText(file: string): Promise<string | null>;
  /** The names of the tags on the source commit and on those before it, without `refs/tags/`. */
  tagsBefore(): Promise<readonly string[]>;
  /** What a file was after each of the last commits that changed it, newest first; 30 at most. */
  historyOf(file: string): Promise<readonly FileChange[]>;
  /** The registry's view and the clock are set to this instant, ISO 8601. */
  readonly instant: string;
}

/** How an attempt ended that reproduced nothing. */
export type Went =
  | {
      readonly kind: 'failed';
      readonly code: ReasonCode;
      readonly log: string;
      /** Of the step that did not end in time; null for any other failure. */
      readonly phase: Step['phase'] | null;
    }
  | { readonly kind: 'differed'; readonly differences: readonly Difference[] };

/** What of an archive comes from the disk on which it was packed. */
export type Replayed = 'times' | 'permissions' | 'owner' | 'order';

/** A program that packs files as some publishers did. */
export interface Packer {
  /** In words, for example `npm 6.14.18`. */
  readonly name: string;
  /** As in a plan. */
  readonly toolchain: RebuildPlan['toolchain'];
  /** What it takes from the publisher's disk into the archive; it is then taken from the published headers. */
  readonly copies: readonly Replayed[];
  /** Packs a folder of the source into the output folder, running nothing of the package's own. */
  step(directory: string): Step;
}

/** Plans that were made from how another one went, best first. */
export interface RevisedPlans {
  /** To be tried before every plan that was made beforehand. */
  readonly next: readonly RebuildPlan[];
  /** To be tried when nothing else is left. */
  readonly last: readonly RebuildPlan[];
}

/** A program that compresses like some packers did, and that runs in a sandbox only. */
export interface StreamEncoder {
  /** In words, with what runs it, for example `early Chromium zlib (run by Node 16.20.2)`. */
  readonly name: string;
  /** As in a plan. */
  readonly toolchain: RebuildPlan['toolchain'];
  /** Writes the raw deflate stream of the file `input` for each level, as the only file of `<output>/<level>`. */
  step(options: {
    readonly input: string;
    readonly output: string;
    readonly levels: readonly number[];
  }): Step;
}

/** A plan in the terms of a machine that has neither reprove nor a registry proxy. */
export interface BareForm {
  /** Each is to be had at this address, as a gzipped tar with one folder around it, and belongs in `/opt/<role>`. */
  readonly tools: readonly { readonly role: string; readonly version: string; readonly url: string }[];
  /** Texts of the small programs of `/opt/shims`, by name. */
  readonly programs: Readonly<Record<string, string>>;
  /** Other files that steps need, with their absolute paths. */
  readonly files: readonly { readonly path: string; readonly text: string }[];
  /** The address of the registry proxy in the variables of steps: another one is to be put there. */
  readonly registryUrl: string;
  /** The step without what leads to the proxy. */
  step(step: Step): Step;
  /** What the proxy would have done and nobody does now, one sentence each. */
  readonly lost: readonly string[];
}

/** Everything that only one ecosystem knows. One object serves one run of the tool. */
export interface Ecosystem {
  /** The purl type. */
  readonly name: string;
  /**
   * Says that a rebuild is to be planned, for what can be asked for before the package is known. Nobody waits for it; what of it
   * fails is met again where it is needed.
   *
   * @throws ReproveError `toolchain-unavailable` where this machine can rebuild nothing
   */
  expectRebuild(): void;
  /** Finds what `spec` means and downloads it. Throws ReproveError when the spec or the registry is unusable. */
  published(spec: string): Promise<PublishedOutcome>;
  /** What every step is told by its environment: known to all, and left out where steps are shown. */
  readonly environment: Readonly<Record<string, string>>;
  /** Every role that a tool can have in a plan's toolchain. */
  readonly toolRoles: readonly string[];
  /** Plans in the order in which to try them; empty when the package needs something not supported yet. */
  plans(request: PlanRequest): Promise<readonly RebuildPlan[]>;
  /** Reads how a plan went and gives those that may do better; none when it has no idea. */
  revise(options: {
    readonly request: PlanRequest;
    readonly plan: RebuildPlan;
    readonly went: Went;
    /** Whether versions were let in that the registry's times hide: what else there was at the time is not known then. */
    readonly hidesVersions: boolean;
  }): Promise<RevisedPlans>;
  /** Makes the toolchain of a plan present. Throws ReproveError `toolchain-unavailable`. */
  tools(
    plan: Pick<RebuildPlan, 'toolchain'>,
  ): Promise<{ readonly tools: readonly Tool[]; readonly mounts: readonly Mount[] }>;
  /** The address of the registry that packages of a name come from, without user names and passwords. Pure. */
  registryOf(name: string): string;
  /** Equal only for requests to which a registry view shows the same, given the same plan and source. Pure. */
  registryIdentity(request: PlanRequest): string;
  registryView(options: {
    readonly plan: RebuildPlan;
    readonly request: PlanRequest;
    readonly directory: string;
    /** Null unless this is a replay. */
    readonly pins: Pins | null;
  }): Promise<RegistryView>;
  /** Findings that need the ecosystem's own knowledge (manifests, lifecycle scripts). Pure. */
  findings(options: { readonly published: Published; readonly rebuilt: Archive | null }): readonly Finding[];
  /** What each entry of the published archive can do. Pure. */
  roles(published: Published): ReadonlyMap<string, EntryRole>;
  /** The packer and gzip encoder that the published bytes look like. Pure. */
  fingerprint(artifact: Artifact): { readonly packer: string; readonly gzip: string };
  /** What it takes to run a plan without reprove. */
  bareForm(plan: RebuildPlan): BareForm;
  /** In words, what a plan packs with, for example `npm 10.9.2`. Pure. */
  packerOf(plan: RebuildPlan): string;
  /** Packers that may have written a published archive, the likeliest first; empty when none is known. */
  packers(artifact: Artifact): Promise<readonly Packer[]>;
  /** What packers have compressed with and this process does not have, the most frequent first. */
  readonly encoders: readonly StreamEncoder[];
  /** What the registries tell of what is published. */
  releases(): Promise<Releases>;
}

/** What an ecosystem is opened with. */
export interface EcosystemOptions {
  readonly cacheDir: string;
  /** Directory whose project configuration applies. */
  readonly cwd: string;
  /** Null: what the package manager is configured with. */
  readonly registry: string | null;
  /** Templates for where to fetch the repositories of dependencies from (see source/repository-url.ts). */
  readonly mirrors: readonly string[];
  /** A file with the authorities to trust for signatures of workflows; without it, those of Sigstore's public instance. */
  readonly trustedRoot?: string | null;
}
