import type { Anomaly, EntryType } from '../model/artifact.ts';
import { claimsManifest } from './manifest-records.ts';
import { decodeUtf8, isPlainMetadata, paxAnomaly, type PaxRecords, readPaxRecords } from './pax.ts';
import type { ReadPart } from './tar-entry.ts';
import type { TarHeader } from './tar-header.ts';
import { visible } from './visible.ts';
import { firstNonZero } from './zeros.ts';

/** PATH_MAX of Linux: what is longer cannot be installed. */
const MAX_NAME_BYTES = 4096;
/** Bytes; node-tar ignores larger extended headers, other readers do not. */
export const MAX_EXTENDED_BYTES = 1024 ** 2;

const NO_RECORDS: Applied['pax'] = Object.freeze({});

interface Applied {
  readonly name: string;
  readonly linkTarget: string;
  readonly pax: Readonly<Record<string, string>>;
  anomalies(path: string): readonly Anomaly[];
}

/** The extended headers read so far that still apply: global ones to all entries, others to the next. */
export class ExtendedHeaders {
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

  /** Takes in an extended header, null for the content of one beyond `MAX_EXTENDED_BYTES`. A string says why readers would differ about it. */
  read(header: TarHeader, content: Uint8Array | null): ReadPart | string {
    if (header.linkName.length > 0) return 'an extended header has a link target';
    if (content === null) return 'an extended header is larger than readers accept';
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
      pax:
        this.#global.size + pax.size === 0
          ? NO_RECORDS
          : Object.freeze(Object.fromEntries([...this.#global, ...pax])),
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
  if (isPlainMetadata(key, value) || key === 'size' || claimsManifest(key)) return false;
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

function hiddenInExtended(header: TarHeader): Anomaly {
  const detail = `${header.hiddenBytes} bytes are hidden in unused parts of an extended header`;
  return { kind: 'tar-padding', path: null, detail };
}

function decodeLossy(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}
