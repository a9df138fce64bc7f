import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { Notification, notificationJsonSchema } from '../../src/notify/notification.ts';
import { integrityOf, lockfile, publishLocked, worldOptions } from '../support/batches.ts';
import { reprove } from '../support/cli.ts';
import { Receiver } from '../support/receiver.ts';
import { TestWorld } from '../support/world.ts';

const SCHEMA_FILE = path.join(import.meta.dirname, '../../docs/notification.schema.json');
const SECRET = `whsec_${Buffer.alloc(32, 'x').toString('base64')}`;

let world: TestWorld;
let receiver: Receiver;
const inWorld = (name: string) => path.join(world.folder.path, name);

/** Publishes a package, and locks what was published. */
const publish = (name: string, published: string, source = published) =>
  publishLocked(world, name, { 'index.js': published }, { 'index.js': source });

beforeAll(async () => {
  world = await TestWorld.open();
  receiver = await Receiver.start();
  writeFileSync(inWorld('secret'), `${SECRET}\n`);
});
afterAll(async () => {
  await world.close();
  await receiver.close();
});

const notifying = () => [
  '--notify-url',
  receiver.url,
  '--notify-secret-file',
  inWorld('secret'),
  '--notify-file',
  inWorld('notices.jsonl'),
];
const batch = (input: string, store: string, ...more: string[]) =>
  reprove(['batch', input, '--store', inWorld(store), '--json', ...worldOptions(world), ...more]);

test('what got worse in a batch is told, signed; what did not is not', { timeout: 300_000 }, async () => {
  const steady = publish('steady', '1\n');
  const turning = publish('turning', '1\n');
  const input = lockfile(world, 'told.json', [steady, turning]);
  const first = await batch(input, 'told.sqlite', ...notifying());
  expect([first.exitCode, receiver.received.length], first.stderr).toEqual([0, 0]);

  const served = world.publish('turning', { 'index.js': 'steal()\n' });
  lockfile(world, 'told.json', [steady, { ...turning, integrity: integrityOf(served) }]);
  // The receiver is away: the verdict is the same, and the next run tells.
  receiver.answers.push({ status: 500 }, { status: 500 });
  const second = await batch(input, 'told.sqlite', '--max-age', '0', ...notifying());
  expect(second.exitCode, second.stderr).toBe(1);
  expect(second.stderr).toContain('could not be delivered');
  const [line = ''] = readFileSync(inWorld('notices.jsonl'), 'utf8').split('\n');
  const told = Notification.parse(JSON.parse(line));
  expect(told).toMatchObject({ type: 'batch.regressed', data: { counts: { total: 2, diverged: 1 } } });
  expect(told.data).toMatchObject({
    series: input,
    leftOut: 0,
    changes: [
      { kind: 'bytes-changed', name: 'turning' },
      { kind: 'no-longer-reproduced', name: 'turning' },
    ],
  });

  const { length } = receiver.received;
  expect(length).toBeGreaterThan(0);
  const { headers = {}, body = '' } = receiver.received[0] ?? {};
  expect(new Webhook(SECRET).verify(body, headers as Record<string, string>)).toEqual(told);
  expect(headers['webhook-id']).toBe(told.id);
});

test('a divergence in the first batch of a series is told as well', async () => {
  receiver.received.length = 0;
  receiver.answers.length = 0;
  const input = lockfile(world, 'first.json', [publish('attacked', 'steal()\n', '1\n')]);
  const env = { REPROVE_NOTIFY_SECRET: SECRET };
  const args = ['batch', input, '--store', inWorld('first.sqlite'), ...worldOptions(world)];
  const run = await reprove([...args, '--notify-url', receiver.url], { env });
  expect(run.exitCode).toBe(1);
  expect(receiver.received).toHaveLength(1);
  expect(JSON.parse(receiver.received[0]?.body ?? '')).toMatchObject({
    data: { previous: null, changes: [{ kind: 'new-diverged', name: 'attacked', version: '1.0.0' }] },
  });
});

describe('wrong usage', () => {
  test.each([
    ['an address without a secret', ['--notify-url', 'https://hooks.example/'], 'There is no secret'],
    [
      'an address with a password',
      ['--notify-url', 'https://a:b@hooks.example/', '--notify-secret-file', 'secret'],
      'has a user name or password in it',
    ],
    ['an address that is none', ['--notify-url', 'file:///etc/passwd'], 'must be an http or https URL'],
    [
      'a secret file that is not there',
      ['--notify-url', 'https://hooks.example/', '--notify-secret-file', 'none'],
      'The secret file',
    ],
  ])('%s', async (_, args, said) => {
    const run = await reprove(['batch', 'any.json', ...args], { cwd: world.folder.path });
    expect([run.exitCode, run.stdout]).toEqual([2, '']);
    expect(run.stderr).toContain(said);
  });
});

describe('docs/notification.schema.json', () => {
  it('is what is sent', async () => {
    await expect(`${JSON.stringify(notificationJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(SCHEMA_FILE);
  });
});
