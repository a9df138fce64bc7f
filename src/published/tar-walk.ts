import type { Anomaly, Entry, EntryType } from '../model/artifact.ts';
import { gitBlobId, sha256Of } from './digests.ts';
import { installedPath, nameAnomalies, placeAnomalies } from './names.ts';
import { decodeUtf8, isPlainMetadata, type PaxRecords, readPaxRecords } from './pax.ts';
import { BLOCK, entryTypeOf, readTarHeader, type TarHeader } from './tar-header.ts';
import { visible } from './visible.ts';
import { firstNonZero } from './zeros.ts';

/** Most entries that are read; the largest packages of public registries have some tens of thousands. */
const MAX_ENTRIES = 250_000;
/** PATH_MAX of Linux: what is longer cannot be installed. */
const MAX_NAME_BYTES = 4096;
/** Most folders that the names of all entries may name together: some hundred times what large packages have. */
const MAX_FOLDERS = 2_000_000;
/** node-tar ignores larger extended headers, other readers do not. */
const MAX_EXTENDED_BYTES = 1024 ** 2;

export interface TarContents {
  readonly entries: readonly Entry[];
  readonly anomalies: readonly Anomaly[];
}

/** Why a tar stream cannot be read in one way only. */
export class TarProblem {
  readonly code: 'artifact-invalid' | 'resource-limit';
  readonly message: string;

  constructor(message: string, code: 'artifact-invalid' | 'resource-limit' = 'artifact-invalid') {
    this.message = message;
    this.code = code;
  }
}

/**
 * Reads a tar stream block by block (POSIX.1-2017 pax and ustar, GNU long names). Whatever the format does not allow,
 * or lets readers take in two ways, ends the reading with a problem that names the byte; what is legal but odd is an
 * anomaly.
 */
export function walkTar(tar: Uint8Array): TarContents | TarProblem {
  const entries: Entry[] = [];
  const anomalies: Anomaly[] = [];
  const extended = new ExtendedHeaders();
  let offset = 0;
  let folders = 0;
  for (;;) {
    if (offset + BLOCK > tar.length)
      return new TarProblem(`it ends at byte ${tar.length} without an end mark`);
    const block = tar.subarray(offset, offset + BLOCK);
    if (firstNonZero(block) === -1) break;
    const header = readTarHeader(block);
    if (typeof header === 'string')
      return new TarProblem(`the header at byte ${offset} is unreadable: ${header}`);
    const start = offset + BLOCK;
    const padded = Math.ceil(header.size / BLOCK) * BLOCK;
    if (start + padded > tar.length) {
      return new TarProblem(`the entry at byte ${offset} claims ${header.size} bytes, more than are left`);
    }
    const content = tar.subarray(start, start + header.size);
    const read = readEntry({ header, content, extended });
    if (typeof read === 'string') return new TarProblem(`the entry at byte ${offset} is ambiguous: ${read}`);
    if (read.entry !== null) entries.push(read.entry);
    folders += read.entry?.path.split('/').length ?? 0;
    if (entries.length > MAX_ENTRIES || folders > MAX_FOLDERS) {
      return new TarProblem(
        `it has more than ${MAX_ENTRIES} entries or ${MAX_FOLDERS} folders`,
        'resource-limit',
      );
    }
    anomalies.push(...read.anomalies);
    anomalies.push(
      ...paddingAnomalies({ tar, from: start + header.size, to: start + padded, entry: read.entry }),
    );
    offset = start + padded;
  }
  if (extended.pending) return new TarProblem(`an extended header before byte ${offset} describes no entry`);
  if (entries.length === 0) return new TarProblem('it has no entries');
  const end = tar.subarray(offset, offset + 2 * BLOCK);
  if (end.length < 2 * BLOCK || firstNonZero(end) !== -1) {
    return new TarProblem(`the end mark at byte ${offset} is not two blocks of zeros`);
  }
  const places = placeAnomalies(entries);
  // Not by push(...): there can be more of them than a call can have arguments.
  return { entries, anomalies: [...anomalies, ...trailingAnomalies(tar, offset + 2 * BLOCK), ...places] };
}

interface Part {
  readonly header: TarHeader;
  readonly content: Uint8Array;
  readonly extended: ExtendedHeaders;
}

interface ReadPart {
  /** Null for an extended header. */
  readonly entry: Entry | null;
  readonly anomalies: readonly Anomaly[];
}

function readEntry({ header, content, extended }: Part): ReadPart | string {
  const type = entryTypeOf(header.typeFlag, extended.nameOf(header));
  if (type === null) return extended.read(header, content);
  const problem = typeProblem({ header, type, extended });
  if (problem !== null) return problem;
  const applied = extended.applyTo(header, type);
  if (typeof applied === 'string') return applied;
  const path = installedPath(applied.name);
  const entry: Entry = Object.freeze({
    path,
    storedName: applied.name,
    type,
    typeFlag: header.typeFlag === '\0' ? '' : header.typeFlag,
    mode: header.mode,
    size: content.length,
    mtime: header.mtime,
    uid: header.uid,
    gid: header.gid,
    userName: header.userName,
    groupName: header.groupName,
    linkTarget: type === 'symlink' || type === 'hardlink' ? applied.linkTarget : null,
    pax: applied.pax,
    header: header.block,
    content,
    blobId: gitBlobId(content),
    sha256: sha256Of(content),
  });
  return {
    entry,
    anomalies: [...applied.anomalies(path), ...entryAnomalies(entry, header), ...nameAnomalies(entry)],
  };
}

function typeProblem({
  header,
  type,
  extended,
}: {
  header: TarHeader;
  type: EntryType;
  extended: ExtendedHeaders;
}): string | null {
  const isLink = type === 'symlink' || type === 'hardlink';
  const target = header.linkName.length > 0 || extended.hasLinkTarget;
  if (isLink && !target) return 'it is a link without a target';
  if (!isLink && target) return 'it has a link target but is no link';
  if (type !== 'file' && type !== 'other' && header.size !== 0) return `a ${type} cannot have content`;
  return null;
}

function entryAnomalies(entry: Entry, header: TarHeader): readonly Anomaly[] {
  const anomalies: Anomaly[] = [];
  const add = (kind: Anomaly['kind'], detail: string): void => {
    anomalies.push({ kind, path: entry.path, detail: `${visible(entry.storedName)}: ${detail}` });
  };
  if (entry.linkTarget !== null) add('link-entry', `${entry.type} to ${visible(entry.linkTarget)}`);
  if (entry.type === 'device' || entry.type === 'fifo')
    add('special-entry', `a ${entry.type} has no place in a package`);
  if (entry.type === 'other') {
    add(
      'special-entry',
      `type ${visible(JSON.stringify(entry.typeFlag))} is skipped by some readers and a file for others`,
    );
  }
  if (header.hiddenBytes > 0)
    add('tar-padding', `${header.hiddenBytes} bytes are hidden in unused parts of its header`);
  return anomalies;
}

interface Applied {
  readonly name: string;
  readonly linkTarget: string;
  readonly pax: Readonly<Record<string, string>>;
  anomalies(path: string): readonly Anomaly[];
}

/** The extended headers read so far that still apply: global ones to all entries, others to the next. */
class ExtendedHeaders {
  #global: PaxRecords = new Map();
  #pax: PaxRecords | null = null;
  #longName: Uint8Array | null = null;
  #longLink: Uint8Array | null = null;

  get pending(): boolean {
    return this.#pax !== null || this.#longName !== null || this.#longLink !== null;
  }

  get hasLinkTarget(): boolean {
    return this.#longLink !== null || this.#pax?.has('linkpath') === true;
  }

  /** The name that the next entry will have. */
  nameOf(header: TarHeader): string {
    return this.#pax?.get('path') ?? decodeLossy(this.#longName ?? header.name);
  }

  /** Takes in an extended header. A string says why readers would differ about it. */
  read(header: TarHeader, content: Uint8Array): ReadPart | string {
    if (header.linkName.length > 0) return 'an extended header has a link target';
    if (content.length > MAX_EXTENDED_BYTES) return 'an extended header is larger than readers accept';
    const anomalies = header.hiddenBytes > 0 ? [hiddenInExtended(header)] : [];
    if (header.typeFlag === 'g') return this.#readGlobal(content, anomalies);
    if (header.typeFlag === 'x' || header.typeFlag === 'X') return this.#readPax(content, anomalies);
    return this.#readLong(header.typeFlag, content, anomalies);
  }

  #readGlobal(content: Uint8Array, anomalies: readonly Anomaly[]): ReadPart | string {
    const records = readPaxRecords(content);
    if (typeof records === 'string') return records;
    // POSIX applies these to every entry, node-tar does not.
    const renaming = ['path', 'linkpath', 'size'].find((key) => records.has(key));
    if (renaming !== undefined) return `a global PAX header sets ${renaming} for every entry`;
    this.#global = new Map([...this.#global, ...records]);
    const odd = [...records].filter(([key, value]) => !isPlainMetadata(key, value));
    return { entry: null, anomalies: [...anomalies, ...odd.map(([key]) => paxAnomaly(key, null))] };
  }

  #readPax(content: Uint8Array, anomalies: readonly Anomaly[]): ReadPart | string {
    if (this.#pax !== null) return 'it has two PAX headers';
    const records = readPaxRecords(content);
    if (typeof records === 'string') return records;
    this.#pax = records;
    return { entry: null, anomalies };
  }

  #readLong(typeFlag: string, content: Uint8Array, anomalies: readonly Anomaly[]): ReadPart | string {
    const end = content.indexOf(0);
    const value = end === -1 ? content : content.subarray(0, end);
    if (value.length === 0) return 'a GNU long name is empty';
    if (end !== -1 && firstNonZero(content.subarray(end)) !== -1)
      return 'a GNU long name goes on after its end';
    const isLink = typeFlag === 'K';
    if ((isLink ? this.#longLink : this.#longName) !== null) return 'it has two GNU long names';
    if (isLink) this.#longLink = value;
    else this.#longName = value;
    return { entry: null, anomalies };
  }

  /** Applies everything pending to an entry and forgets it. A string says why readers would differ about it. */
  applyTo(header: TarHeader, type: EntryType): Applied | string {
    const [pax, longName, longLink] = [
      this.#pax ?? new Map<string, string>(),
      this.#longName,
      this.#longLink,
    ];
    this.#pax = null;
    this.#longName = null;
    this.#longLink = null;
    if (pax.has('path') && longName !== null) return 'it has both a PAX and a GNU long name';
    if (pax.has('linkpath') && longLink !== null) return 'it has both a PAX and a GNU long link target';
    const size = pax.get('size');
    if (size !== undefined && size !== String(header.size))
      return 'its PAX size is not the size in its header';
    const nameBytes = longName ?? header.name;
    const name = pax.get('path') ?? decodeLossy(nameBytes);
    if (name === '') return 'it has no name';
    if (Buffer.byteLength(name) > MAX_NAME_BYTES) return 'its name is longer than systems allow';
    const odd = [...pax]
      .filter(([key, value]) => isOddRecord({ key, value, header, type }))
      .map(([key]) => key);
    const fakeLongName = longName !== null && !isHonestLongName(longName, header.name);
    const badName = !pax.has('path') && decodeUtf8(nameBytes) === null;
    return {
      name,
      linkTarget: pax.get('linkpath') ?? decodeLossy(longLink ?? header.linkName),
      pax: Object.freeze(Object.fromEntries([...this.#global, ...pax])),
      anomalies: (path) => [
        ...odd.map((key) => paxAnomaly(key, path)),
        ...(fakeLongName
          ? [
              {
                kind: 'pax-record',
                path,
                detail: `${visible(path)}: a GNU long name hides a shorter, other name`,
              } as const,
            ]
          : []),
        ...(badName
          ? [
              {
                kind: 'name-not-utf8',
                path,
                detail: `${visible(path)}: the name is not UTF-8; readers decode it differently`,
              } as const,
            ]
          : []),
      ],
    };
  }
}

/** Whether a record does what no packer needs: rename a file whose own header could hold the name, or carry other data. */
function isOddRecord(record: { key: string; value: string; header: TarHeader; type: EntryType }): boolean {
  const { key, value, header, type } = record;
  if (isPlainMetadata(key, value) || key === 'size') return false;
  if (key === 'path') return fitsHeader(value) && !Buffer.from(value).equals(header.name);
  if (key === 'linkpath') return type !== 'symlink' && type !== 'hardlink';
  return true;
}

/** Whether ustar can hold a name: ASCII, 100 bytes, or up to 130 more before a slash (what node-tar leaves for it). */
function fitsHeader(name: string): boolean {
  if (!/^[\x20-\x7e]*$/.test(name)) return false;
  if (name.length < 100) return true;
  const slash = name.indexOf('/', name.length - 101);
  return slash > 0 && slash <= 130 && slash < name.length - 1;
}

/** GNU tar writes a long name only when it must, and its beginning into the header for readers that do not know it. */
function isHonestLongName(longName: Uint8Array, name: Uint8Array): boolean {
  return longName.length >= 100 && Buffer.from(longName.subarray(0, name.length)).equals(name);
}

function paxAnomaly(key: string, path: string | null): Anomaly {
  const where = path === null ? 'a global header' : visible(path);
  return {
    kind: 'pax-record',
    path,
    detail: `${where}: the PAX record ${visible(JSON.stringify(key))} is not needed`,
  };
}

function hiddenInExtended(header: TarHeader): Anomaly {
  const detail = `${header.hiddenBytes} bytes are hidden in unused parts of an extended header`;
  return { kind: 'tar-padding', path: null, detail };
}

interface Padding {
  readonly tar: Uint8Array;
  readonly from: number;
  readonly to: number;
  readonly entry: Entry | null;
}

function paddingAnomalies({ tar, from, to, entry }: Padding): readonly Anomaly[] {
  const first = firstNonZero(tar.subarray(from, to));
  if (first === -1) return [];
  const detail = `the padding after ${entry === null ? 'an extended header' : visible(entry.storedName)} is not zero (byte ${from + first})`;
  return [{ kind: 'tar-padding', path: entry?.path ?? null, detail }];
}

function trailingAnomalies(tar: Uint8Array, from: number): readonly Anomaly[] {
  const first = firstNonZero(tar.subarray(from));
  if (first === -1) return [];
  const detail = `${tar.length - from - first} bytes follow the end of the archive at byte ${from + first}`;
  return [{ kind: 'tar-trailing-bytes', path: null, detail }];
}

function decodeLossy(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}
