import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Compression } from '../../actors/component.ts';
import type { OutgoingRecord, Producer } from '../../actors/port.ts';
import type { PendingRecord } from '../../src/runtime/outbox.ts';
import { SharedProducer } from '../../src/runtime/shared-producer.ts';

function pending(topic: string, timestamp: number, size = 10): PendingRecord {
  return { topic, partition: 0, key: null, value: null, headers: [], timestamp, size, limit: 1000 };
}

function only(records: readonly PendingRecord[], compression: Compression = 'none'): () => Map<Compression, readonly PendingRecord[]> {
  return () => new Map([[compression, records]]);
}

/** A producer that keeps what it was given, and may refuse. */
class Recorder {
  readonly requests: { readonly records: readonly OutgoingRecord[]; readonly compression: Compression }[] = [];
  refuse: Error | null = null;
  made = 0;
  closed = 0;
  #flying = 0;

  make(): Producer {
    this.made += 1;
    return {
      send: async (records, compression) => {
        this.#flying += 1;
        assert.equal(this.#flying, 1, 'one request at a time');
        await new Promise((resolve) => setImmediate(resolve));
        this.#flying -= 1;
        if (this.refuse !== null) throw this.refuse;
        this.requests.push({ records, compression });
      },
      close: () => {
        this.closed += 1;
        return Promise.resolve();
      }
    };
  }
}

describe('the shared producer', () => {
  it('sends what several tasks have at the same time in one request', async () => {
    const recorder = new Recorder();
    const shared = new SharedProducer(() => recorder.make());
    await Promise.all([1, 2, 3].map((task) => shared.sender().send(only([pending('a', task)]))));
    assert.deepEqual(recorder.requests.map(({ records }) => records.map(({ timestamp }) => timestamp)), [[1, 2, 3]]);
    assert.equal(recorder.made, 1);
  });

  it('keeps compressions and sizes apart: no partition gets more than its topic takes, whoever the records come from', async () => {
    const recorder = new Recorder();
    const shared = new SharedProducer(() => recorder.make());
    await Promise.all([
      shared.sender().send(only([pending('a', 1, 800)])),
      shared.sender().send(only([pending('a', 2, 800)])),
      shared.sender().send(only([pending('a', 3)], 'gzip'))
    ]);
    assert.deepEqual(recorder.requests.map(({ records, compression }) => [compression, ...records.map(({ timestamp }) => timestamp)]), [['none', 1], ['none', 2], ['gzip', 3]]);
  });

  it('fails whoever had a part in a refused request, and starts anew for the others', async () => {
    const recorder = new Recorder();
    const shared = new SharedProducer(() => recorder.make());
    recorder.refuse = new Error('away');
    const first = await Promise.allSettled([1, 2].map((task) => shared.sender().send(only([pending('a', task)]))));
    assert.deepEqual(first.map(({ status }) => status), ['rejected', 'rejected']);
    assert.equal(recorder.closed, 1);
    recorder.refuse = null;
    await shared.sender().send(only([pending('a', 3)]));
    assert.equal(recorder.made, 2);
  });

  it('takes nothing from a task that was closed', async () => {
    const recorder = new Recorder();
    const shared = new SharedProducer(() => recorder.make());
    const [gone, stays] = [shared.sender(), shared.sender()];
    const refused = assert.rejects(gone.send(only([pending('a', 1)])), /closed/);
    const sent = stays.send(only([pending('a', 2)]));
    gone.close();
    await Promise.all([refused, sent]);
    assert.deepEqual(recorder.requests.flatMap(({ records }) => records.map(({ timestamp }) => timestamp)), [2]);
  });

  it('property: everything once, in the order of each task', async () => {
    const steps = fc.array(fc.record({ task: fc.nat(3), records: fc.nat(4), pause: fc.boolean() }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(steps, async (plan) => {
        const recorder = new Recorder();
        const shared = new SharedProducer(() => recorder.make());
        const senders = Array.from({ length: 4 }, () => ({ sender: shared.sender(), last: Promise.resolve() }));
        let number = 0;
        const expected = new Map<number, number[]>();
        for (const { task, records, pause } of plan) {
          const own = senders[task] as (typeof senders)[number];
          const batch = Array.from({ length: records }, () => pending(`t${task}`, (number += 1)));
          expected.set(task, [...(expected.get(task) ?? []), ...batch.map(({ timestamp }) => timestamp)]);
          own.last = own.last.then(() => own.sender.send(only(batch)));
          if (pause) await new Promise((resolve) => setImmediate(resolve));
        }
        await Promise.all(senders.map(({ last }) => last));
        const sent = recorder.requests.flatMap(({ records }) => records);
        for (const [task, timestamps] of expected) assert.deepEqual(sent.filter(({ topic }) => topic === `t${task}`).map(({ timestamp }) => timestamp), timestamps);
        assert.equal(sent.length, number);
      }),
      { numRuns: 60 }
    );
  });
});
