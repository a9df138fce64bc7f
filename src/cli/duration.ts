import { InvalidArgumentError } from 'commander';

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a time such as `90d`; NaN for anything else. */
export function milliseconds(text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text) ?? [];
  return number === '' ? Number.NaN : Number(number) * (UNITS[unit] ?? Number.NaN);
}

/** The argument of an option that is a time, in milliseconds. */
export function duration(text: string): number {
  const read = milliseconds(text);
  if (Number.isFinite(read)) return read;
  throw new InvalidArgumentError('It must be a number with s, m, h or d behind it, for example 90d.');
}
