import path from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { defaultCacheDir } from '../cache-dir.ts';
import { SEVERITIES } from '../model/verdict.ts';
import { FORMAT_NAMES } from '../report/format-names.ts';
import { ENGINE_NAMES } from '../sandbox/engine.ts';

/** Several templates can stand in the variable, with white space between them. */
const MIRRORS_OF_ENVIRONMENT: readonly string[] = (process.env['REPROVE_GIT_MIRROR'] ?? '')
  .split(/\s+/)
  .filter((one) => one !== '');

/** Options of every command that asks a registry. */
export interface RegistryOptions {
  readonly registry?: string;
  readonly trustedRoot?: string;
  readonly cacheDir: string;
}

/** Options of every command that checks a signature. */
export interface SignerOptions {
  readonly key?: readonly string[];
  readonly identity?: string;
  readonly issuer?: string;
  readonly policy?: string;
}

/** Options of every command that fetches a source. */
export interface SourceOptions extends RegistryOptions {
  readonly gitMirror: readonly string[];
  /** Seconds. */
  readonly timeout: number;
}

/** Options of every command that looks for a source. */
export interface FindOptions extends SourceOptions {
  readonly source?: string;
}

/** Options of every command that rebuilds. */
export interface RunOptions extends SourceOptions {
  readonly engine: (typeof ENGINE_NAMES)[number] | 'auto';
}

/** Adds where to rebuild. */
export function addEngineOption(command: Command): Command {
  return command.addOption(
    new Option('--engine <name>', 'where to rebuild').choices([...ENGINE_NAMES, 'auto']).default('auto'),
  );
}

/** Adds who must have signed. */
export function addSignerOptions(command: Command): Command {
  return command
    .option(
      '--key <public key>',
      'it must be signed with this key, or another named one; repeatable',
      (file: string, previous?: readonly string[]) => repeated(resolved(file), previous),
    )
    .option('--identity <exact>', 'or by this subject of a certificate, to the letter')
    .option('--issuer <exact>', 'for which this identity provider must have vouched');
}

/** Adds where results are kept. */
export function addStoreOption(command: Command): Command {
  return command.addOption(
    new Option('--store <path or URL>', 'where results are kept: an SQLite file, or a postgres: URL')
      .default('reprove.sqlite')
      .env('REPROVE_STORE'),
  );
}

/** Adds how a result is printed. */
export function addFormatOptions(command: Command): Command {
  return command
    .addOption(new Option('--format <name>', 'how to print the result').choices(FORMAT_NAMES).default('text'))
    .addOption(new Option('--json', 'the same as --format json').implies({ format: 'json' }));
}

/** Adds which differences are accepted. */
export function addFailOnOption(command: Command, description: string): Command {
  return command.addOption(
    new Option('--fail-on <severity>', description)
      .choices(SEVERITIES.filter((severity) => severity !== 'none'))
      .default('info'),
  );
}

/** Adds the options of commands that ask a registry. */
export function addRegistryOptions(command: Command): Command {
  return command
    .option('--registry <url>', 'registry to verify against (default: what npm is configured with)', url)
    .addOption(
      new Option(
        '--trusted-root <file>',
        "authorities to trust for signed provenance (default: those of Sigstore's public instance)",
      )
        .argParser(resolved)
        .env('REPROVE_TRUSTED_ROOT'),
    )
    .option(
      '--cache-dir <folder>',
      'toolchains, repositories and downloads are kept here',
      resolved,
      defaultCacheDir(),
    );
}

/** Adds the options of commands that look for a source. */
export function addFindOptions(command: Command): Command {
  addRegistryOptions(command).option(
    '--source <url#commit>',
    'rebuild from this repository (and commit, tag or branch) instead of the stated one',
  );
  return addSearchOptions(command, 'for the whole run');
}

/** Adds where sources are looked for, and for how long. */
export function addSearchOptions(command: Command, time: string): Command {
  return addMirrorOption(command).option('--timeout <seconds>', time, seconds, 3600);
}

/** Adds where sources are looked for. */
export function addMirrorOption(command: Command): Command {
  return command.addOption(
    new Option(
      '--git-mirror <template>',
      'where to fetch repositories from first; {host}, {owner}, {name} and {path} are filled in; repeatable',
    )
      .argParser(collect)
      .default(MIRRORS_OF_ENVIRONMENT, 'env REPROVE_GIT_MIRROR'),
  );
}

/** The first use of the option replaces what the environment said. */
function collect(value: string, previous: readonly string[]): readonly string[] {
  return previous === MIRRORS_OF_ENVIRONMENT ? [value] : [...previous, value];
}

/** The argument of an option that is the path of a file or folder. */
export function resolved(value: string): string {
  return path.resolve(value);
}

/** The arguments of an option that can be there more than once. */
export function repeated(value: string, previous?: readonly string[]): readonly string[] {
  return [...(previous ?? []), value];
}

/** The argument of an option that is a number of things. */
export function count(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1 || number > 1000)
    throw new InvalidArgumentError('It must be a whole number from 1 to 1000.');
  return number;
}

/** The argument of an option that is a time. */
export function seconds(value: string): number {
  const number = Number(value);
  if (!Number.isFinite(number) || number <= 0)
    throw new InvalidArgumentError('It must be a number of seconds above 0.');
  return number;
}

/** The argument of an option that is an address. */
export function url(value: string): string {
  if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol)) {
    throw new InvalidArgumentError('It must be an http or https URL.');
  }
  return value;
}
