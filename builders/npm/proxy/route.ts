/** What a request to the proxy asks for. */
export type Route =
  | { readonly kind: 'document'; readonly name: string }
  | { readonly kind: 'version'; readonly name: string; readonly version: string }
  | { readonly kind: 'artifact'; readonly name: string; readonly file: string }
  /** A package in a git repository, by `<host>/<path>/<commit>`. */
  | { readonly kind: 'git'; readonly place: string }
  /** Audits and pings: npm is content with an empty answer. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'none' };

export const MAX_URL = 2048;

/** Reads a request's URL; whatever is not a path of an npm registry is `none`. */
export function routeOf(url: string): Route {
  const none: Route = { kind: 'none' };
  const segments = segmentsOf(url);
  if (segments === null || segments.length === 0) return none;
  const [first, ...rest] = segments;
  if (first === '-' && rest[0] === 'git')
    return {
      kind: 'git',
      place: rest
        .slice(1)
        .join('/')
        .replace(/\.tgz$/, ''),
    };
  if (first === '-') return rest[0] === 'ping' || rest[0] === 'npm' ? { kind: 'empty' } : none;
  const dash = segments.indexOf('-');
  if (dash > 0) return artifactRoute(segments.slice(0, dash), segments.slice(dash + 1)) ?? none;
  const scoped = first?.startsWith('@') === true;
  const name = segments.slice(0, scoped ? 2 : 1).join('/');
  const [version, ...more] = segments.slice(scoped ? 2 : 1);
  if (more.length > 0 || (scoped && segments.length < 2)) return none;
  return version === undefined ? { kind: 'document', name } : { kind: 'version', name, version };
}

/**
 * Lockfiles name artifacts under the path of whatever registry wrote them: only the package's own part counts.
 * Scoped files come as `@s/n/-/n-1.0.0.tgz` and, from some registries, as `@s/n/-/@s/n-1.0.0.tgz`.
 */
function artifactRoute(before: readonly string[], after: readonly string[]): Route | null {
  const file = after.at(-1);
  const [bare, scope] = [before.at(-1), before.at(-2)];
  if (file === undefined || bare === undefined || !file.endsWith('.tgz')) return null;
  const name = scope?.startsWith('@') === true ? `${scope}/${bare}` : bare;
  if (after.length > 2 || (after.length === 2 && after[0] !== scope)) return null;
  return { kind: 'artifact', name, file };
}

function segmentsOf(url: string): readonly string[] | null {
  if (url.length > MAX_URL || !url.startsWith('/')) return null;
  try {
    // Decoded before it is split: a scope's slash may be written as %2f.
    const path = decodeURIComponent(url.split(/[?#]/, 1)[0] ?? '');
    const segments = path.slice(1).replace(/\/$/, '').split('/');
    return segments.every((segment) => /^[^\u0000-\u0020\\]+$/.test(segment) && !/^\.+$/.test(segment))
      ? segments
      : null;
  } catch {
    return null;
  }
}
