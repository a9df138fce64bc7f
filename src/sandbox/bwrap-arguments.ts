import { join } from 'node:path';
import { LAYOUT, type SandboxSpec } from './engine.ts';
import { BUILDER_ID } from './layout.ts';

const SHARED_MEMORY_BYTES = 64 * 1024 * 1024;

/**
 * bubblewrap's arguments for a command in the sandbox of a specification, but for the command.
 * @param options.folder the host folder whose `work` is the writable file system.
 */
export function bwrapArguments(options: {
  readonly spec: SandboxSpec;
  readonly folder: string;
  readonly hasSocket: boolean;
  readonly hasArchive: boolean;
}): readonly string[] {
  const { spec, folder, hasSocket, hasArchive } = options;
  const isolation = [
    '--unshare-user',
    '--unshare-all',
    '--disable-userns',
    '--die-with-parent',
    '--new-session',
    '--clearenv',
  ];
  const identity = [
    '--cap-drop',
    'ALL',
    '--uid',
    String(BUILDER_ID),
    '--gid',
    String(BUILDER_ID),
    '--hostname',
    'builder',
  ];
  const root = ['--ro-bind', spec.rootfs.directory, '/', '--proc', '/proc', '--dev', '/dev'];
  // bwrap's own tmpfs have no size of their own, so each is bounded or made read-only.
  const shared = [
    '--perms',
    '1777',
    '--size',
    String(SHARED_MEMORY_BYTES),
    '--tmpfs',
    '/dev/shm',
    '--remount-ro',
    '/dev',
  ];
  const tools = ['--size', '1048576', '--tmpfs', LAYOUT.tools];
  const mounts = spec.mounts.flatMap(({ source, target }) => ['--ro-bind', source, target]);
  const work = ['--bind', join(folder, 'work'), LAYOUT.work];
  const archive = hasArchive ? ['--ro-bind', spec.sourceArchive, LAYOUT.sourceArchive] : [];
  const socket =
    hasSocket && spec.socketDirectory !== null
      ? ['--ro-bind', spec.socketDirectory, LAYOUT.socketDirectory]
      : [];
  const start = ['--chdir', LAYOUT.work];
  return [
    ...isolation,
    ...identity,
    ...root,
    ...shared,
    ...tools,
    ...mounts,
    '--remount-ro',
    LAYOUT.tools,
    ...work,
    ...archive,
    ...socket,
    ...start,
  ];
}
