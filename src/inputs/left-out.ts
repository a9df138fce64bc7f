import type { LeftOutReason } from '../model/inputs.ts';

/** Why what a file lists is no artifact of a registry that can be asked, as the end of "it ...". */
export const LEFT_OUT = {
  'local-file': 'comes from a file or folder of this disk',
  link: 'is a link to a folder of this disk',
  workspace: "is one of the project's own workspaces",
  git: 'comes from a git repository',
  'remote-archive': 'is an archive that no registry serves',
  bundled: 'is inside the archive of the package that needs it',
  patched: 'is a patched copy; the package that is patched is listed beside it',
  'private-registry': 'comes from a registry that is not asked',
  'no-artifact': 'has neither digest nor address, where others have: it is no artifact of a registry',
  'other-ecosystem': 'is of an ecosystem that is not known',
  'no-package-name': 'has no name that a published package could have, or no purl',
  'no-exact-version': 'has no exact version',
} as const satisfies Record<LeftOutReason, string>;
