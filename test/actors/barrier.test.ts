import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Alignment } from '../../actors/barrier.ts';

type Item = { epoch: number } | 'barrier';

/** Channels that each send some records per epoch, then its barrier; `order` interleaves them. */
const runs = fc.record({
  records: fc.array(fc.array(fc.nat(3), { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 4 }),
  order: fc.infiniteStream(fc.nat(100))
});

describe('Alignment', () => {
  it('lets exactly the records of epochs up to e through before the barrier of e is complete', () => {
    fc.assert(
      fc.property(runs, ({ records, order }) => {
        const queues = records.map((counts) => counts.flatMap((count, epoch): Item[] => [...Array.from({ length: count }, () => ({ epoch })), 'barrier']));
        const alignment = new Alignment<Item>(queues.length);
        const seen: number[] = [];
        let complete = 0;
        const offer = (channel: number, item: Item): void => {
          if (!alignment.accept(channel, item)) return;
          if (item !== 'barrier') {
            seen.push(item.epoch);
            assert.equal(item.epoch, complete);
          } else if (alignment.arrive(channel)) {
            complete += 1;
            for (const held of alignment.release()) offer(held.channel, held.message);
          }
        };
        const choices = order[Symbol.iterator]();
        while (queues.some((queue) => queue.length > 0)) {
          const open = queues.flatMap((queue, index) => (queue.length > 0 ? [index] : []));
          const channel = open[(choices.next().value as number) % open.length] as number;
          offer(channel, queues[channel]?.shift() as Item);
        }
        assert.equal(complete, 3);
        assert.equal(seen.length, records.flat().reduce((sum, count) => sum + count, 0));
      })
    );
  });
});
