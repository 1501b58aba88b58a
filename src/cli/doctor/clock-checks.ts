import type { Broker, TopicPartition } from '../../../actors/port.ts';
import type { ClusterView } from '../../../actors/cluster-view.ts';
import type { Plan } from '../../topology/model.ts';
import type { Finding } from './finding.ts';
import { ok, warning } from './finding.ts';
import { usedTopics } from './patient.ts';

/** How far clocks may be apart before it is told, in milliseconds: Kafka refuses records from an hour ahead. */
const apart = 60_000;

/** Partitions whose last record is looked at. */
const mostPartitions = 16;

/** This machine's clock against the timestamps of the newest records: what is far ahead of it comes from a clock that is wrong, or this one is. */
export async function clockFindings(plan: Plan, broker: Broker, view: ClusterView): Promise<Finding[]> {
  const area = 'clock';
  const now = Date.now();
  if (now < Date.UTC(2026, 0, 1)) return [warning(area, `this machine says it is ${new Date(now).toISOString()}`, 'Set its clock, and keep it set (NTP).')];
  const partitions = usedTopics(plan)
    .filter(({ topic, does }) => does === 'Read' && view.topics.get(topic)?.may?.includes('Read') !== false)
    .flatMap(({ topic }): TopicPartition[] => Array.from({ length: view.topics.get(topic)?.partitions ?? 0 }, (_, partition) => ({ topic, partition })))
    .slice(0, mostPartitions);
  const ends = await broker.listOffsets(partitions, 'end');
  const newest = await Promise.all(partitions.map((at, index) => lastTimestamp(broker, at, ends[index] as number)));
  const latest = Math.max(-Infinity, ...newest);
  if (latest === -Infinity) return [ok(area, `${new Date(now).toISOString()}; no record to compare it with`)];
  if (latest - now > apart) return [warning(area, `the newest record is ${seconds(latest - now)} ahead of this machine`, 'Set the clocks of producers and of this machine (NTP). Windows close by event time, and max_future refuses what is too far ahead.')];
  return [ok(area, `${new Date(now).toISOString()}; the newest record is of ${new Date(latest).toISOString()}`)];
}

async function lastTimestamp(broker: Broker, at: TopicPartition, end: number): Promise<number> {
  let latest = -Infinity;
  // The last few offsets may be control records.
  if (end > 0) for await (const { records } of broker.readRange(at, Math.max(0, end - 3), end, 'committed')) for (const { timestamp } of records) latest = Math.max(latest, timestamp);
  return latest;
}

function seconds(milliseconds: number): string {
  return milliseconds < 7_200_000 ? `${Math.round(milliseconds / 1000)} s` : `${Math.round(milliseconds / 3_600_000)} h`;
}
