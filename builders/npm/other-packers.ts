import type { Packer } from '../../src/ecosystem.ts';
import type { Fingerprint } from './fingerprint.ts';
import type { ManagerName } from './managers/manager.ts';
import { packStep } from './packers.ts';
import { newest } from './toolchain/choice.ts';
import type { ToolRole } from './toolchain/parts.ts';
import { nodePackage } from './toolchain/versions.ts';
import type { ToolLister } from './tools.ts';

/** Versions of a packer that lay an archive out alike. */
interface Era {
  readonly manager: ManagerName;
  /** Semver ranges; the newest version of each is taken. */
  readonly range: string;
  /** A Node of the time, on which it runs. */
  readonly node: string;
  /** The fingerprints (`packer` of `fingerprint`) that it leaves. */
  readonly leaves: readonly string[];
  readonly copies: Packer['copies'];
}

/** Eras of packers, in the order in which to try them. A packer of another kind is one more row. */
const ERAS = [
  // The manifest first, then as the folder is walked.
  { manager: 'npm', range: '~6.4.0', node: '10', leaves: ['npm 5-6'], copies: ['permissions'] },
  // The order of entries is by file extension, then and now; they differ in what they leave out.
  {
    manager: 'npm',
    range: '6',
    node: '14',
    leaves: ['npm 6', 'npm 7.0-7.6', 'npm>=7.7', 'npm 5-6'],
    copies: ['permissions'],
  },
  {
    manager: 'npm',
    range: '11',
    node: '22',
    leaves: ['npm>=7.7', 'npm 7.0-7.6', 'npm 6', 'npm 5-6'],
    copies: [],
  },
  { manager: 'npm', range: '~5.6.0', node: '8', leaves: ['npm 5'], copies: ['times', 'permissions'] },
  // It sorts whole folders, with what is not packed, by a sort that is not stable: hence the order.
  {
    manager: 'npm',
    range: '4',
    node: '6',
    leaves: ['npm<5'],
    copies: ['times', 'permissions', 'owner', 'order'],
  },
  { manager: 'yarn', range: '1', node: '16', leaves: ['yarn 1'], copies: ['times', 'permissions'] },
  { manager: 'pnpm', range: '10', node: '22', leaves: ['pnpm'], copies: [] },
  { manager: 'pnpm', range: '11', node: '22', leaves: ['pnpm'], copies: [] },
  { manager: 'pnpm', range: '8', node: '18', leaves: ['pnpm'], copies: [] },
  { manager: 'bun', range: '1', node: '22', leaves: ['bun'], copies: [] },
  // The manifest last.
  { manager: 'pnpm', range: '>=8.6.1 <8.14.2', node: '18', leaves: ['pnpm'], copies: [] },
] as const satisfies readonly Era[];

/** The package whose versions are those of a manager, and the role in which a toolchain holds it. */
const TOOLS = {
  npm: { role: 'npm', name: 'npm' },
  pnpm: { role: 'pnpm', name: 'pnpm' },
  yarn: { role: 'yarn', name: 'yarn' },
  berry: { role: 'yarn', name: '@yarnpkg/cli-dist' },
  bun: { role: 'bun', name: 'bun' },
} as const satisfies Record<ManagerName, { readonly role: ToolRole; readonly name: string }>;

/** The packers whose marks an archive bears, as far as the registry has them. */
export async function otherPackers({ packer }: Fingerprint, list: ToolLister): Promise<readonly Packer[]> {
  const eras: readonly Era[] = ERAS;
  const fitting = eras.filter(({ leaves }) => leaves.includes(packer));
  const packers = await Promise.all(fitting.map((era) => packerOfEra(era, list)));
  return packers.filter((one) => one !== null);
}

async function packerOfEra(era: Era, list: ToolLister): Promise<Packer | null> {
  const { role, name } = TOOLS[era.manager];
  const [nodes, versions] = await Promise.all([list(nodePackage()), list(name)]);
  const [node, version] = [newest(nodes, era.node, null), newest(versions, era.range, null)];
  if (node === null || version === null) return null;
  const toolchain = { node, [role]: version };
  return {
    name: `${role} ${version}`,
    toolchain,
    copies: era.copies,
    step: (directory) => packStep(era.manager, { directory, versions: toolchain, scripts: false }),
  };
}
