import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { GroupReader, TopicPartition } from '../../actors/port.ts';
import type { StreamRecord } from '../../actors/record.ts';
import { Credit } from '../../src/runtime/credit.ts';
import { Intake } from '../../src/runtime/intake.ts';
import { Taps } from '../../src/runtime/taps.ts';
import { Valve } from '../../src/runtime/valve.ts';
import { ManualClock } from '../support/clock.ts';

/** A reader that knows which partitions it would read. */
class FakeReader implements GroupReader {
  readonly reading = new Set<number>();
  readonly committed: unknown[] = [];
  start(): Promise<void> {
    return Promise.resolve();
  }
  deliver({ partition }: TopicPartition): void {
    this.reading.add(partition);
  }
  pause({ partition }: TopicPartition): void {
    this.reading.delete(partition);
  }
  resume({ partition }: TopicPartition): void {
    this.reading.add(partition);
  }
  commit(...args: unknown[]): Promise<void> {
    this.committed.push(args);
    return Promise.resolve();
  }
  stop(): Promise<void> {
    return Promise.resolve();
  }
}

describe('the valve in front of the tasks', () => {
  it('lets through what the tasks ask for while it is open, and nothing while it is held', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.array(fc.tuple(fc.constantFrom('deliver', 'pause', 'resume', 'hold', 'release'), fc.nat(3))), (held, steps) => {
        const reader = new FakeReader();
        const valve = new Valve(reader, held);
        const wanted = new Set<number>();
        let isHeld = held;
        for (const [step, partition] of steps) {
          const at = { topic: 't', partition };
          if (step === 'deliver') valve.deliver(at, 0);
          if (step === 'pause') valve.pause(at);
          if (step === 'resume') valve.resume(at);
          if (step === 'hold') valve.hold();
          if (step === 'release') valve.release();
          if (step === 'deliver' || step === 'resume') wanted.add(partition);
          if (step === 'pause') wanted.delete(partition);
          if (step === 'hold' || step === 'release') isHeld = step === 'hold';
          assert.equal(valve.held, isHeld);
          assert.deepEqual([...reader.reading].toSorted(), isHeld ? [] : [...wanted].toSorted());
        }
      })
    );
  });

  it('lets commits through while it is held', async () => {
    const reader = new FakeReader();
    await new Valve(reader, true).commit(1, []);
    assert.deepEqual(reader.committed, [[1, []]]);
  });

  it('a partition that is held back is not quiet: it does not become idle by that', () => {
    const clock = new ManualClock();
    const valve = new Valve(new FakeReader(), false);
    const intake = new Intake({ at: { topic: 't', partition: 0 }, start: 0, end: 0, reader: valve, credit: new Credit(1000, 10), throttle: null, clock, admit: () => undefined });
    clock.advance(5000);
    assert.equal(intake.quiet, 5000);
    valve.hold();
    assert.equal(intake.quiet, 0);
    clock.advance(60_000);
    assert.equal(intake.quiet, 0);
    valve.release();
    clock.advance(10);
    assert.equal(intake.quiet, 10);
  });
});

describe('taps', () => {
  const record = { offset: 1 } as StreamRecord;
  const batch = { kind: 'batch', records: [record, record], now: 0, trace: null } as const;

  it('see what their outputs send, until they are taken away, each on its own', () => {
    const taps = new Taps();
    const seen: string[] = [];
    const one = taps.add([{ node: 1, port: 0 }, { node: 2, port: 1 }], () => seen.push('one'));
    const two = taps.add([{ node: 1, port: 0 }], () => seen.push('two'));
    assert.equal(taps.size, 2);
    taps.offer(1, 0, batch);
    taps.offer(2, 0, batch);
    assert.deepEqual(seen.splice(0), ['one', 'one', 'two', 'two']);
    one();
    one();
    taps.offer(1, 0, batch);
    taps.offer(2, 1, batch);
    assert.deepEqual(seen, ['two', 'two']);
    two();
    assert.equal(taps.size, 0);
  });

  it('do no harm where they throw', () => {
    const taps = new Taps();
    let seen = 0;
    taps.add([{ node: 1, port: 0 }], () => { throw new Error('gone'); });
    taps.add([{ node: 1, port: 0 }], () => { seen += 1; });
    taps.offer(1, 0, batch);
    assert.equal(seen, 2);
  });
});
