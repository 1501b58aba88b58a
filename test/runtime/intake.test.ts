import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { RateLimit } from '../../actors/component.ts';
import type { FetchedBatch, FetchedRecord, GroupReader, TopicPartition } from '../../actors/port.ts';
import { Credit } from '../../src/runtime/credit.ts';
import { Intake } from '../../src/runtime/intake.ts';
import { Throttle } from '../../src/runtime/throttle.ts';
import { ManualClock } from '../support/clock.ts';

const at: TopicPartition = { topic: 'in', partition: 0 };
const unlimited = Number.MAX_SAFE_INTEGER;

/** A log without end and a reader on it that fetches when told; like the real ones it never delivers while it is paused. */
class Log {
  position = 0;
  paused = true;
  readonly reader = {
    deliver: (_at: TopicPartition, offset: number) => {
      this.position = offset;
      this.paused = false;
    },
    pause: () => { this.paused = true; },
    resume: () => { this.paused = false; }
  } as unknown as GroupReader;

  /** Offsets 7, 17, 27, … hold no record, as where a transaction was committed. */
  fetch(size: number, into: Intake): void {
    if (this.paused) return;
    const records: FetchedRecord[] = [];
    const nextOffset = this.position + size;
    for (let offset = this.position; offset < nextOffset; offset += 1) {
      if (offset % 10 !== 7) records.push({ offset, timestamp: 0, key: null, value: Buffer.alloc(90), headers: [] });
    }
    this.position = nextOffset;
    into.fetched({ ...at, records, nextOffset, startOffset: 0, endOffset: nextOffset, bytes: records.length * 100 });
  }
}

function setUp(rate: RateLimit | null = null, creditBytes = 1e9, start = 0) {
  const clock = new ManualClock();
  const log = new Log();
  const admitted: FetchedBatch[] = [];
  const intake = new Intake({
    at,
    start,
    end: start,
    reader: log.reader,
    credit: new Credit(creditBytes, 1000),
    throttle: rate === null ? null : new Throttle(rate, clock),
    clock,
    admit: (batch) => { admitted.push(batch); }
  });
  const offsets = (): number[] => admitted.flatMap(({ records }) => records.map(({ offset }) => offset));
  return { clock, log, intake, admitted, offsets };
}

const below = (end: number, start = 0): number[] => Array.from({ length: end - start }, (_, index) => start + index).filter((offset) => offset % 10 !== 7);

describe('an intake', () => {
  it('lets everything through where nothing bounds it, batch by batch', () => {
    const { intake, log, offsets, admitted } = setUp();
    intake.open(Infinity);
    for (let n = 0; n < 3; n += 1) log.fetch(20, intake);
    assert.deepEqual(offsets(), below(60));
    assert.equal(admitted.length, 3);
    assert.equal(log.paused, false);
  });

  it('stops exactly at a bound, also where it lies among offsets without records, and goes on from there', () => {
    const { intake, log, offsets, admitted } = setUp();
    intake.open(18);
    log.fetch(40, intake);
    assert.deepEqual(offsets(), below(18));
    assert.equal(admitted.at(-1)?.nextOffset, 18);
    assert.ok(intake.reached && log.paused);
    intake.open(25);
    assert.equal(log.position, 18);
    log.fetch(5, intake);
    log.fetch(5, intake);
    assert.deepEqual(offsets(), below(25));
    assert.equal(admitted.at(-1)?.nextOffset, 25);
  });

  it('reads nothing where the bound is reached already', () => {
    const { intake, log } = setUp(null, 1e9, 30);
    intake.open(30);
    assert.ok(intake.reached && log.paused);
  });

  it('waits for credit, and goes on when it comes back', () => {
    const { intake, log, admitted } = setUp(null, 5000);
    intake.open(Infinity);
    log.fetch(20, intake);
    assert.ok(intake.exhausted && log.paused);
    intake.giveBack(20_000, 1);
    assert.equal(log.paused, false);
    assert.equal(admitted.length, 1);
  });

  it('holds to a rate of records, in small pieces, without losing its place', () => {
    const { intake, log, offsets, clock } = setUp({ records: 1000, bytes: unlimited });
    intake.open(Infinity);
    const perTenth: number[] = [];
    for (let tenth = 0; tenth < 20; tenth += 1) {
      const before = offsets().length;
      for (let step = 0; step < 10; step += 1) {
        log.fetch(500, intake);
        clock.advance(10);
      }
      perTenth.push(offsets().length - before);
    }
    assert.deepEqual(offsets(), below(5000).slice(0, offsets().length));
    for (const count of perTenth.slice(1)) assert.ok(count >= 90 && count <= 110, perTenth.join());
    assert.ok(perTenth[0]! <= 210, 'no more than the bucket at first');
  });

  it('holds to a rate of bytes; a record larger than the bucket comes through', () => {
    const { intake, log, offsets, clock } = setUp({ records: unlimited, bytes: 50 });
    intake.open(Infinity);
    for (let step = 0; step < 1000; step += 1) {
      log.fetch(10, intake);
      clock.advance(10);
    }
    assert.ok(offsets().length >= 5 && offsets().length <= 6, `${offsets().length} records of 100 bytes in ten seconds`);
  });

  it('lets nothing in once it is closed', () => {
    const { intake, log, clock, offsets } = setUp({ records: 10, bytes: unlimited });
    intake.open(Infinity);
    log.fetch(100, intake);
    const seen = offsets().length;
    intake.close();
    clock.advance(10_000);
    intake.giveBack(0, 0);
    assert.equal(offsets().length, seen);
    assert.ok(log.paused && clock.timers === 0);
  });

  it('admits each record below its bounds once, in order, whatever credit, rate, bounds and sizes of fetches', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('fetch' as const), n: fc.integer({ min: 1, max: 60 }) }),
      fc.record({ do: fc.constant('wait' as const), n: fc.integer({ min: 1, max: 200 }) }),
      fc.record({ do: fc.constant('commit' as const), n: fc.constant(0) }),
      fc.record({ do: fc.constant('tick' as const), n: fc.integer({ min: 0, max: 90 }) })
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.option(fc.integer({ min: 20, max: 5000 })), fc.integer({ min: 1000, max: 100_000 }), (steps, rate, credit) => {
        const { intake, log, clock, offsets, admitted } = setUp(rate === null ? null : { records: rate, bytes: unlimited }, credit);
        let bound = 0;
        let committed = 0;
        const commit = (): void => {
          // What is let in by the credit given back belongs to the next commit.
          const epoch = admitted.slice(committed);
          committed = admitted.length;
          for (const { bytes, records } of epoch) intake.giveBack(bytes + records.length * 300, 1);
        };
        for (const { do: what, n } of steps) {
          if (what === 'fetch') log.fetch(n, intake);
          else if (what === 'wait') clock.advance(n);
          else if (what === 'commit') commit();
          else if (intake.reached) intake.open((bound += n));
          assert.deepEqual(offsets(), below(bound).slice(0, offsets().length));
        }
        for (let tries = 0; !intake.reached && tries < 10_000; tries += 1) {
          commit();
          log.fetch(50, intake);
          clock.advance(20);
        }
        assert.deepEqual(offsets(), below(bound));
      })
    );
  });
});
