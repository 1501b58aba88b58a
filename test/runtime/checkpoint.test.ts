import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Transaction } from '../../actors/port.ts';
import { checkpoint } from '../../src/runtime/checkpoint.ts';
import type { CheckpointSettings } from '../../src/runtime/checkpoint.ts';

const done = (): Promise<void> => Promise.resolve();
const never = (): Promise<void> => new Promise(() => undefined);
const refuse = (what: string) => (): Promise<void> => Promise.reject(new Error(what));

/** Runs a checkpoint whose outputs and offsets go as they are told; notes in what order the steps after them came. */
function run(write: () => Promise<void>, sendOffsets: () => Promise<void>): { steps: string[]; ended: Promise<unknown> } {
  const steps: string[] = [];
  const note = (step: string) => (): Promise<void> => { steps.push(step); return done(); };
  const transaction: Transaction = { send: done, sendOffsets, commit: note('commit'), abort: note('abort') };
  const settings = {
    task: 'in-0', group: 'orders', signature: 's', partitions: {}, late: [],
    stores: { prepare: note('prepare'), apply: note('apply') },
    output: { begin: () => Promise.resolve(transaction) },
    reached: () => undefined
  } as unknown as CheckpointSettings;
  return { steps, ended: checkpoint({ epoch: 1, positions: [{ topic: 'in', partition: 0, offset: 5, watermark: -Infinity }], outputs: { records: 1, write: () => write() }, watermarks: {} }, settings) };
}

describe('a checkpoint', () => {
  it('commits when outputs and offsets are both in the transaction, whichever takes longer', async () => {
    for (const slow of ['write', 'offsets']) {
      const gate = Promise.withResolvers<void>();
      const { steps, ended } = run(slow === 'write' ? () => gate.promise : done, slow === 'offsets' ? () => gate.promise : done);
      await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual(steps, ['prepare'], `${slow} is still under way`);
      gate.resolve();
      await ended;
      assert.deepEqual(steps, ['prepare', 'commit', 'apply']);
    }
  });

  it('commits nothing where one of them is refused, though the other hangs, or is refused too', async () => {
    for (const [write, offsets] of [[refuse('outputs'), never], [never, refuse('offsets')], [refuse('outputs'), refuse('offsets')]] as const) {
      const { steps, ended } = run(write, offsets);
      await assert.rejects(ended, /^Error: (outputs|offsets)$/);
      await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual(steps, ['prepare']);
    }
  });
});
