import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Failure } from '../../actors/failure.ts';
import type { Broker, GroupMember } from '../../actors/port.ts';
import { GroupDirectory } from '../../src/cli/api-holders.ts';
import { withHolders } from '../../src/cli/api-upstream-holders.ts';
import { planOf } from '../topology/harness.ts';

const topology = {
  name: 'orders',
  sources: { in: { type: 'kafka', topic: 'in' } },
  transforms: { counted: { type: 'window', from: 'in', key: 'value.user', window: { type: 'tumbling', size: '1h' }, aggregate: { n: 'count()' }, late: 'drop' } },
  sinks: { out: { type: 'kafka', from: 'counted', topic: 'out' } }
};
const plan = planOf({ ...topology, broker: { type: 'kafka', brokers: ['k:1'] } });
const repartition = 'orders-counted-repartition';
const self = { id: 'me', url: 'http://me' };
const member = (id: string, partitions: readonly (readonly [string, number])[] | null): GroupMember => ({
  id, client: 'millrace', host: 'h', partitions: partitions?.map(([topic, partition]) => ({ topic, partition })) ?? null, peer: partitions === null ? null : { id, url: `http://${id}` }
});
const group = [member('me', [[repartition, 0]]), member('other', [['in', 0], [repartition, 1], [repartition, 2]]), member('idle', [['in', 1]])];

/** A broker that answers one thing after the other, the last of them for ever. */
function brokerOf(...answers: (readonly GroupMember[] | Failure | 'never')[]): { broker: Broker; asked: () => number } {
  let asked = 0;
  const groupMembers = async (): Promise<readonly GroupMember[]> => {
    const answer = answers[Math.min(asked++, answers.length - 1)] as (typeof answers)[number];
    await Promise.resolve();
    if (answer instanceof Failure) throw answer;
    return answer === 'never' ? new Promise(() => undefined) : answer;
  };
  return { broker: { groupMembers } as unknown as Broker, asked: () => asked };
}

describe('who else has tasks of a node', { concurrency: true }, () => {
  it('is told by the partitions that members have, asked for once a second at most', async () => {
    const directory = new GroupDirectory();
    const { broker, asked } = brokerOf(group);
    const found = await Promise.all(Array.from({ length: 5 }, () => directory.others(plan, 'counted', broker, self)));
    for (const each of found) assert.deepEqual(each.map(({ member: id, peer, tasks }) => [id, peer?.url, tasks]), [['other', 'http://other', ['counted-1', 'counted-2']], ['idle', 'http://idle', []]]);
    assert.equal(asked(), 1);
  });

  it('is told of each task of a topology, upstream ones too', async () => {
    const holders = await new GroupDirectory().holders(plan, brokerOf(group).broker);
    assert.deepEqual([...holders].map(([task, { member: id, peer }]) => [task, id, peer?.url]).toSorted(), [['counted-0', 'me', 'http://me'], ['counted-1', 'other', 'http://other'], ['counted-2', 'other', 'http://other'], ['in-0', 'other', 'http://other'], ['in-1', 'idle', 'http://idle']]);
  });

  it('is nobody on the embedded broker', async () => {
    const embedded = planOf({ ...topology, broker: { type: 'embedded', path: './data' } });
    assert.deepEqual(await new GroupDirectory().others(embedded, 'counted', brokerOf(new Failure('broker_unavailable', 'not asked')).broker, null), []);
  });

  it('waits while the group deals out its tasks', async () => {
    const { broker } = brokerOf([member('me', null)], [member('me', null), member('other', null)], group);
    assert.equal((await new GroupDirectory().others(plan, 'counted', broker, self)).length, 2);
  });

  it('is not known where the broker does not tell in time', async () => {
    await assert.rejects(new GroupDirectory().others(plan, 'counted', brokerOf(new Failure('not_authorized', 'no right')).broker, self), { code: 'not_authorized' });
    await assert.rejects(new GroupDirectory().others(plan, 'counted', brokerOf('never').broker, self), { code: 'broker_unavailable' });
  });

  it('is as before where the broker told it once', async () => {
    const directory = new GroupDirectory();
    const { broker, asked } = brokerOf(group, new Failure('broker_unavailable', 'away'));
    const before = await directory.others(plan, 'counted', broker, self);
    await new Promise((resolve) => setTimeout(resolve, 1050));
    assert.deepEqual(await directory.others(plan, 'counted', broker, self), before);
    assert.equal(asked(), 2);
  });

  it('is said of tasks upstream that are elsewhere, and not asked for where there are none', async () => {
    const answer = (...here: ('runs' | 'elsewhere')[]): Parameters<typeof withHolders>[0] => {
      const upstream = here.map((each, n) => ({ input: 0, task: `in-${n}`, watermark: null, idle: false, here: each, heard: true }));
      return { topology: 'orders', tasks: [{ task: 'counted-0', sub_topology: 'counted', timed: true, epoch: 1, watermark: null, inputs: [], nodes: [{ node: 'counted', watermark: null, upstream }] }] };
    };
    const holders = new Map([['in-1', { member: 'other', peer: { id: 'o', url: 'http://o' } }], ['in-2', { member: 'mute', peer: null }]]);
    const { tasks } = await withHolders(answer('runs', 'elsewhere', 'elsewhere', 'elsewhere'), () => Promise.resolve(holders));
    assert.deepEqual(tasks[0]?.nodes[0]?.upstream.map(({ daemon, member }) => [daemon, member]), [[undefined, undefined], ['http://o', 'other'], [null, 'mute'], [null, null]]);
    const unknown = answer('elsewhere');
    assert.equal(await withHolders(unknown, () => Promise.resolve(null)), unknown);
    await withHolders(answer('runs'), () => assert.fail('asked'));
  });
});
