import { setTimeout as sleep } from 'node:timers/promises';
import type { AskingFailed, ChangesAnswer, Releases, VersionsAnswer } from '../model/releases.ts';
import type { Queries, Store } from '../store/open.ts';
import { addSightings, type Sighting } from '../store/sightings.ts';
import {
  advance,
  type Due,
  dueOf,
  keepVersions,
  openWatch,
  recordVersions,
  sweep,
  type Watched,
} from '../store/watches.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Between two questions: ten a second at most. */
const SPACING_MS = 100;
const FIRST_PAUSE_MS = 5 * SECOND;
const LONGEST_PAUSE_MS = 15 * MINUTE;
/** A registry that wants to be left alone for longer is asked all the same. */
const LONGEST_RETRY_AFTER_MS = HOUR;
/** A feed that is further behind is not worth reading: asking for each package is less. */
const MOST_PAGES = 40;
/** Feeds have left things out before: every package is asked for this often, whatever the feed says. */
const SWEEP_MS = 6 * HOUR;

export interface FollowRequest {
  readonly series: string;
  readonly feed: string | null;
  readonly packages: readonly Watched[];
  readonly extent: 'all' | 'part';
  /** How long to wait in one round, in all, for a registry that does not answer, milliseconds. */
  readonly patienceMs: number;
  readonly signal: AbortSignal;
}

export interface FollowTools {
  readonly store: Store;
  readonly releases: Releases;
  now(): Date;
  /** The sightings that new versions of a package are. */
  sightingsOf(watched: Watched, versions: readonly string[], seenAt: Date): readonly Sighting[];
  /** The sightings of what was published before anybody watched. */
  baselineOf(watched: Watched, latest: string | null, seenAt: Date): readonly Sighting[];
  onSighted(sightings: readonly Sighting[]): void;
  /** What a person should know. */
  onTrouble(text: string): void;
}

/** How a round went. */
export interface Round {
  /** Packages that the registry gave no answer for; the next round asks for them again. */
  readonly unanswered: number;
}

/** Learns what is published: from the registry's feed where it has one, else by asking for every package. */
export class Follower {
  readonly #request: FollowRequest;
  readonly #tools: FollowTools;
  #position: string | null = null;
  #sweptAt: Date | null = null;
  /** How often in a row the registry did not answer. */
  #failures = 0;
  #waitedMs = 0;
  /** Packages of which it was said that the registry does not give them. */
  readonly #refused = new Set<string>();

  private constructor(request: FollowRequest, tools: FollowTools) {
    this.#request = request;
    this.#tools = tools;
  }

  /** Takes up the list in the store, or begins it. */
  static async open(request: FollowRequest, tools: FollowTools): Promise<Follower> {
    const follower = new Follower(request, tools);
    const { position, swept_at: sweptAt } = await openWatch(tools.store, request);
    follower.#position = position;
    follower.#sweptAt = sweptAt === null ? null : new Date(sweptAt);
    return follower;
  }

  /** Asks once for everything that may have changed. What is new is in the store when this ends, however it ends. */
  async round(): Promise<Round> {
    const { feed, series } = this.#request;
    this.#waitedMs = 0;
    if (feed === null || !(await this.#readFeed(feed)) || this.#isSweepDue()) await this.#sweep();
    const due = await dueOf(this.#tools.store, series);
    let unanswered = 0;
    for (const [index, one] of due.entries()) {
      if (this.#isOver()) return { unanswered: unanswered + due.length - index };
      if (!(await this.#ask(one))) unanswered += 1;
      await this.#wait(SPACING_MS);
    }
    return { unanswered };
  }

  /** False when the feed does not tell what happened, and every package has to be asked for. */
  async #readFeed(feed: string): Promise<boolean> {
    for (let page = 0; page < MOST_PAGES && this.#position !== null && !this.#isOver(); page += 1) {
      const answer = await this.#tools.releases.changesSince(feed, this.#position);
      if (answer.kind === 'failed') return this.#feedFailed(answer);
      if (answer.kind === 'lost') break;
      await this.#advance(answer);
      if (answer.isEnd) return true;
    }
    if (this.#isOver()) return true;
    if (this.#position !== null)
      this.#say('the feed does not tell all that happened: every package is asked for');
    // First the position, then the packages: what is published in between is in the feed.
    const present = await this.#tools.releases.positionOf(feed);
    if (present.kind === 'failed') return this.#feedFailed(present);
    if (present.kind === 'changes') await this.#advance(present);
    return false;
  }

  #feedFailed({ error }: AskingFailed): false {
    this.#say(`the feed gives nothing, and every package is asked for: ${error.text.what} ${error.text.why}`);
    return false;
  }

  async #advance({ names, position }: Extract<ChangesAnswer, { kind: 'changes' }>): Promise<void> {
    const { series, packages } = this.#request;
    const changed = new Set(names);
    const marked = packages.filter(({ name }) => changed.has(name)).map((one) => one.package);
    await advance(this.#tools.store, series, { position, packages: marked });
    this.#position = position;
  }

  /** Also when the clock went back. */
  #isSweepDue(): boolean {
    if (this.#sweptAt === null) return true;
    return Math.abs(this.#tools.now().getTime() - this.#sweptAt.getTime()) > SWEEP_MS;
  }

  async #sweep(): Promise<void> {
    const { store, now } = this.#tools;
    this.#sweptAt = now();
    await sweep(store, this.#request.series, this.#sweptAt);
  }

  /** False when there was no answer. */
  async #ask(due: Due): Promise<boolean> {
    const { releases } = this.#tools;
    const known = due.etag === null && due.lastModified === null ? null : due;
    const answer = await releases.versionsOf(due.name, known);
    if (answer.kind !== 'failed') {
      if (this.#failures > 0) this.#say('the registry answers again');
      this.#failures = 0;
      this.#refused.delete(due.package);
      await this.#record(due, answer);
      return true;
    }
    const { what, why } = answer.error.text;
    if (answer.passes) await this.#pause(answer, `${what} ${why}`);
    else if (!this.#refused.has(due.package)) this.#say(`${due.name} is not watched: ${what} ${why}`);
    if (!answer.passes) this.#refused.add(due.package);
    return false;
  }

  async #pause({ retryAfterMs }: AskingFailed, text: string): Promise<void> {
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures, LONGEST_PAUSE_MS);
    this.#failures += 1;
    const ms = Math.max(pause, Math.min(retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS));
    const isOver = this.#waitedMs + ms > this.#request.patienceMs;
    const next = isOver ? 'the next round asks again' : `it is asked again in ${Math.round(ms / SECOND)} s`;
    this.#say(`${text} ${next.charAt(0).toUpperCase()}${next.slice(1)}.`);
    this.#waitedMs += ms;
    if (!isOver) await this.#wait(ms);
  }

  #isOver(): boolean {
    return this.#request.signal.aborted || this.#waitedMs > this.#request.patienceMs;
  }

  async #wait(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#request.signal }).catch(() => undefined);
  }

  async #record(due: Due, answer: Exclude<VersionsAnswer, AskingFailed>): Promise<void> {
    const { store, now, sightingsOf, baselineOf, onSighted } = this.#tools;
    const { series } = this.#request;
    if (answer.kind === 'unchanged') {
      await keepVersions(store, series, due.package);
      return;
    }
    const nothing = { versions: [], latest: null, validators: { etag: null, lastModified: null } };
    const { versions, latest, validators } = answer.kind === 'absent' ? nothing : answer;
    let sighted: readonly Sighting[] = [];
    const add = async (db: Queries, found: { unseen: readonly string[]; isFirst: boolean }) => {
      sighted = found.isFirst ? baselineOf(due, latest, now()) : sightingsOf(due, found.unseen, now());
      await addSightings(db, sighted);
    };
    await recordVersions(store, { series, package: due.package, versions, ...validators }, add);
    if (sighted.length > 0) onSighted(sighted);
  }

  #say(text: string): void {
    this.#tools.onTrouble(text);
  }
}
