import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/**
 * The folder below which everything that can be made again is kept (root file systems, toolchains, registry
 * documents): `REPROVE_CACHE_DIR`, else `$XDG_CACHE_HOME/reprove`, else `~/.cache/reprove`.
 * A relative `XDG_CACHE_HOME` is ignored (XDG Base Directory Specification 0.8: "should consider the path invalid").
 */
export function defaultCacheDir(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const own = env['REPROVE_CACHE_DIR'];
  if (own !== undefined && own !== '') return own;
  const xdg = env['XDG_CACHE_HOME'];
  if (xdg !== undefined && isAbsolute(xdg)) return join(xdg, 'reprove');
  return join(homedir(), '.cache', 'reprove');
}
