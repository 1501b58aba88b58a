import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Failure } from '../../../actors/failure.ts';
import { Fetcher } from '../../../src/broker/kafkajs/fetcher.ts';
import type { Nodes } from '../../../src/broker/kafkajs/nodes.ts';
import type { Topics } from '../../../src/broker/kafkajs/topics.ts';
import { until } from '../../support/kafkajs.ts';

const settings = { group: 'g', topicSets: [], signature: '', sessionTimeout: 10_000, discovery: 10_000, maxWait: 50, maxBytes: 1000, maxBytesPerPartition: 1000 };
const at = { topic: 't', partition: 0 };

/** A fetcher of one partition on a node that refuses what is asked, while another never answers; its leader once that is asked for anew. */
function fetching(t: TestContext, next: number): string[] {
  let leader = 1;
  const told: string[] = [];
  const nodes = {
    node: (id: number) => Promise.resolve({ id, versions: null }),
    send: ({ id }: { id: number }) => (id === 1 ? Promise.reject(new Failure('broker_unavailable', 'cut')) : new Promise(() => undefined)),
    heard: () => 0
  };
  const topics = {
    leader: () => leader,
    ensure: () => {
      leader = next;
      return Promise.resolve();
    }
  };
  const fetcher = new Fetcher(nodes as unknown as Nodes, topics as unknown as Topics, settings, {
    fetched: () => undefined,
    failed: (failure) => told.push(failure.code),
    trouble: (node, failure) => told.push(`${node} ${failure?.code ?? 'well'}`)
  });
  t.after(() => { fetcher.stop(); });
  fetcher.assigned([at]);
  fetcher.deliver(at, 0);
  return told;
}

describe('a node that cannot be read from', { concurrency: true }, () => {
  it('is in nobody\'s way any more when its partitions are led by another', async (t) => {
    const told = fetching(t, 2);
    await until('told', () => told.includes('1 well'));
    assert.deepEqual([...new Set(told)], ['1 broker_unavailable', '1 well']);
  });

  it('is in the way for as long as its partitions have no leader', async (t) => {
    const told = fetching(t, -1);
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.deepEqual(new Set(told), new Set(['1 broker_unavailable']));
  });
});
