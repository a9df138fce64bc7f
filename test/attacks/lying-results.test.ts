import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ECOSYSTEMS } from '../../builders/index.ts';
import { reportOf } from '../../src/report/report.ts';
import { renderText } from '../../src/report/text.ts';
import { rootFilesystem } from '../../src/sandbox/rootfs.ts';
import { selectEngine } from '../../src/sandbox/select.ts';
import { verify } from '../../src/verify.ts';
import { npmTarball } from '../support/tarball.ts';
import { manifestOf, SMALL_LIMITS, ENGINE, TestWorld } from '../support/world.ts';

const engine = ENGINE;
let world: TestWorld;
beforeAll(async () => {
  world = await TestWorld.open();
});
afterAll(() => world.close());

const PLAIN = { color: false, width: 100 };
const EVIL = { 'index.js': 'steal();\n' };

describe('who chose the source can be seen in the result', () => {
  it('when --source replaces the stated repository', async () => {
    world.source('attacker-of-victim', EVIL, { name: 'victim' });
    world.publish('victim', EVIL, { repository: 'https://git.example/owner/victim' });
    const document = await verify(
      {
        spec: 'victim',
        sourceOverride: { repository: 'https://git.example/evil/attacker-of-victim', commit: null },
        mirrors: [world.gitMirror],
        cacheDir: world.cacheDir,
        limits: SMALL_LIMITS,
        timeoutMs: 60_000,
      },
      {
        ecosystem: await ECOSYSTEMS.npm({
          cacheDir: world.cacheDir,
          cwd: world.folder.path,
          registry: world.registry.url,
          mirrors: [],
        }),
        engine: () => selectEngine({ requested: engine }),
        rootfs: () => rootFilesystem({ cacheDir: world.cacheDir }),
        progress: { onStage: () => undefined, onStep: () => undefined },
      },
    );
    const said = [
      ...document.signals.map((one) => one.message),
      ...(document.source?.evidence ?? []).map((one) => one.detail),
    ];
    expect(said.join('\n')).toMatch(/--source/);
    expect(said.join('\n')).toContain('https://git.example/owner/victim');
  });

  it('when a version names another repository than all versions before it', async () => {
    const bytes = npmTarball({
      'package.json': JSON.stringify(manifestOf('moved-house', { version: '0.9.0' })),
    });
    world.registry.publish({
      manifest: manifestOf('moved-house', { version: '0.9.0' }),
      bytes,
      time: '2024-01-01T00:00:00.000Z',
    });
    const repository = 'https://git.example/evil/stolen-house';
    world.source('stolen-house', EVIL, { name: 'moved-house', repository });
    world.publish('moved-house', EVIL, { repository });
    const document = await world.verify('moved-house@1.0.0', { engine });
    const said = document.signals.map((one) => one.message).join('\n');
    expect(said).toContain('https://git.example/owner/moved-house');
  });
});

describe('the severity of a result is not milder than its own catalogue', () => {
  it('when the registry serves a file that it does not describe', async () => {
    world.publish('swapped', EVIL);
    world.registry.alter('swapped', (document) => {
      const versions = document['versions'] as Record<string, { dist: Record<string, unknown> }>;
      const version = versions['1.0.0'];
      if (version !== undefined) version.dist = { ...version.dist, integrity: `sha512-${'A'.repeat(86)}==` };
      return document;
    });
    const document = await world.verify('swapped', { engine });
    expect([document.reason?.code, document.severity]).toEqual(['integrity-mismatch', 'critical']);
  });

  it('when the claimed repository is that of another package', async () => {
    world.source('somebody-else', EVIL);
    const repository = 'https://git.example/owner/somebody-else';
    world.publish('impostor', EVIL, { repository });
    const document = await world.verify('impostor', { engine });
    expect([document.reason?.code, document.severity]).toEqual(['source-mismatch', 'medium']);
  });
});

describe('the advice of a report fits its findings', () => {
  it('when the registry describes dependencies that the package does not have', async () => {
    world.source('confused', EVIL);
    const bytes = world.publish('confused', EVIL);
    const manifest = manifestOf('confused', { dependencies: { 'plain-crypto': '^4.2.1' } });
    world.registry.publish({ manifest, bytes, time: '2024-03-01T12:02:00.000Z' });
    const document = await world.verify('confused', { engine });
    expect(document.findings.map((one) => [one.kind, one.severity])).toContainEqual([
      'manifest-mismatch',
      'high',
    ]);
    // npm installs the dependencies of the document, not of the file.
    expect(renderText(reportOf(document), PLAIN)).not.toMatch(/next +Nothing\./);
  });

  it('when code that runs on import differs but is also in the commit', async () => {
    const manifest = { main: 'dist/index.js', scripts: { build: 'node build.js' } };
    const build = "require('fs').writeFileSync('dist/index.js', 'honest();\\n');\n";
    // The lib beside it is in no commit, so a build is made; the committed dist is not what it gives.
    const more = "require('fs').writeFileSync('lib.js', 'lib();\\n');\n";
    world.source('stale', { 'build.js': build + more, 'dist/index.js': 'steal();\n' }, manifest);
    world.publish(
      'stale',
      { 'build.js': build + more, 'dist/index.js': 'steal();\n', 'lib.js': 'lib();\n' },
      manifest,
    );
    const document = await world.verify('stale', { engine });
    expect(document.verdict).toBe('diverged');
    expect(renderText(reportOf(document), PLAIN)).not.toContain('none is code that runs by itself');
  });
});

describe('a local file', () => {
  it('is not passed off as the one of a registry that gives no digest', async () => {
    world.source('digestless', { 'index.js': 'honest();\n' });
    const bytes = world.publish('digestless', { 'index.js': 'honest();\n' });
    world.registry.publish({
      manifest: manifestOf('digestless'),
      bytes,
      time: '2024-03-01T12:02:00.000Z',
      dist: { integrity: undefined, shasum: undefined },
    });
    const file = path.join(world.folder.path, 'digestless-1.0.0.tgz');
    writeFileSync(
      file,
      npmTarball({ 'package.json': JSON.stringify(manifestOf('digestless')), 'index.js': 'steal();\n' }),
    );
    const document = await world.verify(file, { engine });
    expect(document.signals.map((one) => one.kind)).toContain('not-the-registry-artifact');
  });
});
