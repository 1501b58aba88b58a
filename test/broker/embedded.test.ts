import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { Failure } from '../../actors/failure.ts';
import type { Broker } from '../../actors/port.ts';
import { createEmbeddedBroker } from '../../src/broker/embedded/index.ts';
import { useStore } from '../../src/broker/embedded/shared.ts';
import { outgoing, readAll, rejectsWith, transact, valuesOf, write } from '../contract/broker/support.ts';

type Writer = ChildProcessByStdio<null, Readable, null>;

async function withEmbedded(path: string, work: (broker: Broker) => Promise<void>): Promise<void> {
  const broker = createEmbeddedBroker({ path, partitions: 2 });
  await broker.connect();
  try {
    await work(broker);
  } finally {
    await broker.close();
  }
}

/** Starts the writing child and waits until it has committed so often. */
async function startWriter(path: string, commits: number): Promise<{ child: Writer; last: () => number }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'embedded/writer.ts'), path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let seen = '';
  let lines = 0;
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => { reject(new Error('the writer ended')); });
    child.stdout.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
      lines = seen.split('\n').length - 1;
      if (lines >= commits) resolve();
    });
  });
  return { child, last: () => Number(seen.split('\n').at(-2) ?? -1) };
}

async function kill(child: Writer): Promise<void> {
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}

describe('the embedded broker', () => {
  let path = '';
  before(() => { path = mkdtempSync(join(tmpdir(), 'millrace-embedded-')); });
  after(() => { rmSync(path, { recursive: true }); });

  it('after kill -9 in the middle of transactions has each of them whole or not at all, and all that were acknowledged', async () => {
    const dir = join(path, 'killed');
    for (let time = 1; time <= 4; time++) {
      const { child, last } = await startWriter(dir, 20 * time);
      await kill(child);
      await withEmbedded(dir, async (broker) => {
        const [committed] = await broker.committed('group', [{ topic: 'in', partition: 0 }]);
        const round = committed?.offset ?? -1;
        assert.ok(round >= last(), `${last()} was acknowledged, ${round} is there`);
        assert.equal(committed?.metadata, `round ${round}`);
        const expected = Array.from({ length: round + 1 }, (_, index) => `${index}`);
        assert.deepEqual(await valuesOf(broker, 'a', 0), expected);
        assert.deepEqual(await valuesOf(broker, 'a', 1), expected);
        assert.deepEqual(await valuesOf(broker, 'b', 0), expected);
        assert.deepEqual(await broker.listOffsets([{ topic: 'b', partition: 0 }], 'end'), [2 * (round + 1)]);
      });
    }
  });

  it('refuses a second process on its path, naming the pid', async () => {
    const dir = join(path, 'locked');
    const { child } = await startWriter(dir, 1);
    const broker = createEmbeddedBroker({ path: dir, partitions: 1 });
    await assert.rejects(broker.connect(), (error) => error instanceof Failure && error.code === 'state_locked' && error.message.includes(String(child.pid)));
    await kill(child);
    await broker.connect();
    await broker.close();
  });

  it('two brokers on one path in one process share it, and it closes with the last', async () => {
    const dir = join(path, 'shared');
    await withEmbedded(dir, async (one) => {
      await withEmbedded(dir, async (two) => {
        await one.createTopics([{ topic: 't', partitions: 1 }]);
        await write(two, [outgoing('t', 0, 'a')]);
      });
      await write(one, [outgoing('t', 0, 'b')]);
      assert.deepEqual(await valuesOf(one, 't'), ['a', 'b']);
    });
    await Promise.all([1, 2, 3].map(() => withEmbedded(dir, async (broker) => { assert.deepEqual(await valuesOf(broker, 't'), ['a', 'b']); })));
  });

  it('keeps topics, records, ends and epochs over a restart', async () => {
    const dir = join(path, 'restarted');
    await withEmbedded(dir, async (broker) => {
      await broker.createTopics([{ topic: 't', partitions: 3, config: { 'max.message.bytes': '5000' } }, { topic: 'default', partitions: -1 }]);
      await transact(broker, async (transaction) => {
        await transaction.send([outgoing('t', 2, 'a')], 'none');
        await transaction.commit();
      });
    });
    await withEmbedded(dir, async (broker) => {
      const topics = await broker.describeTopics(['t', 'default']);
      assert.deepEqual([...topics.values()].map(({ partitions, maxMessageBytes }) => [partitions, maxMessageBytes]), [[3, 5000], [2, 1_048_588]]);
      await broker.createTopics([{ topic: 'more', partitions: 1 }]);
      await write(broker, [outgoing('t', 2, 'b'), outgoing('more', 0, 'm')]);
      assert.deepEqual((await readAll(broker, { topic: 't', partition: 2 })).records.map(({ offset }) => offset), [0, 2]);
      assert.deepEqual(await valuesOf(broker, 'more'), ['m']);
    });
  });

  it('deleted records are gone from the disk, and stay gone over a restart, also those a crash in between left', async () => {
    const dir = join(path, 'deleted');
    const at = { topic: 't', partition: 0 };
    await withEmbedded(dir, async (broker) => {
      await broker.createTopics([{ topic: 't', partitions: 1 }]);
      await write(broker, Array.from({ length: 12_000 }, (_, index) => outgoing('t', 0, `${index}`)));
      await broker.deleteRecords([{ ...at, offset: 11_000 }]);
    });
    const half = await useStore(dir);
    const log = half.store.log(at);
    assert.equal(half.store.tables.records.getKeysCount(), 1000);
    half.store.moveStarts(new Map([[log, 11_500]]));
    await half.release();
    await withEmbedded(dir, async (broker) => {
      assert.deepEqual(await broker.listOffsets([at], 'start'), [11_500]);
      await rejectsWith('offset_out_of_range', () => readAll(broker, at, 11_499));
      await broker.deleteRecords([{ ...at, offset: 11_990 }]);
      assert.equal((await readAll(broker, at, 11_990)).records[0]?.offset, 11_990);
    });
    const left = await useStore(dir);
    assert.equal(left.store.tables.records.getKeysCount(), 10);
    await left.release();
  });

  it('an abort leaves the offsets that its records and its marker would have had', async () => {
    await withEmbedded(join(path, 'aborted'), async (broker) => {
      await broker.createTopics([{ topic: 't', partitions: 2 }]);
      await transact(broker, async (transaction) => {
        await transaction.send([outgoing('t', 0, 'a'), outgoing('t', 0, 'b')], 'none');
        await transaction.abort();
      });
      assert.deepEqual(await broker.listOffsets([{ topic: 't', partition: 0 }, { topic: 't', partition: 1 }], 'end'), [3, 0]);
    });
  });

  it('a send that fails half way is rolled back whole', async () => {
    await withEmbedded(join(path, 'half'), async (broker) => {
      await broker.createTopics([{ topic: 't', partitions: 1 }]);
      await rejectsWith('topic_missing', () => broker.producer().send([outgoing('t', 0, 'lost'), outgoing('t', 1, 'no such partition')], 'gzip'));
      await write(broker, [outgoing('t', 0, 'a')]);
      const { records, nextOffset } = await readAll(broker, { topic: 't', partition: 0 });
      assert.deepEqual([records.length, records[0]?.offset, nextOffset], [1, 0, 1]);
      assert.deepEqual(await valuesOf(broker, 't'), ['a']);
    });
  });

  it('refuses before connect', async () => {
    const broker = createEmbeddedBroker({ path: join(path, 'unconnected'), partitions: 1 });
    await rejectsWith('broker_unavailable', () => broker.describeTopics(['t']));
    await rejectsWith('broker_unavailable', () => broker.producer().send([outgoing('t', 0, 'a')], 'none'));
    await broker.close();
  });
});
