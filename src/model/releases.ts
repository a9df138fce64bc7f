import type { ReproveError } from '../errors.ts';

/** What tells one state of a document from another (RFC 9110, section 8.8). Null: the registry does not say. */
export interface Validators {
  readonly etag: string | null;
  readonly lastModified: string | null;
}

/** The registry gave no answer that can be used. */
export interface AskingFailed {
  readonly kind: 'failed';
  readonly error: ReproveError;
  /** Whether the next try may do better. */
  readonly passes: boolean;
  /** How long the registry wants to be left alone, milliseconds; null when it does not say. */
  readonly retryAfterMs: number | null;
}

/** Which versions of a package are published. */
export type VersionsAnswer =
  | {
      readonly kind: 'versions';
      readonly versions: readonly string[];
      /** What a bare name means; null when nothing is published. */
      readonly latest: string | null;
      readonly validators: Validators;
    }
  /** As the validators tell that were given. */
  | { readonly kind: 'unchanged' }
  /** The registry has no such package. */
  | { readonly kind: 'absent' }
  | AskingFailed;

/** What has changed in a registry since a position. */
export type ChangesAnswer =
  | {
      readonly kind: 'changes';
      /** Names of packages, some of them perhaps more than once. */
      readonly names: readonly string[];
      /** Where to go on. Means something to the registry alone. */
      readonly position: string;
      /** Whether there is nothing more just now. */
      readonly isEnd: boolean;
    }
  /** The registry does not know the position, or counts anew: what happened in between, it does not say. */
  | { readonly kind: 'lost' }
  | AskingFailed;

/** What a registry tells of what is published. */
export interface Releases {
  /** Where the registry tells its changes; null when it is not known to. Pure. */
  readonly feed: string | null;
  /** Whether the feed tells of a package of this name. Pure. */
  isInFeed(name: string): boolean;
  /** @param known of the state that is known; null: none is */
  versionsOf(name: string, known: Validators | null): Promise<VersionsAnswer>;
  /** The present position of a feed. */
  positionOf(feed: string): Promise<ChangesAnswer>;
  changesSince(feed: string, position: string): Promise<ChangesAnswer>;
}
