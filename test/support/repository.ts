import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A real git repository in a temporary folder. */
export class TestRepository {
  readonly directory: string;
  #clock = Date.parse('2024-03-01T12:00:00Z');

  constructor(directory: string) {
    this.directory = directory;
    mkdirSync(directory, { recursive: true });
    this.git('init', '-q', '-b', 'main');
  }

  git(...args: string[]): string {
    const when = new Date(this.#clock).toISOString();
    const env = {
      PATH: process.env['PATH'] ?? '',
      HOME: '/nonexistent',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: 'test',
      GIT_AUTHOR_EMAIL: 'test@git.example',
      GIT_COMMITTER_NAME: 'test',
      GIT_COMMITTER_EMAIL: 'test@git.example',
      GIT_AUTHOR_DATE: when,
      GIT_COMMITTER_DATE: when,
    };
    return execFileSync('git', args, {
      cwd: this.directory,
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  }

  /** Writes files (objects as JSON), commits everything a minute after the last commit, and returns the commit id. */
  commit(files: Readonly<Record<string, string | object>>, message = 'change'): string {
    for (const [name, content] of Object.entries(files)) {
      const file = path.join(this.directory, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`);
    }
    this.#clock += 60_000;
    this.git('add', '-A', '-f');
    this.git('commit', '-q', '--allow-empty', '-m', message);
    return this.git('rev-parse', 'HEAD');
  }

  /** Loses the content of a committed file, as a mirror that keeps no large files has; gives its blob id. */
  lose(file: string, revision = 'HEAD'): string {
    const blob = this.git('rev-parse', `${revision}:${file}`);
    rmSync(this.objectFile(blob));
    return blob;
  }

  /** Where a loose object is. */
  objectFile(id: string): string {
    return path.join(this.directory, '.git', 'objects', id.slice(0, 2), id.slice(2));
  }

  link(name: string, target: string): void {
    symlinkSync(target, path.join(this.directory, name));
  }

  /** What is committed next is so much later. */
  wait(minutes: number): void {
    this.#clock += minutes * 60_000;
  }

  tag(name: string): void {
    this.git('tag', name);
  }
}

/** A folder that is removed by `dispose`. */
export function temporaryFolder(): { readonly path: string; dispose(): void } {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'reprove-test-'));
  return { path: folder, dispose: () => rmSync(folder, { recursive: true, force: true }) };
}
