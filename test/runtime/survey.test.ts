import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeOffsetMetadata } from '../../src/runtime/offset-metadata.ts';
import type { BrokerView, LocalTask, PartitionView } from '../../src/runtime/survey/model.ts';
import { survey } from '../../src/runtime/survey/survey.ts';
import { planOf } from '../support/plan.ts';

const head = 'name: orders\nbroker: { type: kafka, brokers: ["127.0.0.1:1"] }\n';
const apart = planOf(`${head}sources: { a: { type: kafka, topic: a }, b: { type: kafka, topic: b } }\nsinks: { out: { type: kafka, from: a, topic: out }, other: { type: kafka, from: b, topic: out } }\n`);
const together = planOf(`${head}sources: { a: { type: kafka, topic: a }, b: { type: kafka, topic: b } }\nsinks: { out: { type: kafka, from: [a, b], topic: out } }\n`);
const windowed = planOf(`${head}sources: { a: { type: kafka, topic: a } }\ntransforms: { counts: { type: window, from: a, window: { type: tumbling, size: 1m }, aggregate: { n: count() }, late: drop } }\nsinks: { out: { type: kafka, from: counts, topic: out } }\n`);

function committed(topic: string, task: string, epoch = 5): PartitionView {
  const metadata = encodeOffsetMetadata({ task, epoch, nonce: 'n', signature: 's', partitions: {}, late: [], watermark: null, watermarks: {} });
  return { topic, partition: 0, committed: { offset: 3, metadata }, start: 0, end: 10 };
}

const view = (partitions: readonly PartitionView[], more: Partial<BrokerView> = {}): BrokerView => ({ topics: new Map([['a', 1], ['b', 1], ['out', 1]]), partitions, logs: [], ...more });
const local = (tasks: readonly LocalTask[] = []) => ({ tasks, remembered: () => null });

describe('the survey of a plan', () => {
  it('tells sub-topologies that were merged, split and renamed', () => {
    const fates = (plan: typeof apart, partitions: readonly PartitionView[]) => survey(plan, view(partitions), local()).tasks.map(({ name, fate, before }) => [name, fate, before]);
    assert.deepEqual(fates(together, [committed('a', 'a-0'), committed('b', 'b-0')]), [['a', 'merged', ['b']]]);
    assert.deepEqual(fates(apart, [committed('a', 'a-0'), committed('b', 'a-0')]), [['a', 'split', []], ['b', 'split', ['a']]]);
    assert.deepEqual(fates(apart, [committed('a', 'old-0'), committed('b', 'b-0')]), [['a', 'renamed', ['old']], ['b', 'kept', []]]);
    assert.deepEqual(fates(apart, []), [['a', 'new', []], ['b', 'new', []]]);
    assert.deepEqual(survey(apart, null, local()).tasks.map(({ fate, tasks }) => [fate, tasks]), [['unknown', null], ['unknown', null]]);
  });

  it('counts what is read back: nothing where the state is the committed one, the difference, or all', () => {
    const log = { topic: 'orders-counts-changelog', partition: 0, store: 'counts', start: 2, end: 10, mark: { holds: null } };
    const { holds } = windowed.nodes.find((node) => node.kind === 'transform') as { holds: Record<string, unknown> };
    const task = (epoch: number, position: number): LocalTask => ({ task: 'counts-0', applied: { epoch, nonce: 'n' }, stores: [{ name: 'counts', holds }], positions: { counts: position } });
    const seen = view([committed('a', 'counts-0')], { logs: [log], topics: new Map([['a', 1], ['out', 1], ['orders-counts-changelog', 1]]) });
    const offsets = (tasks: readonly LocalTask[]) => survey(windowed, seen, local(tasks)).restores.map((row) => row.offsets);
    assert.deepEqual([offsets([task(5, 10)]), offsets([task(4, 7)]), offsets([task(4, 1)]), offsets([])], [[], [3], [8], [8]]);
  });

  it('refuses what a start would: state without offsets, another count of partitions, a changelog that does not fit', () => {
    const log = { topic: 'orders-counts-changelog', partition: 0, store: 'counts', start: 0, end: 10, mark: { holds: { other: 1 } } };
    const topics = new Map([['a', 1], ['out', 1], ['orders-counts-changelog', 2]]);
    const { refusals } = survey(windowed, view([{ topic: 'a', partition: 0, committed: null, start: 0, end: 0 }], { logs: [log], topics }), local());
    assert.deepEqual(refusals.map(({ code }) => code).toSorted(), ['checkpoint_lost', 'internal_topic', 'state_incompatible']);
    assert.match(refusals.find(({ code }) => code === 'state_incompatible')?.message ?? '', /in its changelog orders-counts-changelog\[0\], .*other: 1 → absent/);
  });
});
