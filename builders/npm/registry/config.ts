import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { messageOf, ReproveError } from '../../../src/errors.ts';

/** What a person's npm configuration says about reaching a registry, in the shape that npm-registry-fetch takes. */
export interface NpmOptions {
  /** The default registry, always with a final slash. */
  readonly registry: string;
  /** `always`, `never`, or the host whose artifacts the configured registry has: npm's own default one unless configured. */
  readonly replaceRegistryHost: string;
  /** The tag that a bare name means, `latest` unless configured. */
  readonly defaultTag: string;
  /** Connection options, `@scope:registry` and `//host/:_authToken` keys, passed on as they are. */
  readonly fetch: Readonly<Record<string, unknown>>;
}

export interface ConfigQuestion {
  /** The directory whose `.npmrc` is the project's. */
  readonly cwd: string;
  /** Replaces the default registry *and* every scope's: whoever names a registry means it for everything asked. */
  readonly registry?: string | undefined;
  /** Default: that of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Keys of npm's flat options that a connection needs. Notably absent: npm's cache, `offline` and `before`. */
const CONNECTION_KEYS = [
  'ca',
  'cert',
  'key',
  'httpsProxy',
  'proxy',
  'noProxy',
  'localAddress',
  'maxSockets',
  'strictSSL',
] as const;

const Flat = z.record(z.string(), z.unknown());
const RegistryUrl = z.url({ protocol: /^https?$/ });

/**
 * Reads npm's configuration as npm itself does (project, user and global `.npmrc`, `npm_config_*` variables).
 * Nothing is printed, whatever npm would warn about.
 * Throws ReproveError `usage` when a registry is not an http(s) URL or the configuration cannot be read.
 */
export async function npmOptions(question: ConfigQuestion): Promise<NpmOptions> {
  const flat = await load(question);
  if (question.registry !== undefined) {
    for (const key of Object.keys(flat)) if (/^@.*:registry$/i.test(key)) delete flat[key];
    flat['registry'] = question.registry;
  }
  const keep = Object.entries(flat).filter(
    ([key, value]) =>
      value != null &&
      (key.startsWith('//') ||
        /^@.*:registry$/i.test(key) ||
        (CONNECTION_KEYS as readonly string[]).includes(key)),
  );
  for (const [key, value] of keep) if (key.endsWith(':registry')) requireRegistry(value, key);
  const registry = requireRegistry(flat['registry'], 'registry');
  return Object.freeze({
    registry,
    replaceRegistryHost: await replacedHost(text(flat['replaceRegistryHost'], 'npmjs')),
    defaultTag: text(flat['defaultTag'], 'latest'),
    fetch: Object.freeze({ ...Object.fromEntries(keep), registry }),
  });
}

/** The registry that npm asks when nothing is configured. */
export async function npmDefaultRegistry(): Promise<string> {
  const { default: npm } = await import('@npmcli/config/lib/definitions/index.js');
  return npm.definitions.registry.default;
}

/** `npmjs` is npm's word for the host of its own default registry. */
async function replacedHost(setting: string): Promise<string> {
  return setting === 'npmjs' ? new URL(await npmDefaultRegistry()).host : setting;
}

/** The registry that answers for a name: its scope's, else the default one. Always with a final slash. */
export function registryOf(options: NpmOptions, name: string): string {
  const scope = name.startsWith('@') ? name.slice(0, name.indexOf('/')) : null;
  const scoped = scope === null ? undefined : options.fetch[`${scope}:registry`];
  return typeof scoped === 'string' ? withSlash(scoped) : options.registry;
}

/** The same for others to read: without user name and password. */
export function publicRegistryOf(options: NpmOptions, name: string): string {
  const address = new URL(registryOf(options, name));
  address.username = '';
  address.password = '';
  return address.href;
}

async function load(question: ConfigQuestion): Promise<Record<string, unknown>> {
  try {
    // Loaded only here: npm's definitions cost some 40 ms that `--help` should not pay.
    const [{ default: Config }, { default: npm }] = await Promise.all([
      import('@npmcli/config'),
      import('@npmcli/config/lib/definitions/index.js'),
    ]);
    const config = new Config({
      ...npm,
      npmPath: npmFolder(question.env ?? process.env),
      // A copy: npm writes its findings back into the environment that it is given.
      env: { ...(question.env ?? process.env) },
      // Without arguments, or npm would take ours for its own.
      argv: [process.execPath, 'npm'],
      cwd: question.cwd,
      warn: false,
    });
    await config.load();
    return Flat.parse({ ...Flat.parse(config.flat) });
  } catch (thrown) {
    throw new ReproveError(
      'usage',
      {
        what: 'The npm configuration could not be read.',
        why: messageOf(thrown),
        next: 'Check the .npmrc files with `npm config list`.',
      },
      { cause: thrown },
    );
  }
}

/** Where npm's built-in `npmrc` would be: beside the npm that runs us, if one does. */
function npmFolder(env: Readonly<Record<string, string | undefined>>): string {
  const executable = env['npm_execpath'];
  if (executable !== undefined && /^np[mx]-cli\.js$/.test(basename(executable)))
    return dirname(dirname(executable));
  return fileURLToPath(new URL('.', import.meta.url));
}

function requireRegistry(value: unknown, key: string): string {
  const parsed = RegistryUrl.safeParse(value);
  if (parsed.success) return withSlash(parsed.data);
  throw new ReproveError('usage', {
    what: `The ${key === 'registry' ? 'registry' : `setting ${JSON.stringify(key)}`} is not an http or https URL.`,
    why: `It is ${JSON.stringify(value)}.`,
    next: 'Give a full URL such as https://registry.example/.',
  });
}

function withSlash(url: string): string {
  return url.endsWith('/') ? url : `${url}/`;
}

function text(value: unknown, fallback: string): string {
  return typeof value === 'string' && value !== '' ? value : fallback;
}
