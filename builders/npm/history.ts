import type { PackageDocument, RawVersion } from './registry/document.ts';

/** A version as the registry describes it, and those before it. */
export interface History {
  readonly document: PackageDocument;
  readonly version: string;
  readonly now: RawVersion;
  /** Latest first. */
  readonly before: readonly { readonly version: string; readonly raw: RawVersion }[];
}

/** A field that is a table; empty when it is not. */
export function tableOf(raw: RawVersion, field: string): Readonly<Record<string, unknown>> {
  const value = raw[field];
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
