/** Who asks for what, by keys that only its maker understands. */
export interface Graph {
  /** What each project asks for itself. */
  readonly projects: readonly { readonly name: string; readonly keys: readonly string[] }[];
  dependenciesOf(key: string): Iterable<string>;
}

/** How a package is reached. */
export interface Way {
  readonly project: string;
  /** The key of what asks for it; null when the project does. */
  readonly from: string | null;
}

/** The first step of a shortest way back from every key that can be reached. */
export function shortestWays({ projects, dependenciesOf }: Graph): ReadonlyMap<string, Way> {
  const ways = new Map<string, Way>();
  const queue: string[] = [];
  const reach = (key: string, way: Way) => {
    if (ways.has(key)) return;
    ways.set(key, way);
    queue.push(key);
  };
  for (const { name, keys } of projects) for (const key of keys) reach(key, { project: name, from: null });
  for (let next = 0; next < queue.length; next += 1) {
    const from = queue[next] as string;
    const { project } = ways.get(from) as Way;
    for (const key of dependenciesOf(from)) reach(key, { project, from });
  }
  return ways;
}

/** The keys on the way to one, itself last; only itself when nothing asks for it. */
export function wayTo(key: string, ways: ReadonlyMap<string, Way>): readonly string[] {
  const path = [key];
  for (let way = ways.get(key); way !== undefined && way.from !== null; way = ways.get(way.from)) {
    path.push(way.from);
  }
  return path.reverse();
}
