import { type JsonObject, objectField, ownField } from './packed-manifest.ts';

/** npm runs these when the package is installed from a registry. */
export const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall'] as const;
/** Whether npm would run `node-gyp rebuild` although no script says so. */
export function installsImplicitly(manifest: JsonObject, paths: readonly string[]): boolean {
  const scripts = objectField(manifest, 'scripts');
  if (ownField(manifest, 'gypfile') === false) return false;
  if (Boolean(ownField(scripts, 'install')) || Boolean(ownField(scripts, 'preinstall'))) return false;
  return paths.some(isGypFile);
}

/** @npmcli/package-json looks for `*.gyp` in the root, npm's installer for `binding.gyp`; file systems may fold case. */
export function isGypFile(path: string): boolean {
  return /^[^/]+\.gyp$/i.test(path);
}
