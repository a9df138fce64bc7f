import { alarmNotice } from '../notify/notification.ts';
import { visible } from '../published/visible.ts';
import type { ResultDocument } from '../report/document.ts';
import { exitCodeOfResult } from '../report/exit-code.ts';
import { jsonLine } from '../report/json-text.ts';
import { headline } from '../report/sentences.ts';
import type { Engine } from '../sandbox/engine.ts';
import { rootFilesystem } from '../sandbox/rootfs.ts';
import { selectEngine } from '../sandbox/select.ts';
import { openStore, type Store } from '../store/open.ts';
import type { Alarm } from '../watch/alarm.ts';
import { Follower } from '../watch/follow.ts';
import { Watch, type WatchEnd, type WatchTools } from '../watch/watch.ts';
import { roomHere } from './apart.ts';
import { failureText, resultText } from './batch-progress.ts';
import { openJudging, type UnattendedJudging } from './judging.ts';
import { Notifier, targetsOf } from './notify.ts';
import { openEcosystem } from './open-ecosystem.ts';
import { runTools } from './run-tools.ts';
import { say } from './say.ts';
import { Stop } from './stop.ts';
import { ecosystemCalled, readWatchList, type WatchList } from './watch-inputs.ts';
import type { WatchOptions } from './watch-options.ts';

const NO_VERDICT = 4;
const UNVERIFIABLE = 3;
const ALARM = 1;
/** With --once: how long to wait, in all, for a registry that does not answer, milliseconds. */
const PATIENCE_MS = 5 * 60_000;

/**
 * `reprove watch`: results and alarms to stdout as they come, everything else to stderr.
 *
 * @returns the exit code
 */
export async function runWatchCommand(inputs: readonly string[], options: WatchOptions): Promise<number> {
  const judging = await openJudging(options);
  const targets = await targetsOf(options);
  const list = await readWatchList(inputs, options);
  const store = await openStore(options.store);
  const stop = new Stop();
  try {
    const notifier = new Notifier(store, targets, stop.signal);
    const series = `watch ${options.series ?? inputs.join(' ')}`;
    return await new WatchCommand(options, { judging, list, store, stop, notifier, series }).run();
  } finally {
    stop.end();
    await store.close();
  }
}

interface Context {
  readonly judging: UnattendedJudging;
  readonly list: WatchList;
  readonly store: Store;
  readonly stop: Stop;
  readonly notifier: Notifier;
  readonly series: string;
}

class WatchCommand {
  readonly #options: WatchOptions;
  readonly #context: Context;
  readonly #codes = new Set<number>();
  #engine: Engine | null = null;

  constructor(options: WatchOptions, context: Context) {
    this.#options = options;
    this.#context = context;
  }

  async run(): Promise<number> {
    const { stop, notifier, list } = this.#context;
    const watch = await this.#openWatch();
    const follower = await this.#openFollower(watch);
    const { once } = this.#options;
    if (once) notifier.begin();
    else notifier.wake();
    const end = once ? await watch.once(follower) : await watch.follow(follower);
    // Of processes that were stopped, or crashed.
    await this.#engine?.sweep();
    await notifier.finish();
    this.#sayEnd(end);
    if (end.unanswered > 0) this.#codes.add(NO_VERDICT);
    if (end.waiting > 0 || list.isIncomplete) this.#codes.add(UNVERIFIABLE);
    return stop.exitCode ?? [ALARM, NO_VERDICT, UNVERIFIABLE].find((code) => this.#codes.has(code)) ?? 0;
  }

  async #openWatch(): Promise<Watch> {
    const { judging, store, stop, notifier, series, list } = this.#context;
    const options = this.#options;
    const workers = options.workers ?? (await roomHere(options.cacheDir));
    const tools: WatchTools = {
      ...runTools(options, judging, workers),
      store,
      rulesOf: ecosystemCalled,
      now: () => new Date(),
      prepare: async () => {
        this.#engine = await selectEngine({ requested: options.engine });
        await rootFilesystem({ cacheDir: options.cacheDir, onProgress: say });
      },
      isAccepted: (document) => exitCodeOfResult(document, options) === 0,
      storeAlarm: (db, alarm) => notifier.put(db, [alarmNotice(alarm, new Date())]),
      onStart: ({ title }) => say(`verifies ${title}`),
      onResult: (document, alarm) => this.#tell(document, alarm),
      onAlarm: () => {
        if (!options.once) notifier.wake();
      },
      onRetry: ({ title }, { detail, waitMs }) =>
        say(`${title} is tried again in ${inSeconds(waitMs)}: ${detail}`),
      onTooEarly: ({ title }, detail, waitMs) =>
        say(
          `${title} is new, and is looked at again ${waitMs === null ? 'by the next run' : `in ${inSeconds(waitMs)}`}: ${detail}`,
        ),
      onFailure: (work, failure) => {
        this.#codes.add(NO_VERDICT);
        say(failureText(work, failure));
      },
    };
    const request = {
      series,
      workers,
      terms: judging.terms,
      signal: stop.signal,
      limitMs: options.timeout * 1000,
      firstWaitMs: options.retryAfter * 1000,
      settleMs: options.settle,
      intervalMs: options.interval,
      listed: options.verifyListed ? list.listed(series, new Date()) : [],
    };
    return Watch.open(request, tools);
  }

  async #openFollower(watch: Watch): Promise<Follower> {
    const { store, stop, series, list } = this.#context;
    const { feed: wanted, once, verifyListed } = this.#options;
    const releases = await (await openEcosystem(this.#options)).releases();
    const feed = typeof wanted === 'string' ? wanted : wanted ? releases.feed : null;
    const { packages } = list;
    const how = feed === null ? 'by asking for each' : `by the feed of ${new URL(feed).host}`;
    say(
      `watches ${packages.length} package${packages.length === 1 ? '' : 's'} ${how}; its batch is ${watch.id}`,
    );
    const extent = list.isIncomplete ? 'part' : 'all';
    const patienceMs = once ? PATIENCE_MS : Infinity;
    return Follower.open(
      { series, feed, packages, extent, patienceMs, signal: stop.signal },
      {
        store,
        releases,
        now: () => new Date(),
        sightingsOf: (watched, versions, seenAt) =>
          list.sightings({ watched, versions, series, kind: 'new', seenAt }),
        baselineOf: (watched, latest, seenAt) =>
          verifyListed && latest !== null && !list.hasVersion(watched)
            ? list.sightings({ watched, versions: [latest], series, kind: 'listed', seenAt })
            : [],
        onSighted: (sightings) => {
          for (const { kind, name, version } of sightings)
            if (kind === 'new') say(`${name}@${version} was published`);
          watch.take(sightings);
        },
        onTrouble: say,
      },
    );
  }

  #tell(document: ResultDocument, alarm: Alarm | null): void {
    this.#codes.add(exitCodeOfResult(document, this.#options));
    if (alarm !== null) this.#codes.add(ALARM);
    const line = alarm === null ? null : `ALARM (${alarm.severity}) ${alarm.message} ${headline(document)}`;
    if (this.#options.json) {
      process.stdout.write(jsonLine(document));
      if (line !== null) say(line);
    } else {
      process.stdout.write(`${visible(resultText(document))}\n`);
      if (line !== null) process.stdout.write(`${visible(line)}\n`);
    }
  }

  #sayEnd({ waiting, unanswered }: WatchEnd): void {
    if (unanswered > 0)
      say(`the registry gave no answer for ${unanswered} packages; the next run asks again`);
    if (waiting > 0) say(`${waiting} versions have no result yet; the next run goes on with them`);
  }
}

function inSeconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
