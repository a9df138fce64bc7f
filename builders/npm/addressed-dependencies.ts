import npa from 'npm-package-arg';
import { signal } from '../../src/model/signals.ts';
import type { Signal } from '../../src/model/verdict.ts';
import { type History, tableOf } from './history.ts';
import type { RawVersion } from './registry/document.ts';

const MOST_NAMED = 5;
/** Of peer dependencies npm takes what is there; an address in development dependencies is for nobody who installs. */
const FIELDS = ['dependencies', 'optionalDependencies'];

/**
 * Dependencies that are fetched from a git repository or an address, where no registry keeps what was served. Milder
 * when the version before had all of them.
 */
export function addressedDependencies({ now, before }: History): Signal | null {
  const addressed = addressedIn(now);
  if (addressed.length === 0) return null;
  const [last] = before;
  const known = last === undefined ? [] : addressedIn(last.raw).map(({ name }) => name);
  const isOld = addressed.every(({ name }) => known.includes(name));
  const named = addressed.slice(0, MOST_NAMED).map(({ name, from }) => `${name} from ${from}`);
  const more = addressed.length > MOST_NAMED ? ', ...' : '';
  const old = isOld ? `; so did ${last?.version ?? ''}` : '';
  const told = signal('dependency-from-git', `It depends on ${named.join(', ')}${more}${old}.`);
  return isOld ? { ...told, severity: 'low' } : told;
}

function addressedIn(raw: RawVersion): readonly { readonly name: string; readonly from: string }[] {
  const all = FIELDS.flatMap((field) => Object.entries(tableOf(raw, field)));
  const tables = new Map(all.filter((pair): pair is [string, string] => typeof pair[1] === 'string'));
  return [...tables].flatMap(([name, from]) => (isAddress(name, from) ? [{ name, from }] : []));
}

/** Whether npm would fetch it from git or from a URL (npm-package-arg's types). */
function isAddress(name: string, from: string): boolean {
  try {
    return ['git', 'remote'].includes(npa.resolve(name, from).type);
  } catch {
    // A protocol of another package manager (`workspace:`), or no specification at all: npm installs nothing for it.
    return false;
  }
}
