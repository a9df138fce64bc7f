import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { inLettersOfDisk } from '../../src/source/local-mirror.ts';
import { parseRepositoryUrl, remotesFor } from '../../src/source/repository-url.ts';
import { temporaryFolder } from '../support/repository.ts';

const folder = temporaryFolder();
afterAll(() => folder.dispose());

function remotes(url: string, template: string): Promise<readonly string[]> {
  const parsed = parseRepositoryUrl(url);
  if (parsed === null) throw new Error(`${url} is no repository`);
  return inLettersOfDisk(remotesFor(parsed, [template]), [template]);
}

function makeFolders(...names: readonly string[]): void {
  for (const name of names) mkdirSync(path.join(folder.path, name), { recursive: true });
}

describe('a mirror on disk', () => {
  it('is found in other letters than those of the address', async () => {
    makeFolders('one/Rich-Harris+Magic-String/repo');
    const template = path.join(folder.path, 'one/{owner}+{name}/repo');
    expect(await remotes('https://git.example/rich-harris/magic-string', template)).toEqual([
      path.join(folder.path, 'one/Rich-Harris+Magic-String/repo'),
      'https://git.example/rich-harris/magic-string',
    ]);
  });

  it('is found in a folder for each part of the address', async () => {
    makeFolders('two/Owner/Name.git');
    const template = path.join(folder.path, 'two/{owner}/{name}.git');
    const [first] = await remotes('https://git.example/oWNER/nAME', template);
    expect(first).toBe(path.join(folder.path, 'two/Owner/Name.git'));
  });

  it('is the one with the very letters where there are several', async () => {
    makeFolders('three/NAME', 'three/Name', 'three/name');
    const template = path.join(folder.path, 'three/{name}');
    const [first] = await remotes('https://git.example/owner/Name', template);
    expect(first).toBe(path.join(folder.path, 'three/Name'));
  });

  it('is never looked for in other letters than those of the fixed part of the template', async () => {
    makeFolders('Four/name');
    const template = path.join(folder.path, 'four/{name}');
    const [first] = await remotes('https://git.example/owner/Name', template);
    expect(first).toBe(path.join(folder.path, 'four/Name'));
  });

  it('that does not exist stays as the template has it', async () => {
    const template = path.join(folder.path, 'none/{owner}/{name}');
    const [first] = await remotes('https://git.example/owner/Name', template);
    expect(first).toBe(path.join(folder.path, 'none/owner/Name'));
  });
});
