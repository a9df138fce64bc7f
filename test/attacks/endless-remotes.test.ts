import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ECOSYSTEMS } from '../../builders/index.ts';
import { verify } from '../../src/verify.ts';
import { SMALL_LIMITS, TestWorld } from '../support/world.ts';

let world: TestWorld;
let silent: Server;
beforeAll(async () => {
  world = await TestWorld.open();
  // Takes every connection and never answers.
  silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  silent.closeAllConnections();
  silent.close();
  await world.close();
});

describe('--timeout', () => {
  it('ends a run that waits for a git host', async () => {
    world.publish('waiting', { 'index.js': '1;\n' });
    const { port } = silent.address() as AddressInfo;
    const document = verify(
      {
        spec: 'waiting',
        sourceOverride: null,
        mirrors: [`http://127.0.0.1:${port}/{name}`],
        cacheDir: world.cacheDir,
        limits: SMALL_LIMITS,
        timeoutMs: 2000,
      },
      {
        ecosystem: await ECOSYSTEMS.npm({
          cacheDir: world.cacheDir,
          cwd: world.folder.path,
          registry: world.registry.url,
          mirrors: [],
        }),
        engine: () => Promise.reject(new Error('not needed')),
        rootfs: () => Promise.reject(new Error('not needed')),
        progress: { onStage: () => undefined, onStep: () => undefined },
      },
    ).then((done) => done.reason?.code);
    const late = new Promise<string>((resolve) => setTimeout(resolve, 20_000, 'still waiting'));
    expect(await Promise.race([document, late])).not.toBe('still waiting');
  });
});
