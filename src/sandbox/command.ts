import type { SandboxSpec, SandboxStep } from './engine.ts';
import { LAYOUT, SHARED_CLOCK } from './engine.ts';
import { BASE_ENV } from './layout.ts';
import { prctlNumber, seccompFilter } from './seccomp.ts';

/**
 * What runs inside the sandbox, the same for every engine. The scripts are constants; everything that comes from
 * outside reaches them as arguments, never as text of a script.
 */

/** Processes that a sandbox needs beside those of the step. */
export const OVERHEAD_PROCESSES = 4;

/** Limits of the kernel for single processes (setrlimit(2)); null leaves one as it is. */
export interface ProcessLimits {
  /** Largest file, bytes. */
  readonly fileBytes: number;
  /** Data segment of each process, bytes. */
  readonly dataBytes: number | null;
  /** Processes of the sandbox's user. */
  readonly processes: number | null;
}

// One descriptor for both outputs keeps their order. The last kill ends whatever the command left behind: it reaches
// every process of this user but the caller itself, kill(2). A command that was killed has 128 + signal, as in any shell.
//
// A semaphore (sem_open(3), glibc: its value, 1, then the mark of a shared futex) and the page that it guards: no ticks
// yet, and start times that are not set yet. Left to itself, libfaketime makes them in its first process and removes them
// with the first one that ends of those forked from it, a subshell of bash is enough; what is started then may fail.
const STEP_SCRIPT = `exec 2>&1
umask 077
zero='\\0\\0\\0\\0\\0\\0\\0\\0'
printf '\\1\\0\\0\\0\\0\\0\\0\\0\\200\\0\\0\\0\\0\\0\\0\\0'"$zero$zero" >/dev/shm/sem.${SHARED_CLOCK}
unset="$zero"'\\377\\377\\377\\377\\377\\377\\377\\377'
printf "$zero$zero$unset$unset$unset$unset" >/dev/shm/${SHARED_CLOCK}
umask 022
ulimit -c 0
ulimit -n 16384 2>/dev/null
ulimit -f "$1" 2>/dev/null
[ "$2" = unlimited ] || ulimit -d "$2" || exit 126
[ "$3" = unlimited ] || ulimit -p "$3" || exit 126
cd -- "$4" || exit 127
shift 4
"$@"
code=$?
kill -9 -1 2>/dev/null
exit "$code"`;

const PREPARE_SCRIPT = `exec 2>&1
umask 022
cd "$1" && mkdir -p home source output tmp && chmod 1777 tmp || exit 1
exec tar --extract --file="$2" --directory=source --no-same-owner --same-permissions --delay-directory-restore --warning=no-timestamp`;

// Not past links' targets (--absolute-names): tar would make links to elsewhere last, and so list them elsewhere. Its
// names are those that we gave it, and nothing but the folder can be written.
const RESTORE_SCRIPT = `exec 2>&1
umask 022
exec tar --extract --file="$2" --directory="$1" --absolute-names --no-same-owner --same-permissions --warning=no-timestamp`;

// Programs may go by the order in which a folder lists its files. A tmpfs lists by time of making, the newest first (with
// some kernels last), so files are stored in the order of their making; the folders of PREPARE_SCRIPT tell which it is.
// What turns the list round must not make files: tac's own would be on the list of what is gone before tar reads it.
const SAVE_SCRIPT = `cd "$1" || exit 1
[ "$(du --summarize --bytes . | cut -f 1)" -le "$2" ] || exit 1
case "$(find . -mindepth 1 -maxdepth 1 -printf '/%f/')" in
*/home/*/tmp/*) oldest_first='cat' ;;
*) oldest_first='perl -0 -e print+reverse<STDIN>' ;;
esac
find . -mindepth 1 -print0 | $oldest_first | timeout "$3" tar --create --file=- --no-recursion --null --files-from=- \
  --format=posix --pax-option=delete=atime,delete=ctime --numeric-owner --record-size=65536`;

// Not even the directory may be reached through a link, or a build could name any file of the sandbox.
const READ_SCRIPT = `[ "$(realpath -e -- "$1" 2>/dev/null)" = "$1" ] && [ -d "$1" ] || exit 3
[ "$(find "$1" -mindepth 1 -maxdepth 1 -printf %y | head -c 2)" = f ] || exit 3
exec find "$1" -mindepth 1 -maxdepth 1 -type f -exec head -c "$2" -- {} ';'`;

// Seen from inside, a control group is the root of its own tree: version 1 and version 2.
const STATUS_SCRIPT = `for f in memory/memory.oom_control memory.events pids/pids.events pids.events; do
echo "# $f"; cat "/sys/fs/cgroup/$f" 2>/dev/null; done
echo "# free"; stat -f -c '%a %d' "$1"`;

// Installs a filter that lies in an argument: prctl(2) with PR_SET_NO_NEW_PRIVS (38), then PR_SET_SECCOMP (22) in mode
// SECCOMP_MODE_FILTER (2) with a struct sock_fprog. Perl is in every root file system because git needs it.
const FILTER_SCRIPT = `my $prctl = shift; my $filter = pack "H*", shift;
my $program = pack "S x![P] P", length($filter) / 8, $filter;
syscall($prctl, 38, 1, 0, 0, 0) == 0 && syscall($prctl, 22, 2, $program) == 0 or die "seccomp: $!\n";
exec { $ARGV[0] } @ARGV or die "exec: $!\n"`;

/** The same command under our system call filter, for engines that do not install it themselves. */
export function filtered(command: readonly string[]): string[] {
  const filter = seccompFilter();
  const prctl = prctlNumber();
  if (filter === null || prctl === null) return [...command];
  return [
    '/usr/bin/perl',
    '-e',
    FILTER_SCRIPT,
    String(prctl),
    Buffer.from(filter).toString('hex'),
    ...command,
  ];
}

/** The command of a step, in its directory, with its environment and nothing else. */
export function stepCommand(step: SandboxStep, limits: ProcessLimits): readonly string[] {
  const env = Object.entries({ ...BASE_ENV, PWD: step.cwd, ...step.env });
  return [
    ...script(STEP_SCRIPT),
    String(Math.ceil(limits.fileBytes / 512)),
    limits.dataBytes === null ? 'unlimited' : String(Math.ceil(limits.dataBytes / 1024)),
    limits.processes === null ? 'unlimited' : String(limits.processes),
    step.cwd,
    '/usr/bin/env',
    '-i',
    ...env.map(([name, value]) => `${name}=${value}`),
    ...step.argv,
  ];
}

/** Exit code of `prepareCommand` when tar cannot lay out what the archive says (GNU tar: 2 is a fatal error). */
export const SOURCE_REFUSED = 2;

/** Makes the folders of the layout and unpacks the source, or unpacks all that was saved. */
export function prepareCommand({ unpackInto }: Pick<SandboxSpec, 'unpackInto'>): readonly string[] {
  const text = unpackInto === LAYOUT.work ? RESTORE_SCRIPT : PREPARE_SCRIPT;
  return [...script(text), LAYOUT.work, LAYOUT.sourceArchive];
}

/** Longest time for what `saveCommand` does, milliseconds. */
export const SAVE_MS = 60_000;

/** Prints all that is writable as a tar that `prepareCommand` restores; fails when that is more than `maxBytes`. */
export function saveCommand(maxBytes: number): readonly string[] {
  const shell = ['/usr/bin/bash', '-o', 'pipefail'];
  return [...script(SAVE_SCRIPT, shell), LAYOUT.work, String(maxBytes), String(SAVE_MS / 1000)];
}

/** Exit code of `readCommand` when there is not exactly one regular file. */
export const NOT_ONE_FILE = 3;

/** Prints at most `bytes` bytes of the only regular file in a directory. */
export function readCommand(directory: string, bytes: number): readonly string[] {
  return [...script(READ_SCRIPT), directory, String(bytes)];
}

/** Prints what `parseStatus` reads. */
export function statusCommand(): readonly string[] {
  return [...script(STATUS_SCRIPT), LAYOUT.work];
}

/** The variables that the scripts themselves run with. */
export const SCRIPT_ENV: Readonly<Record<string, string>> = { PATH: '/usr/bin', LC_ALL: 'C.UTF-8' };

function script(text: string, shell: readonly string[] = ['/usr/bin/dash']): readonly string[] {
  return [
    '/usr/bin/env',
    '-i',
    ...Object.entries(SCRIPT_ENV).map(([name, value]) => `${name}=${value}`),
    ...shell,
    '-c',
    text,
    'sandbox',
  ];
}
