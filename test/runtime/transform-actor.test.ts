import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EpochEnd, PassedOn, TransformLogic } from '../../actors/component.ts';
import { Histogram } from '../../actors/histogram.ts';
import { NodeMeter } from '../../src/runtime/node-meter.ts';
import type { Outlet } from '../../src/runtime/outlet.ts';
import { transformReceiver } from '../../src/runtime/transform-actor.ts';

/** A node that passes on what it is told to, and notes the ends of its epochs. */
class Watched implements TransformLogic {
  readonly ends: EpochEnd[] = [];
  passes: Pick<PassedOn, 'watermark' | 'idle'> = { watermark: -Infinity, idle: false };

  process(): void {
    throw new Error('no batch comes');
  }

  checkpoint(end: EpochEnd): PassedOn {
    this.ends.push(end);
    return { ...this.passes, own: this.passes.watermark, again: null };
  }
}

/** An actor of these nodes, each with one channel. */
function actorOf(nodes: readonly { readonly logic: TransformLogic; readonly watermark: number }[]): (epoch: number) => Promise<void> {
  const outlet = { received() {}, flush() {}, checkpoint() {} } as unknown as Outlet;
  const receive = transformReceiver(nodes.map((node) => ({ ...node, channels: [0], outlet, seal() {}, meter: new NodeMeter(new Histogram(), [], () => 0, null), name: 'node', trace: null })));
  return async (epoch) => {
    for (const channel of nodes.keys()) await receive({ channel, message: { kind: 'checkpoint', epoch, sent: 0, now: 0, watermark: 100 + epoch, idle: false } });
  };
}

describe('a table node and those that look up in it', () => {
  it('are told of each other at the barrier: the readers of the table as it is, the table of its readers as they were', async () => {
    const [table, fast, slow] = [new Watched(), new Watched(), new Watched()];
    const barrier = actorOf([{ logic: table, watermark: 9 }, { logic: fast, watermark: 7 }, { logic: slow, watermark: 5 }]);
    table.passes = { watermark: 50, idle: true };
    fast.passes = { watermark: 40, idle: false };
    slow.passes = { watermark: 30, idle: false };
    await barrier(1);
    slow.passes = { watermark: 35, idle: true };
    await barrier(2);
    fast.passes = { watermark: 45, idle: true };
    await barrier(3);
    await barrier(4);
    const readers = table.ends.map((end) => end.readers && (end.readers.idle ? 'idle' : end.readers.watermark));
    assert.deepEqual(readers, [5, 30, 40, 'idle']);
    assert.ok(table.ends.every((end) => end.table === null));
    for (const { ends } of [fast, slow]) assert.deepEqual(ends.map((end) => [end.table?.watermark, end.table?.idle, end.readers]), Array(4).fill([50, true, null]));
  });

  it('a node alone has neither', async () => {
    const node = new Watched();
    await actorOf([{ logic: node, watermark: 9 }])(1);
    assert.deepEqual(node.ends.map(({ table, readers, watermark }) => [table, readers, watermark]), [[null, null, 101]]);
  });
});
