import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { RegistryArchive } from '../../../../builders/npm/proxy/archive.ts';
import type { Subject } from '../../../../builders/npm/proxy/subject.ts';
import { clientOf, packageTarball, publishAll, startRegistry } from '../../../support/registry.ts';

const CUTOFF = '2022-01-01T00:00:00.000Z';
const SUBJECT: Subject = { name: 'own', version: '2.0.0', sha512: 'ab'.repeat(64) };
const OWN = {
  'own@1.0.0': { time: '2021-01-01T00:00:00.000Z' },
  'own@2.0.0': { time: CUTOFF },
  'own@2.0.1': { time: '2022-01-02T00:00:00.000Z' },
  // A backport: its number is lower, it is younger all the same.
  'own@1.9.9': { time: '2022-01-03T00:00:00.000Z' },
};

async function archiveOf(options: { subject: Subject; created?: boolean }) {
  const registry = await startRegistry();
  publishAll(registry, { ...OWN, 'dep@1.0.0': { time: '2022-05-01T00:00:00.000Z' } });
  if (options.created === false)
    registry.alter('own', ({ time, ...document }) => ({
      ...document,
      time: { ...(time as object), created: undefined },
    }));
  const client = await clientOf(registry);
  const archive = new RegistryArchive({
    client,
    cutoff: new Date(CUTOFF),
    wanted: [],
    locked: [],
    subject: options.subject,
    pins: null,
    node: null,
    standIns: false,
  });
  const served = async (name: string, version: string) => {
    const bytes = await archive.artifact(name, `${name}-${version}.tgz`);
    expect((await archive.exactVersion(name, version)) === null).toBe(bytes === null);
    return bytes !== null;
  };
  return { archive, served };
}

describe('of the package that is being verified', () => {
  it('only what is older is served, even to a lockfile', async () => {
    const { served, archive } = await archiveOf({ subject: SUBJECT });
    const versions = ['1.0.0', '1.9.9', '2.0.0', '2.0.1'];
    expect(await Promise.all(versions.map((version) => served('own', version)))).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(await archive.allow('own', '>=1.5.0')).toBeNull();
    expect((await archive.packageAt('own'))?.document.distTags.size).toBe(0);
  });

  it('lower numbers are served too where the times say nothing, higher ones never', async () => {
    const { served } = await archiveOf({ subject: SUBJECT, created: false });
    expect(await served('own', '1.9.9')).toBe(true);
    expect(await served('own', '2.0.1')).toBe(false);
  });
});

describe('the bytes that are being verified', () => {
  it('are refused under any name', async () => {
    const sha512 = hash('sha512', packageTarball({ name: 'dep', version: '1.0.0' }));
    const { archive } = await archiveOf({ subject: { ...SUBJECT, sha512 } });
    await expect(archive.artifact('dep', 'dep-1.0.0.tgz')).rejects.toMatchObject({
      code: 'registry-invalid',
    });
    expect(archive.materials).toEqual([]);
  });

  it('are not confused with those of another package, which is served and said to be young', async () => {
    const { served, archive } = await archiveOf({ subject: SUBJECT });
    expect(await served('dep', '1.0.0')).toBe(true);
    expect(archive.materials).toMatchObject([{ name: 'dep', afterCutoff: true }]);
  });
});
