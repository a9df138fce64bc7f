import { expect, it } from 'vitest';
import { RegistryArchive } from '../../../../builders/npm/proxy/archive.ts';
import { emptyPackage } from '../../../../builders/npm/proxy/empty-package.ts';
import { clientOf, publishAll, startRegistry } from '../../../support/registry.ts';

const LIB = {
  'lib@1.0.0': { time: '2021-01-01T00:00:00.000Z' },
  'lib@1.2.0': { time: '2021-02-01T00:00:00.000Z' },
  'lib@1.3.0': { time: '2023-01-01T00:00:00.000Z' },
  'lib@2.0.0': { time: '2021-03-01T00:00:00.000Z' },
};

const OPTIONS = {
  cutoff: new Date('2022-01-01T00:00:00.000Z'),
  wanted: [],
  locked: [],
  subject: null,
  pins: null,
  node: null,
};

async function archiveOf(options: { readonly standIns: boolean; readonly created?: boolean }) {
  const registry = await startRegistry();
  publishAll(registry, LIB);
  if (options.created === false)
    registry.alter('lib', ({ time, ...document }) => ({
      ...document,
      time: { ...(time as object), created: undefined },
    }));
  return new RegistryArchive({ ...OPTIONS, client: await clientOf(registry), standIns: options.standIns });
}

/** What is served for a version that is gone: the version that stands in, `empty`, or null. */
async function servedFor(archive: RegistryArchive, name: string, version: string): Promise<string | null> {
  const bytes = await archive.artifact(name, `${name}-${version}.tgz`);
  if (bytes === null) return null;
  return (
    archive.materials.at(-1)?.version ??
    (Buffer.compare(bytes, emptyPackage(name, version)) === 0 ? 'empty' : 'other')
  );
}

it.each([
  ['the next higher version of its line', '1.1.0', '1.2.0'],
  ['the next lower one, before one that there was not yet', '1.2.5', '1.2.0'],
  ['nothing of another line', '3.0.0', 'empty'],
])('%s stands in for one that is gone', async (_what, gone, expected) => {
  const archive = await archiveOf({ standIns: true });
  expect(await servedFor(archive, 'lib', gone)).toBe(expected);
  expect(archive.repairs).toMatchObject([{ kind: 'stand-in', name: 'lib', range: gone }]);
});

it('where the times say nothing, one that came later may stand in', async () => {
  const archive = await archiveOf({ standIns: true, created: false });
  expect(await servedFor(archive, 'lib', '1.2.5')).toBe('1.3.0');
});

it('an empty package stands in for one that the registry does not know', async () => {
  const archive = await archiveOf({ standIns: true });
  expect(await servedFor(archive, 'unknown', '1.0.0')).toBe('empty');
});

it('nothing does where the plan does not ask for it', async () => {
  const archive = await archiveOf({ standIns: false });
  expect(await servedFor(archive, 'lib', '1.1.0')).toBeNull();
  expect(archive.repairs).toEqual([]);
});

it.each([
  ['darwin only', ['darwin'], 'idle-stand-in'],
  ['all but linux', ['!linux'], 'idle-stand-in'],
  ['a text', 'win32', 'idle-stand-in'],
  ['linux, too', ['darwin', 'linux'], 'stand-in'],
  ['all but another', ['!win32'], 'stand-in'],
  ['nothing that can be read', [7], 'stand-in'],
])('one that is never installed here is told apart: %s', async (_what, os, kind) => {
  const registry = await startRegistry();
  publishAll(registry, { 'lib@1.2.0': { ...LIB['lib@1.2.0'], os } });
  const archive = new RegistryArchive({ ...OPTIONS, client: await clientOf(registry), standIns: true });
  expect(await servedFor(archive, 'lib', '1.1.0')).toBe('1.2.0');
  expect(archive.repairs.map((repair) => repair.kind)).toEqual([kind]);
});
