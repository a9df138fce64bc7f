/**
 * A system call filter for every step, as a classic BPF program (seccomp(2), linux/filter.h). It refuses what no build
 * needs and what has been the way out of sandboxes: after the denials of Docker's default profile. Where an engine
 * has a filter of its own, both apply.
 */

/** Numbers of the system calls that are refused with EPERM, by architecture; 0 where a call does not exist. */
const REFUSED = {
  // Name: [x86_64, aarch64], from the kernel's asm/unistd_64.h and asm-generic/unistd.h.
  _sysctl: [156, 0],
  acct: [163, 89],
  add_key: [248, 217],
  adjtimex: [159, 171],
  bpf: [321, 280],
  chroot: [161, 51],
  clock_adjtime: [305, 266],
  clock_settime: [227, 112],
  create_module: [174, 0],
  delete_module: [176, 106],
  fanotify_init: [300, 262],
  finit_module: [313, 273],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fsopen: [430, 430],
  fspick: [433, 433],
  init_module: [175, 105],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  io_uring_setup: [425, 425],
  ioperm: [173, 0],
  iopl: [172, 0],
  kcmp: [312, 272],
  kexec_file_load: [320, 294],
  kexec_load: [246, 104],
  keyctl: [250, 219],
  lookup_dcookie: [212, 18],
  mbind: [237, 235],
  migrate_pages: [256, 238],
  mount: [165, 40],
  mount_setattr: [442, 442],
  move_mount: [429, 429],
  move_pages: [279, 239],
  name_to_handle_at: [303, 264],
  nfsservctl: [180, 42],
  open_by_handle_at: [304, 265],
  open_tree: [428, 428],
  perf_event_open: [298, 241],
  personality: [135, 92],
  pidfd_getfd: [438, 438],
  pivot_root: [155, 41],
  process_madvise: [440, 440],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  ptrace: [101, 117],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  reboot: [169, 142],
  request_key: [249, 218],
  set_mempolicy: [238, 237],
  setdomainname: [171, 162],
  sethostname: [170, 161],
  setns: [308, 268],
  settimeofday: [164, 170],
  swapoff: [168, 225],
  swapon: [167, 224],
  sysfs: [139, 0],
  syslog: [103, 116],
  umount2: [166, 39],
  unshare: [272, 97],
  uselib: [134, 0],
  userfaultfd: [323, 282],
  ustat: [136, 0],
  vhangup: [153, 58],
} as const satisfies Record<string, readonly [number, number]>;

/** What differs between architectures: linux/audit.h and the calls that are looked at more closely. */
const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  x64: {
    index: 0,
    audit: 0xc000003e,
    clone: 56,
    clone3: 435,
    socket: 41,
    socketpair: 53,
    ioctl: 16,
    prctl: 157,
  },
  arm64: {
    index: 1,
    audit: 0xc00000b7,
    clone: 220,
    clone3: 435,
    socket: 198,
    socketpair: 199,
    ioctl: 29,
    prctl: 167,
  },
};

interface Architecture {
  readonly index: 0 | 1;
  readonly audit: number;
  readonly clone: number;
  readonly clone3: number;
  readonly socket: number;
  readonly socketpair: number;
  readonly ioctl: number;
  readonly prctl: number;
}

/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK. Others (AF_VSOCK above all) do not stop at a network namespace. */
const SOCKET_FAMILIES = [1, 2, 10, 16];
/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const NAMESPACE_FLAGS = 0x7e020000;
/** TIOCSTI and TIOCLINUX type into the terminal of whoever started us. */
const TERMINAL_REQUESTS = [0x5412, 0x541c];
/** System calls of the x32 ABI have this bit, and would pass a list of plain numbers. */
const X32_BIT = 0x40000000;

const ERRNO = { EPERM: 1, ENOSYS: 38, EAFNOSUPPORT: 97 } as const;

// Offsets in struct seccomp_data; arguments are 64 bit, little-endian, and only their low half matters here.
const NUMBER = 0;
const ARCH = 4;
const ARGUMENTS = 16;

// linux/bpf_common.h
const LOAD = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_AT_LEAST = 0x35;
const JUMP_ANY_BIT = 0x45;
const RETURN = 0x06;
const ALLOW = 0x7fff0000;
const FAIL = 0x00050000;

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];

/** The filter for an architecture as Node names it (`x64`, `arm64`); null for one that it is not written for. */
export function seccompFilter(architecture: string = process.arch): Uint8Array | null {
  const arch = ARCHITECTURES[architecture];
  return arch === undefined ? null : encode(programOf(arch));
}

/** The number of prctl(2), for whoever must install the filter by hand. */
export function prctlNumber(architecture: string = process.arch): number | null {
  return ARCHITECTURES[architecture]?.prctl ?? null;
}

function programOf(arch: Architecture): readonly Instruction[] {
  const refused = Object.values(REFUSED).map((numbers) => numbers[arch.index]);
  return [
    load(ARCH),
    [JUMP_EQUAL, 1, 0, arch.audit],
    fail(ERRNO.EPERM),
    load(NUMBER),
    [JUMP_AT_LEAST, 0, 1, X32_BIT],
    fail(ERRNO.ENOSYS),
    // Its flags lie in memory where a filter cannot see them; libc falls back to clone.
    ...ifEqual(arch.clone3, [fail(ERRNO.ENOSYS)]),
    ...refused.filter((number) => number !== 0).flatMap((number) => ifEqual(number, [fail(ERRNO.EPERM)])),
    ...ifEqual(arch.clone, [
      load(ARGUMENTS),
      [JUMP_ANY_BIT, 0, 1, NAMESPACE_FLAGS],
      fail(ERRNO.EPERM),
      allow(),
    ]),
    ...ifEqual(arch.socket, onlyFamilies()),
    ...ifEqual(arch.socketpair, onlyFamilies()),
    ...ifEqual(arch.ioctl, noTerminalRequests()),
    allow(),
  ];
}

function onlyFamilies(): readonly Instruction[] {
  const allowed = SOCKET_FAMILIES.flatMap((family) => ifEqual(family, [allow()]));
  return [load(ARGUMENTS), ...allowed, fail(ERRNO.EAFNOSUPPORT)];
}

function noTerminalRequests(): readonly Instruction[] {
  const refused = TERMINAL_REQUESTS.flatMap((request) => ifEqual(request, [fail(ERRNO.EPERM)]));
  return [load(ARGUMENTS + 8), ...refused, allow()];
}

/** Runs `block`, which must end in a return, when the loaded value is equal; else goes on after it. */
function ifEqual(value: number, block: readonly Instruction[]): readonly Instruction[] {
  return [[JUMP_EQUAL, 0, block.length, value], ...block];
}

function load(offset: number): Instruction {
  return [LOAD, 0, 0, offset];
}

function allow(): Instruction {
  return [RETURN, 0, 0, ALLOW];
}

function fail(errno: number): Instruction {
  return [RETURN, 0, 0, FAIL + errno];
}

/** struct sock_filter: u16 code, u8 jt, u8 jf, u32 k; both architectures are little-endian. */
function encode(program: readonly Instruction[]): Uint8Array {
  const bytes = Buffer.alloc(program.length * 8);
  for (const [index, [code, ifTrue, ifFalse, value]] of program.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(ifTrue, index * 8 + 2);
    bytes.writeUInt8(ifFalse, index * 8 + 3);
    bytes.writeUInt32LE(value, index * 8 + 4);
  }
  return bytes;
}
