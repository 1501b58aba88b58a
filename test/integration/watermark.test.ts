import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Broker } from '../../actors/port.ts';
import { decodeOffsetMetadata } from '../../src/runtime/offset-metadata.ts';
import { embeddedBackend, stateDir } from '../support/backend.ts';
import { countedTopology, createCountedTopics, feedCounted } from '../support/counted.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { writeTopology } from '../support/plan.ts';

/** Watermarks as they are committed: of each input partition, and of the nodes that have one of their own. */
async function watermarksOf(broker: Broker, group: string, topics: readonly string[]): Promise<Record<string, number>> {
  const partitions = topics.flatMap((topic) => Array.from({ length: 4 }, (_, partition) => ({ topic, partition })));
  const committed = await broker.committed(group, partitions);
  const found: Record<string, number> = {};
  committed.forEach((commit, index) => {
    const metadata = commit === null ? null : decodeOffsetMetadata(commit.metadata);
    if (metadata === null) return;
    const { topic, partition } = partitions[index] as { topic: string; partition: number };
    if (metadata.watermark !== null && !topic.endsWith('-repartition')) found[`${topic}[${partition}]`] = metadata.watermark;
    for (const [node, watermark] of Object.entries(metadata.watermarks)) found[`${node}-${partition}`] = watermark;
  });
  return found;
}

describe('watermarks', () => {
  it('are not lower after a restart, of sources, before and behind a repartition topic', async () => {
    const backend = embeddedBackend();
    const counted = countedTopology(backend, { emit: 'final' });
    const file = writeTopology(counted.yaml);
    const state = stateDir();
    const topics = [counted.topics.in, `${counted.name}-counts-repartition`];
    await backend.use(async (broker) => {
      await createCountedTopics(broker, counted);
      await feedCounted(broker, counted.topics.in, 6000);
    });
    const look = (): Promise<Record<string, number>> => backend.use((broker) => watermarksOf(broker, counted.name, topics));
    const seen: Record<string, number>[] = [];
    for (let start = 0; start < 3; start += 1) {
      const daemon = new DaemonProcess(file, { stateDir: state });
      await daemon.caughtUp();
      await (start === 1 ? daemon.kill() : daemon.stop().then((code) => { assert.equal(code, 0, daemon.output); }));
      seen.push(await look());
    }
    const [first, ...later] = seen as [Record<string, number>, ...Record<string, number>[]];
    assert.equal(Object.keys(first).length, 12, 'four partitions, four halves before the hop, four behind it');
    for (const [name, watermark] of Object.entries(first)) {
      assert.ok(watermark > Date.UTC(2001, 0, 1), `${name}: ${watermark}`);
      for (const after of later) assert.ok((after[name] ?? -Infinity) >= watermark, `${name}: ${watermark}, then ${after[name]}`);
    }
  });

  it('leave every record accounted for, on both sides of the hop', async () => {
    const backend = embeddedBackend();
    const counted = countedTopology(backend);
    await backend.use(async (broker) => {
      await createCountedTopics(broker, counted);
      await feedCounted(broker, counted.topics.in, 6000);
    });
    const daemon = new DaemonProcess(writeTopology(counted.yaml), { stateDir: stateDir() });
    await daemon.caughtUp();
    const metrics = await daemon.metrics();
    assert.equal(await daemon.stop(), 0, daemon.output);
    const fates = (node: string): number[] => [...metrics.matchAll(new RegExp(`millrace_records_total\\{[^}]*node="${node}"[^}]*fate="(?:absorbed|late)"[^}]*\\} (\\d+)`, 'g'))].map(([, count]) => Number(count));
    assert.deepEqual(fates('counts.before'), [6000]);
    assert.equal(fates('counts').length, 1);
  });
});
