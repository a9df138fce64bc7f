import hostedGitInfo from 'hosted-git-info';

/** A repository as a document names it, reduced to where it is. */
export interface RepositoryUrl {
  /** Canonical HTTPS URL without credentials, `.git` or fragment. */
  readonly url: string;
  readonly host: string;
  /** Path on the host, without leading slash and `.git`. */
  readonly path: string;
}

/** What may stand in a host or in one component of a path; nothing here can be an option, a parent or a shell word. */
const SAFE_COMPONENT = /^(?!\.{1,2}$)[A-Za-z0-9_~.][A-Za-z0-9_~.+-]*$/;
/** Longer than any that a host takes. */
const LONGEST_URL = 2048;
const SAFE_HOST = /^[A-Za-z0-9][A-Za-z0-9.-]*(:\d{1,5})?$/;

/**
 * Reads a repository URL in any form that package documents use (`user/repo`, `github:user/repo`, `git+https://`,
 * `git://`, `git@host:path`, a web page inside the repository, ...). Everything becomes HTTPS: ssh could prompt, and
 * git:// and http:// can be rewritten on the way.
 *
 * @returns null when it names no repository on a host, such as a local path
 */
export function parseRepositoryUrl(text: string): RepositoryUrl | null {
  const trimmed = text.trim();
  if (trimmed.length > LONGEST_URL) return null;
  try {
    return read(trimmed);
  } catch {
    // An escape that stands for nothing (RFC 3986, section 2.1), or a host that the library trips over.
    return null;
  }
}

function read(trimmed: string): RepositoryUrl | null {
  const hosted = hostedGitInfo.fromUrl(trimmed) ?? hostedGitInfo.fromUrl(repositoryPart(trimmed));
  if (hosted !== undefined) return build(hosted.domain, `${hosted.user ?? ''}/${hosted.project}`);
  const scp = /^(?:[\w.-]+@)([A-Za-z0-9.-]+):(?!\/\/)(.+)$/.exec(trimmed);
  if (scp?.[1] !== undefined && scp[2] !== undefined) return build(scp[1], scp[2]);
  return fromUrl(trimmed);
}

/** A link to a page of a repository (`/tree/main/packages/x`, `/blob/...`, `/issues`) names the repository. */
function repositoryPart(text: string): string {
  return text.replace(
    /^(https?:\/\/[^/]+\/[^/]+\/[^/#?]+)\/(?:tree|blob|issues|pull|wiki|-)(?:[/#?].*)?$/,
    '$1',
  );
}

function fromUrl(text: string): RepositoryUrl | null {
  const plain = text.replace(/^git\+/, '');
  if (!URL.canParse(plain)) return null;
  const url = new URL(plain);
  const allowed = ['https:', 'http:', 'git:', 'ssh:'];
  if (!allowed.includes(url.protocol)) return null;
  const host = url.protocol === 'https:' || url.protocol === 'http:' ? url.host : url.hostname;
  return build(host, decodeURIComponent(url.pathname));
}

function build(host: string, rawPath: string): RepositoryUrl | null {
  const path = rawPath
    .replace(/^\/+/, '')
    .replace(/\/+$/, '')
    .replace(/\.git$/, '');
  if (!SAFE_HOST.test(host) || path === '') return null;
  if (!path.split('/').every((component) => SAFE_COMPONENT.test(component))) return null;
  const lowered = host.toLowerCase();
  return { url: `https://${lowered}/${path}`, host: lowered, path };
}

/** Git hosts do not tell `Owner/Name` from `owner/name`. */
export function isSameRepository(a: RepositoryUrl, b: RepositoryUrl): boolean {
  return a.url.toLowerCase() === b.url.toLowerCase();
}

/** Whether host and everything of the path but its last component are the same. */
export function isSameOwner(a: RepositoryUrl, b: RepositoryUrl): boolean {
  return ownerOf(a) === ownerOf(b);
}

function ownerOf({ host, path }: RepositoryUrl): string {
  return `${host}/${path.split('/').slice(0, -1).join('/')}`.toLowerCase();
}

/**
 * Where to fetch a repository from: every mirror template filled in, then the repository's own URL. Git hosts do not
 * tell `Owner/Name` from `owner/name`, folders of a mirror do: both are tried.
 *
 * @param templates with `{host}`, `{owner}` (first component of the path), `{name}` (last) and `{path}`
 */
export function remotesFor(repository: RepositoryUrl, templates: readonly string[]): readonly string[] {
  const filled = templates.flatMap((template) =>
    [repository.path, repository.path.toLowerCase()].map((path) => fill(template, repository.host, path)),
  );
  return [...new Set([...filled, repository.url])];
}

function fill(template: string, host: string, path: string): string {
  const components = path.split('/');
  const values: Readonly<Record<string, string>> = {
    host: host.replace(':', '_'),
    owner: components[0] ?? '',
    name: components.at(-1) ?? '',
    path,
  };
  return template.replaceAll(/\{(host|owner|name|path)\}/g, (whole, key: string) => values[key] ?? whole);
}
