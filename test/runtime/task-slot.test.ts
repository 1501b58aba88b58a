import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Failure } from '../../actors/failure.ts';
import type { FailureCode } from '../../actors/failure.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import { TaskSlot } from '../../src/runtime/task-slot.ts';
import type { Task } from '../../src/runtime/task.ts';

/** Time that passes at once, and how much of it was asked for. */
function hurry(waits: number[]): Clock {
  return {
    now: () => 0,
    elapsed: () => 0,
    after(milliseconds, call) {
      waits.push(milliseconds);
      const immediate = setImmediate(call);
      return () => { clearImmediate(immediate); };
    }
  };
}

interface Seen {
  readonly waits: number[];
  readonly fatal: Failure[];
  readonly events: string[];
}

/** A slot whose tasks fail one after the other as the list says, and run once it is used up. */
function slotOf(failures: readonly { readonly code: FailureCode; readonly at: 'open' | 'run' }[], onOpen: (attempt: number, slot: () => TaskSlot) => void = () => undefined): { slot: TaskSlot; seen: Seen; settled: Promise<void> } {
  const seen: Seen = { waits: [], fatal: [], events: [] };
  const settled = Promise.withResolvers<void>();
  let attempt = 0;
  const slot = new TaskSlot(
    {
      name: 'orders-0',
      clock: hurry(seen.waits),
      async open(onFailed) {
        const failure = failures[attempt];
        attempt += 1;
        onOpen(attempt, () => slot);
        if (failure?.at === 'open') throw new Failure(failure.code, 'at the start');
        seen.events.push('open');
        await Promise.resolve();
        return {
          start() {
            if (failure?.at === 'run') onFailed(new Failure(failure.code, 'later'));
            else settled.resolve();
          },
          drain: () => Promise.resolve(void seen.events.push('drain')),
          close: () => Promise.resolve(void seen.events.push('close'))
        } as unknown as Task;
      },
      onRetry: () => undefined,
      onFatal(failure) {
        seen.fatal.push(failure);
        settled.resolve();
      }
    },
    Promise.resolve()
  );
  return { slot, seen, settled: settled.promise };
}

const times = (count: number, code: FailureCode, at: 'open' | 'run'): { code: FailureCode; at: 'open' | 'run' }[] => Array.from({ length: count }, () => ({ code, at }));

describe('a task that fails', () => {
  it('is opened again, later each time, for as long as the broker is away', async () => {
    const { slot, seen, settled } = slotOf(times(40, 'broker_unavailable', 'open'));
    await settled;
    assert.equal(seen.fatal.length, 0);
    assert.equal(seen.waits.length, 40);
    assert.ok((seen.waits[0] as number) <= 50 && (seen.waits[39] as number) >= 5000, String(seen.waits));
    await slot.release(true);
    assert.deepEqual(seen.events, ['open', 'drain', 'close']);
  });

  it('is closed before it is opened again', async () => {
    const { slot, seen, settled } = slotOf(times(2, 'commit_unknown', 'run'));
    await settled;
    await slot.release(false);
    assert.deepEqual(seen.events, ['open', 'close', 'open', 'close', 'open', 'close']);
  });

  it('by crashing stops the topology after ten times without progress, and not before', async () => {
    const loop = slotOf(times(10, 'task_crashed', 'run'));
    await loop.settled;
    assert.deepEqual(loop.seen.fatal.map(({ code }) => code), ['crash_loop']);
    const progress = slotOf(times(15, 'task_crashed', 'run'), (attempt, slot) => { if (attempt % 5 === 0) slot().progressed(); });
    await progress.settled;
    assert.equal(progress.seen.fatal.length, 0);
    await progress.slot.release(false);
  });

  it('fenced, waits until a heartbeat could tell that another member has it', async () => {
    const { slot, seen, settled } = slotOf(times(1, 'fenced', 'run'));
    await settled;
    assert.deepEqual(seen.waits, [2000]);
    await slot.release(false);
  });

  it('fatally, is not opened again', async () => {
    const { seen, settled } = slotOf(times(1, 'foreign_commit', 'open'));
    await settled;
    assert.deepEqual([seen.fatal.map(({ code }) => code), seen.waits], [['foreign_commit'], []]);
  });

  it('released while it waits, ends at once', async () => {
    const { slot, seen } = slotOf(times(1000, 'broker_unavailable', 'open'));
    await new Promise((resolve) => setTimeout(resolve, 5));
    await slot.release(true);
    assert.deepEqual(seen.events, []);
  });
});
