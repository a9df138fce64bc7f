import { signal } from '../../src/model/signals.ts';
import { includesText } from '../../src/model/content.ts';
import type { Entry } from '../../src/model/artifact.ts';
import type { Signal } from '../../src/model/verdict.ts';
import { addressedDependencies } from './addressed-dependencies.ts';
import { earlierVersions } from './earlier-versions.ts';
import { type History, tableOf } from './history.ts';
import { largeNewFile } from './large-files.ts';
import { diagnose } from './proxy/time-doctor.ts';
import type { PackageDocument, RawVersion } from './registry/document.ts';

const DAY_MS = 24 * 3_600_000;
const SILENCE_DAYS = 730;
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall'];
const MOST_NAMED = 5;

/**
 * How a version differs from those before it (at most ten) as the registry describes them: what hijacked releases have in
 * common. A registry that does not say something gives no signal about it.
 *
 * @param facts.entries of the published archive
 */
export function historySignals(facts: {
  readonly document: PackageDocument;
  readonly version: string;
  readonly entries: readonly Entry[];
}): readonly Signal[] {
  const { document, version, entries } = facts;
  const now = document.versions.get(version);
  if (now === undefined) return [];
  const before = earlierVersions(document, version).flatMap((key) => {
    const raw = document.versions.get(key);
    return raw === undefined ? [] : [{ version: key, raw }];
  });
  const history: History = { document, version, now, before };
  const all = [
    newInstallScript(history),
    unusedDependency(history, entries),
    addressedDependencies(history),
    largeNewFile(history, entries),
    lostProvenance(history),
    otherPublisher(history),
    newMaintainers(history),
    ...timeSignals(history),
  ];
  return all.filter((one) => one !== null);
}

function newInstallScript({ now, before }: History): Signal | null {
  const names = installScripts(now);
  if (names.length === 0 || before.length === 0 || before.some(({ raw }) => installScripts(raw).length > 0)) {
    return null;
  }
  const message = `It runs ${names.join(' and ')} when it is installed; none of the ${before.length} versions before it did.`;
  return signal('install-script-new', message);
}

function installScripts(raw: RawVersion): readonly string[] {
  const scripts = Object.keys(tableOf(raw, 'scripts')).filter((name) => INSTALL_SCRIPTS.includes(name));
  return raw['gypfile'] === true && scripts.length === 0 ? ['a build of binding.gyp'] : scripts;
}

/** A dependency that the version before did not have, and whose name no script of the package writes. */
function unusedDependency({ now, before }: History, entries: readonly Entry[]): Signal | null {
  const [last] = before;
  if (last === undefined) return null;
  const known = tableOf(last.raw, 'dependencies');
  const added = Object.keys(tableOf(now, 'dependencies')).filter((name) => !Object.hasOwn(known, name));
  if (added.length === 0) return null;
  const scripts = entries.filter(({ path, type }) => type === 'file' && /\.[cm]?[jt]sx?$/.test(path));
  const unused = added.filter((name) => !scripts.some(({ content }) => includesText(content, name)));
  if (unused.length === 0) return null;
  const message = `It depends on ${unused.slice(0, MOST_NAMED).join(', ')}, which ${last.version} did not, and no script of it names ${unused.length === 1 ? 'that' : 'those'}.`;
  return signal('dependency-new-unused', message);
}

function lostProvenance({ now, before }: History): Signal | null {
  const [last] = before;
  const isAttested = (raw: RawVersion) => tableOf(raw, 'dist')['attestations'] !== undefined;
  if (last === undefined || isAttested(now) || !isAttested(last.raw)) return null;
  return signal('provenance-lost', `${last.version} was published with provenance, this one without.`);
}

function otherPublisher({ now, before }: History): Signal | null {
  const publisher = publisherOf(now);
  const earlier = before.flatMap(({ raw }) => publisherOf(raw) ?? []);
  if (publisher === null || earlier.length === 0 || earlier.includes(publisher)) return null;
  const message = `${publisher} published it, and none of the ${earlier.length} versions before it; the last one was published by ${earlier[0] ?? ''}.`;
  return signal('publisher-changed', message);
}

/** The account that published a version; null when the registry does not say. */
export function publisherOf(raw: RawVersion): string | null {
  const { name } = tableOf(raw, '_npmUser');
  return typeof name === 'string' ? name : null;
}

/** Accounts that may publish now and could not when the version before was published. */
function newMaintainers({ now, before }: History): Signal | null {
  const [last] = before;
  const earlier = last === undefined ? [] : maintainersOf(last.raw);
  const added = maintainersOf(now).filter((name) => !earlier.includes(name));
  if (last === undefined || earlier.length === 0 || added.length === 0) return null;
  const named = added.slice(0, MOST_NAMED).join(', ');
  return signal(
    'maintainers-changed',
    `${named} can publish it, and could not when ${last.version} was published.`,
  );
}

function maintainersOf(raw: RawVersion): readonly string[] {
  const all = raw['maintainers'];
  if (!Array.isArray(all)) return [];
  return all.flatMap((one: unknown) => {
    const name = typeof one === 'object' && one !== null && 'name' in one ? one.name : null;
    return typeof name === 'string' ? [name] : [];
  });
}

function timeSignals({ document, version, before }: History): readonly Signal[] {
  const published = Date.parse(document.time.get(version) ?? '');
  if (Number.isNaN(published) || !diagnose(document).trusted) return [];
  const signals: Signal[] = [];
  const hours = Math.floor((document.fetchedAt.getTime() - published) / 3_600_000);
  if (hours >= 0 && hours < 24) {
    signals.push(
      signal(
        'published-recently',
        `It was published ${hours === 0 ? 'within the last hour' : `${hours} h ago`}.`,
      ),
    );
  }
  const last = Date.parse(document.time.get(before[0]?.version ?? '') ?? '');
  const days = Math.floor((published - last) / DAY_MS);
  if (days >= SILENCE_DAYS) {
    const message = `The version before it, ${before[0]?.version ?? ''}, is ${days} days older.`;
    signals.push(signal('published-after-silence', message));
  }
  return signals;
}
