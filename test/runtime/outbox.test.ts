import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { OutgoingRecord, Producer } from '../../actors/port.ts';
import { batchOverhead, BufferedOutbox, EagerOutbox, requests } from '../../src/runtime/outbox.ts';
import type { Lane, PendingRecord } from '../../src/runtime/outbox.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { SharedProducer } from '../../src/runtime/shared-producer.ts';
import type { Sender } from '../../src/runtime/shared-producer.ts';

const lane: Lane = { compression: 'none', batch: { records: 100, bytes: 1_000_000, linger: 0 } };

/** For what must not happen. */
function unexpected(error: unknown): never {
  throw error;
}

function pending(topic: string, partition: number, size: number, limit = 1000, timestamp = 0): PendingRecord {
  return { topic, partition, key: null, value: null, headers: [], timestamp, size, limit };
}

describe('requests', () => {
  it('loses nothing, keeps the order, and keeps each partition under its topic\'s limit', () => {
    const record = fc.record({ topic: fc.constantFrom('a', 'b'), partition: fc.nat(2), size: fc.integer({ min: 1, max: 930 }) });
    fc.assert(
      fc.property(fc.array(record, { maxLength: 60 }), (specs) => {
        const records = specs.map(({ topic, partition, size }) => pending(topic, partition, size));
        const cut = [...requests(records)];
        assert.deepEqual(cut.flat(), records);
        for (const request of cut) {
          assert.ok(request.length > 0);
          const shares = new Map<string, number>();
          for (const { topic, partition, size } of request) shares.set(`${topic}${partition}`, (shares.get(`${topic}${partition}`) ?? batchOverhead) + size);
          for (const share of shares.values()) assert.ok(share <= 1000);
        }
      })
    );
  });
});

describe('BufferedOutbox', () => {
  it('gives each epoch what was added before its seal, and nothing else', async () => {
    const outbox = new BufferedOutbox();
    outbox.add(lane, pending('a', 0, 10, 1000, 1));
    const first = outbox.seal();
    outbox.add(lane, pending('a', 0, 10, 1000, 2));
    const second = outbox.seal();
    assert.deepEqual(await written(first), [1]);
    assert.deepEqual(await written(second), [2]);
    assert.equal(outbox.bytes, 0);
  });
});

async function written(sealed: ReturnType<BufferedOutbox['seal']>): Promise<number[]> {
  const sent: OutgoingRecord[] = [];
  const send = (records: readonly OutgoingRecord[]): Promise<void> => Promise.resolve(void sent.push(...records));
  await sealed.write({ send, sendOffsets: () => Promise.resolve(), commit: () => Promise.resolve(), abort: () => Promise.resolve() });
  return sent.map(({ timestamp }) => timestamp);
}

/** A way to a producer of one task's own. */
function through(send: Producer['send']): Sender {
  return new SharedProducer(() => ({ send, close: () => Promise.resolve() })).sender();
}

describe('EagerOutbox', () => {
  const transaction = {} as Parameters<ReturnType<EagerOutbox['seal']>['write']>[0];

  it('sends one request at a time, in order, and a seal waits for all of it', async () => {
    const sent: number[] = [];
    let flying = 0;
    const send = async (records: readonly OutgoingRecord[]): Promise<void> => {
      assert.equal(++flying, 1);
      await new Promise((resolve) => setTimeout(resolve, 2));
      sent.push(...records.map(({ timestamp }) => timestamp));
      flying -= 1;
    };
    const outbox = new EagerOutbox(through(send), systemClock, unexpected);
    for (let index = 0; index < 20; index += 1) {
      outbox.add(lane, pending('a', 0, 10, 1000, index));
      outbox.flush();
    }
    await outbox.seal().write(transaction);
    assert.deepEqual(sent, Array.from({ length: 20 }, (_, index) => index));
  });

  it('waits for its linger, but not when the epoch is sealed', async () => {
    let sent = 0;
    const send = (records: readonly OutgoingRecord[]): Promise<void> => Promise.resolve(void (sent += records.length));
    const outbox = new EagerOutbox(through(send), systemClock, unexpected);
    outbox.add({ compression: 'none', batch: { records: 100, bytes: 1_000_000, linger: 60_000 } }, pending('a', 0, 10));
    outbox.flush();
    assert.equal(sent, 0);
    await outbox.seal().write(transaction);
    assert.equal(sent, 1);
  });

  it('reports a refused send, and no epoch behind it is taken for written', async () => {
    const errors: unknown[] = [];
    const outbox = new EagerOutbox(through(() => Promise.reject(new Error('away'))), systemClock, (error) => errors.push(error));
    outbox.add(lane, pending('a', 0, 10));
    await assert.rejects(outbox.seal().write(transaction), /away/);
    outbox.add(lane, pending('a', 0, 10));
    await assert.rejects(outbox.seal().write(transaction), /away/);
    assert.equal(errors.length, 1);
  });

  it('sealed, does not wait for what is added later, however much comes', async () => {
    let sent = 0;
    const outbox = new EagerOutbox(through((records) => {
      sent += records.length;
      // A stream that never pauses: each answer finds more.
      if (sent < 10_000) outbox.add(lane, pending('a', 0, 10));
      return Promise.resolve();
    }), systemClock, unexpected);
    outbox.add(lane, pending('a', 0, 10));
    const sealed = outbox.seal();
    assert.equal(sealed.records, 1);
    await sealed.write(transaction);
    assert.ok(sent < 10, String(sent));
    outbox.close();
  });

  it('closed, sends nothing more, whatever its linger was about to', async () => {
    let sent = 0;
    const send = (records: readonly OutgoingRecord[]): Promise<void> => Promise.resolve(void (sent += records.length));
    const outbox = new EagerOutbox(through(send), systemClock, unexpected);
    outbox.add({ compression: 'none', batch: { records: 100, bytes: 1_000_000, linger: 5 } }, pending('a', 0, 10));
    outbox.flush();
    outbox.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(sent, 0);
  });
});
