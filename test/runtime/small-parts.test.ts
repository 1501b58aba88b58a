import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Backoff } from '../../src/runtime/backoff.ts';
import { TransactionBudget } from '../../src/runtime/budget.ts';
import { Credit } from '../../src/runtime/credit.ts';
import { faultsFrom } from '../../src/runtime/fault.ts';
import { isFinal, Lifecycle } from '../../src/runtime/lifecycle.ts';
import { ActorSystem } from '../../src/runtime/system.ts';

describe('Backoff', () => {
  it('doubles up to its bound, with jitter between half and all of the step', () => {
    const least = new Backoff({ first: 100, max: 400 }, () => 0);
    assert.deepEqual([least.next(), least.next(), least.next(), least.next()], [50, 100, 200, 200]);
    const most = new Backoff({ first: 100, max: 400 }, () => 1);
    assert.deepEqual([most.next(), most.next(), most.next(), most.next()], [100, 200, 400, 400]);
    most.reset();
    assert.equal(most.next(), 100);
  });
});

describe('Credit', () => {
  it('runs out by bytes or by batches, and comes back', () => {
    const credit = new Credit(100, 2);
    credit.take(99);
    assert.equal(credit.available, true);
    credit.take(0);
    assert.equal(credit.available, false, 'two batches');
    credit.giveBack(0, 1);
    assert.equal(credit.available, true);
    credit.take(500);
    credit.giveBack(99, 1);
    assert.equal(credit.available, false, 'a large batch still counts');
  });
});

describe('TransactionBudget', () => {
  it('lets no more than its rate through, over any longer time', () => {
    let now = 0;
    const budget = new TransactionBudget(100, { now: () => now, elapsed: () => now, after: () => () => undefined });
    const who = {};
    let granted = 0;
    for (; now < 1000; now += 1) if (budget.take(who) === 0) granted += 1;
    assert.ok(granted <= 106 && granted >= 100, String(granted));
    now += budget.take(who);
    assert.equal(budget.take(who), 0, 'free after the time it named');
  });

  it('starves none of 64 tasks: none waits much longer than a turn of all', () => {
    let now = 0;
    const budget = new TransactionBudget(320, { now: () => now, elapsed: () => now, after: () => () => undefined });
    const tasks = Array.from({ length: 64 }, () => ({ due: 0, asked: 0 }));
    const waits: number[] = [];
    for (; now < 5000; now += 1) {
      for (const task of tasks) {
        if (task.due > now) continue;
        const wait = budget.take(task);
        task.due = now + (wait === 0 ? 10 : wait);
        if (wait > 0) continue;
        waits.push(now - task.asked);
        task.asked = task.due;
      }
    }
    assert.ok(Math.max(...waits) <= (64 / 320) * 1000 + 40, String(Math.max(...waits)));
    assert.ok(waits.length >= 1550 && waits.length <= 1650, String(waits.length));
  });

  it('forgets who waited and does not come back', () => {
    let now = 0;
    const budget = new TransactionBudget(20, { now: () => now, elapsed: () => now, after: () => () => undefined });
    assert.equal(budget.take({}), 0);
    assert.ok(budget.take({}) > 0, 'this one is never heard of again');
    now = 1000;
    assert.equal(budget.take({}), 0);
  });
});

describe('Lifecycle', () => {
  it('changes along the table only', () => {
    const seen: string[] = [];
    const lifecycle = new Lifecycle((to, from) => seen.push(`${from}>${to}`));
    for (const state of ['starting', 'running', 'waiting', 'running', 'stopping', 'stopped'] as const) lifecycle.become(state);
    assert.deepEqual(seen, ['created>starting', 'starting>running', 'running>waiting', 'waiting>running', 'running>stopping', 'stopping>stopped']);
    assert.equal(isFinal(lifecycle.state), true);
    assert.throws(() => { lifecycle.become('running'); }, /cannot go from stopped to running/);
  });
});

describe('faultsFrom', () => {
  it('does nothing for what it does not know', () => {
    faultsFrom(undefined)('P3', 1);
    faultsFrom('P9:kill')('P3', 1);
    faultsFrom('P3:kill@2')('P3', 1);
    faultsFrom('P3:kill')('P3', 0);
  });
});

describe('ActorSystem', () => {
  it('handles one message of an actor at a time, in order', async () => {
    const system = new ActorSystem();
    const seen: number[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    let busy = false;
    const actor = system.spawn<number>({
      name: 'one',
      onFault: assert.fail,
      async receive(message) {
        assert.equal(busy, false);
        busy = true;
        await new Promise((done) => setTimeout(done, 5 - message));
        busy = false;
        seen.push(message);
        if (message === 4) resolve();
      }
    });
    for (const message of [0, 1, 2, 3, 4]) actor.tell(message);
    await promise;
    assert.deepEqual(seen, [0, 1, 2, 3, 4]);
    system.stop();
  });

  it('reports a crash once, takes nothing more, and counts what is told to the dead', async () => {
    const system = new ActorSystem();
    const faults: unknown[] = [];
    const handled: string[] = [];
    const actor = system.spawn<string>({
      name: 'fragile',
      onFault: (error) => faults.push(error),
      receive(message) {
        handled.push(message);
        throw new Error(message);
      }
    });
    actor.tell('first');
    actor.tell('second');
    await new Promise((done) => setTimeout(done, 20));
    assert.equal(faults.length, 1);
    assert.deepEqual(handled, ['first']);
    assert.equal(actor.tell('third'), false);
    assert.equal(system.undelivered, 1);
    system.stop();
  });

  it('stops children with their parent', async () => {
    const system = new ActorSystem();
    const seen: string[] = [];
    const parent = system.spawn<string>({ name: 'parent', onFault: assert.fail, receive: () => undefined });
    const child = parent.spawn<string>({ name: 'child', onFault: assert.fail, receive: (message) => void seen.push(message) });
    child.tell('before');
    await new Promise((done) => setTimeout(done, 10));
    parent.stop();
    child.tell('after');
    await new Promise((done) => setTimeout(done, 10));
    assert.deepEqual(seen, ['before']);
    system.stop();
  });
});
