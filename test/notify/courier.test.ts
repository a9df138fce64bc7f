import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Courier } from '../../src/notify/courier.ts';
import { parseSecrets } from '../../src/notify/standard-webhooks.ts';
import { fileTarget, type Target, webhookTarget } from '../../src/notify/targets.ts';
import { putNotices } from '../../src/store/notices.ts';
import { openStore, type Store } from '../../src/store/open.ts';
import { Receiver } from '../support/receiver.ts';
import { temporaryFolder } from '../support/repository.ts';
import { STORE_KINDS, type StoreKind } from '../support/stores.ts';

const SECRETS = ['a', 'b'].map((letter) => `whsec_${Buffer.from(letter.repeat(32)).toString('base64')}`);
const SECOND = 1000;
const HOUR = 3600 * SECOND;

describe.each(Object.entries(STORE_KINDS))('an outbox in %s', (_, openKind) => {
  let kind: StoreKind;
  let store: Store;
  let receiver: Receiver;
  let webhook: Target;
  let said: string[];
  /** Of the courier's clock. */
  let now: Date;

  beforeAll(async () => {
    kind = await openKind();
  });
  afterAll(() => kind.close());
  beforeEach(async () => {
    store = await openStore(kind.location());
    receiver = await Receiver.start();
    webhook = webhookTarget(receiver.url, parseSecrets(SECRETS.join('\n'), 'the test'));
    said = [];
    now = new Date('2026-03-01T03:00:00.000Z');
  });
  afterEach(async () => {
    await store.close();
    await receiver.close();
  });

  const put = (id: string, body: string, targets: readonly Target[] = [webhook]) =>
    store.transaction((db) => putNotices(db, [{ id, body }], { targets: targets.map((one) => one.id), now }));
  const deliver = (target = webhook, patienceMs = 0) => {
    const { signal } = new AbortController();
    const options = { signal, now: () => now, onTrouble: (text: string) => void said.push(text) };
    return new Courier(store, target, options).deliver(patienceMs);
  };
  const later = (ms: number) => {
    now = new Date(now.getTime() + ms);
  };
  const outcomes = () =>
    store.query((db) => db.selectFrom('notices').select(['id', 'outcome', 'tries']).orderBy('id').execute());

  test('is delivered once, signed as the reference library checks it, with every secret', async () => {
    await put('msg_1', '{"name":"\u202eevil"}');
    await put('msg_1', '{"again":true}');
    await deliver();
    await deliver();
    expect(receiver.received).toHaveLength(1);
    const [{ headers, body } = { headers: {}, body: '' }] = receiver.received;
    for (const secret of SECRETS)
      expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toEqual({
        name: '\u202eevil',
      });
    const other = `whsec_${Buffer.from('c'.repeat(32)).toString('base64')}`;
    expect(() => new Webhook(other).verify(body, headers as Record<string, string>)).toThrow();
    expect(headers).toMatchObject({ 'webhook-id': 'msg_1', 'content-type': 'application/json' });
    expect([said, await outcomes()]).toEqual([[], [{ id: 'msg_1', outcome: 'delivered', tries: 1 }]]);
  });

  test('a receiver that fails is left alone for a while, and told again with the same id', async () => {
    receiver.answers.push({ status: 500 }, { status: 503, headers: { 'retry-after': '7200' } });
    await put('msg_1', '{"n":1}');
    later(1);
    await put('msg_2', '{"n":2}');
    await deliver();
    // What is behind it would meet the same.
    expect(receiver.received.map(({ body }) => body)).toEqual(['{"n":1}']);
    expect(said.join()).toMatch(
      /notification msg_1 could not be delivered to http:\/\/127\.0\.0\.1:\d+: .*500/,
    );
    expect(said.join()).not.toContain('/hook');
    later(SECOND);
    await deliver();
    // The other one was due; its receiver wants to be left alone for two hours.
    expect(receiver.received.map(({ body }) => body)).toEqual(['{"n":1}', '{"n":2}']);
    later(HOUR);
    await deliver();
    expect(receiver.received.slice(2).map(({ headers }) => headers['webhook-id'])).toEqual(['msg_1']);
    later(2 * HOUR);
    await deliver();
    expect(receiver.received.slice(3).map(({ headers }) => headers['webhook-id'])).toEqual(['msg_2']);
    expect((await outcomes()).map(({ outcome }) => outcome)).toEqual(['delivered', 'delivered']);
  });

  test('is given up after three days, and kept', async () => {
    await put('msg_1', '{}');
    for (let n = 0; n < 12; n += 1) {
      receiver.answers.push({ status: 500 });
      await deliver();
      later(27 * HOUR);
    }
    expect(receiver.received).toHaveLength(10);
    expect(await outcomes()).toEqual([{ id: 'msg_1', outcome: 'given-up', tries: 10 }]);
    expect(said.at(-1)).toContain('It was tried 10 times and is given up');
  });

  test('attack: a receiver that points elsewhere is not followed', async () => {
    const other = await Receiver.start();
    receiver.answers.push({ status: 307, headers: { location: other.url } });
    await put('msg_1', '{}');
    await deliver();
    expect(other.received).toEqual([]);
    expect(said.join()).toContain('status 307, and redirections are not followed');
    await other.close();
  });

  test('a receiver that is gone gets no more of it', async () => {
    receiver.answers.push({ status: 410 });
    await put('msg_1', '{}');
    await deliver();
    later(48 * HOUR);
    await deliver();
    expect(receiver.received).toHaveLength(1);
    expect((await outcomes())[0]?.outcome).toBe('given-up');
  });

  test('a receiver that is not there is said, and nothing is lost', async () => {
    await receiver.close();
    await put('msg_1', '{}');
    await deliver();
    expect(said.join()).toContain('ECONNREFUSED');
    expect(await outcomes()).toEqual([{ id: 'msg_1', outcome: null, tries: 1 }]);
  });

  test('a clock that went back a year holds nothing up', async () => {
    await put('msg_1', '{}');
    later(-365 * 24 * HOUR);
    await deliver();
    expect(receiver.received).toHaveLength(1);
  });

  test('each place has its own, and one that fails does not hold up another', async () => {
    const folder = temporaryFolder();
    const file = fileTarget(path.join(folder.path, 'notices.jsonl'));
    receiver.answers.push({ status: 500 });
    await put('msg_1', '{"n":1}', [webhook, file]);
    await Promise.all([deliver(webhook), deliver(file)]);
    expect(readFileSync(file.shown, 'utf8')).toBe('{"n":1}\n');
    // A line that a full disk cut off does not spoil the next one.
    writeFileSync(file.shown, '{"n":1}\n{"n":2', 'utf8');
    await put('msg_3', '{"n":3}', [file]);
    await deliver(file);
    expect(readFileSync(file.shown, 'utf8')).toBe('{"n":1}\n{"n":2\n{"n":3}\n');
    folder.dispose();
  });

  test('a file that cannot be written is said, and the line comes later', async () => {
    const folder = temporaryFolder();
    const file = fileTarget(path.join(folder.path, 'missing', 'notices.jsonl'));
    await put('msg_1', '{}', [file]);
    await deliver(file);
    expect(said.join()).toContain('ENOENT');
    folder.dispose();
  });
});

describe('a secret', () => {
  test.each([
    ['nothing', ''],
    ['no prefix', Buffer.alloc(32).toString('base64')],
    ['too short', `whsec_${Buffer.alloc(23).toString('base64')}`],
    ['too long', `whsec_${Buffer.alloc(65).toString('base64')}`],
    ['no base64', 'whsec_%%%'],
  ])('is refused when it is %s, and is not shown', (_, text) => {
    expect(() => parseSecrets(text, 'the file')).toThrow(/The secret for notifications in the file/);
    try {
      parseSecrets(text, 'the file');
    } catch (error) {
      if (text !== '') expect(String(error)).not.toContain(text);
    }
  });
});
