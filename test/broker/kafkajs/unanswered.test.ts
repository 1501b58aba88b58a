import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { Unanswered } from '../../../src/broker/kafkajs/unanswered.ts';
import { ManualClock } from '../../support/clock.ts';

/** A watch of four seconds under a clock that moves only when told, and what it told. */
class Watched {
  readonly told: number[] = [];
  readonly watch: Unanswered;
  bytes: number | null = 0;
  readonly #clock = new ManualClock(1_000_000);
  #late = 0;

  constructor() {
    const now = (): number => this.#clock.now() + this.#late;
    this.watch = new Unanswered(4000, { heard: () => this.bytes, silent: (since) => this.told.push(since) }, { now, elapsed: now, after: (milliseconds, call) => void this.#clock.after(milliseconds, call) });
  }

  pass(milliseconds: number): void {
    this.#clock.advance(milliseconds);
  }

  /** One look, so late: the thread was busy. */
  late(milliseconds: number): void {
    this.#late += milliseconds;
    this.#clock.advance(500);
  }
}

describe('a request without an answer', () => {
  it('is told once, with since when, when nothing has come for so long', () => {
    const world = new Watched();
    world.pass(700);
    world.watch.asked();
    world.pass(3900);
    assert.deepEqual(world.told, []);
    world.pass(600);
    assert.deepEqual(world.told, [1_000_700]);
    world.pass(60_000);
    assert.deepEqual(world.told, [1_000_700]);
  });

  it('is told of each: an answer, or a failure, ends it', () => {
    const world = new Watched();
    world.watch.asked();
    world.pass(3500);
    world.watch.ended();
    world.pass(20_000);
    assert.deepEqual(world.told, []);
    for (const times of [1, 2]) {
      world.watch.asked();
      world.pass(5000);
      world.watch.ended();
      assert.equal(world.told.length, times);
    }
  });

  it('is not told where answers come one after the other, whenever the looks are', () => {
    const world = new Watched();
    for (let n = 0; n < 40; n++) {
      world.watch.asked();
      world.pass(50 * (n % 17));
      world.watch.ended();
    }
    world.watch.asked();
    world.pass(3400);
    assert.deepEqual(world.told, []);
  });

  it('is not told while its answer is still coming, nor while the broker asked for a pause', () => {
    const world = new Watched();
    world.watch.asked();
    for (let n = 1; n < 10; n++) {
      world.pass(3000);
      world.bytes = n;
    }
    world.bytes = null;
    world.pass(30_000);
    assert.deepEqual(world.told, []);
    world.bytes = 9;
    world.pass(5000);
    assert.equal(world.told.length, 1);
  });

  it('is not told by a thread that is busy itself before it has looked as often as in four seconds', () => {
    const world = new Watched();
    world.watch.asked();
    for (let n = 0; n < 7; n++) world.late(10_000);
    assert.deepEqual(world.told, [], 'seven looks in seventy seconds');
    world.late(10_000);
    assert.equal(world.told.length, 1, 'the eighth');
  });

  it('is not told where the answer came while this thread was busy, and lies at the socket', async (t) => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1').resume();
    t.after(() => {
      client.destroy();
      server.close();
    });
    const [answering] = await once(server, 'connection') as [Socket];
    const told: number[] = [];
    const watch = new Unanswered(400, { heard: () => client.bytesRead, silent: (since) => told.push(since) });
    watch.asked();
    answering.write('here');
    for (const end = performance.now() + 600; performance.now() < end;);
    await wait(20);
    watch.ended();
    assert.deepEqual([client.bytesRead, told], [4, []]);
  });
});
