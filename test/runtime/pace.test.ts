import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, it } from 'node:test';
import { Failure } from '../../actors/failure.ts';
import { createPace } from '../../src/runtime/pace.ts';
import type { Trigger } from '../../src/topology/model.ts';
import { ManualClock } from '../support/clock.ts';

function setUp(trigger: Trigger, ends: () => Promise<readonly number[]> = () => Promise.resolve([100])) {
  const clock = new ManualClock(1_000_300);
  const opened: number[][] = [];
  const failures: Failure[] = [];
  const pace = createPace(trigger, [42], { open: (bounds) => { opened.push([...bounds]); }, ends, fail: (failure) => { failures.push(failure); } }, clock);
  return { clock, opened, failures, pace };
}

const ticks: Trigger = { mode: 'processing_time', interval: 1000, checkpointInterval: 100 };

describe('a pace', () => {
  it('of real_time opens everything, of available_now what there was at the start', () => {
    const free = setUp({ mode: 'real_time', checkpointInterval: 100 });
    free.pace.start();
    const batch = setUp({ mode: 'available_now', checkpointInterval: 100 });
    batch.pace.start();
    assert.deepEqual([free.opened, free.pace.free], [[[Infinity]], true]);
    assert.deepEqual([batch.opened, batch.pace.free], [[[42]], false]);
  });

  it('of processing_time ticks at once, and then at whole intervals once the last tick is through', async () => {
    const { pace, clock, opened } = setUp(ticks);
    pace.start();
    await turn();
    assert.deepEqual(opened, [[100]]);
    pace.idle();
    pace.idle();
    assert.equal(clock.timers, 1);
    clock.advance(699);
    await turn();
    assert.equal(opened.length, 1);
    clock.advance(1);
    await turn();
    assert.equal(opened.length, 2);
  });

  it('waits one interval at most, also when the wall clock is set back', async () => {
    const { pace, clock, opened } = setUp(ticks);
    pace.start();
    await turn();
    clock.skew(-3_600_000);
    pace.idle();
    clock.advance(1000);
    await turn();
    assert.equal(opened.length, 2);
  });

  it('follows a tick that took too long with the next one at once', async () => {
    const { pace, clock, opened } = setUp(ticks);
    pace.start();
    await turn();
    clock.advance(5000);
    pace.idle();
    clock.advance(0);
    await turn();
    assert.equal(opened.length, 2);
  });

  it('opens nothing once it is stopped, and passes on why the ends could not be asked for', async () => {
    const stopped = setUp(ticks);
    stopped.pace.start();
    stopped.pace.stop();
    await turn();
    stopped.pace.idle();
    assert.deepEqual([stopped.opened, stopped.clock.timers], [[], 0]);
    const failing = setUp(ticks, () => Promise.reject(new Failure('broker_unavailable', 'away')));
    failing.pace.start();
    await turn();
    assert.deepEqual(failing.failures.map(({ code }) => code), ['broker_unavailable']);
  });
});
