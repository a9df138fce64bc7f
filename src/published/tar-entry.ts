import type { Anomaly, Content, Entry, EntryType } from '../model/artifact.ts';
import type { EntryDigests } from './digests.ts';
import type { ExtendedHeaders } from './extended-headers.ts';
import { installedPath, nameAnomalies } from './names.ts';
import { entryTypeOf, type TarHeader } from './tar-header.ts';
import { visible } from './visible.ts';

/** A header block and its content, as far as they are needed. */
export interface Part {
  readonly header: TarHeader;
  /** Of the header block in the stream, bytes. */
  readonly offset: number;
  readonly extended: ExtendedHeaders;
  /** Of an extended header; null where it is too large to be one. */
  readonly extendedContent: Uint8Array | null;
  /** Of any other entry. */
  readonly content: () => Content;
  readonly digests: () => EntryDigests;
}

export interface ReadPart {
  /** Null for an extended header. */
  readonly entry: Entry | null;
  readonly anomalies: readonly Anomaly[];
}

/** Reads one part of a tar stream. A string says why readers would differ about it. */
export function readEntry({
  header,
  offset,
  extended,
  extendedContent,
  content,
  digests,
}: Part): ReadPart | string {
  const type = entryTypeOf(header.typeFlag, extended.nameOf(header));
  if (type === null) return extended.read(header, extendedContent);
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
    size: header.size,
    mtime: header.mtime,
    uid: header.uid,
    gid: header.gid,
    userName: header.userName,
    groupName: header.groupName,
    linkTarget: type === 'symlink' || type === 'hardlink' ? applied.linkTarget : null,
    pax: applied.pax,
    offset,
    content: content(),
    ...digests(),
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
