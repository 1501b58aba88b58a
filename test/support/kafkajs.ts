import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import type { Failure, FailureCode } from '../../actors/failure.ts';
import type { Assignment, Broker, FetchedBatch, FetchedRecord, GroupReader, OutgoingRecord, ReaderSettings } from '../../actors/port.ts';

/** A reader that notes what it is told and reads each new partition from its beginning. */
export interface Probe {
  readonly reader: GroupReader;
  readonly assignments: Assignment[];
  readonly batches: FetchedBatch[];
  readonly connections: (Failure | null)[];
  readonly failures: Failure[];
  /** "topic/partition", sorted, of the last assignment. */
  readonly partitions: () => string[];
  readonly records: () => FetchedRecord[];
}

/** A started probe of a group. */
export async function probe(broker: Broker, group: string, topicGroups: readonly (readonly string[])[], more: Partial<ReaderSettings> & { from?: number } = {}): Promise<Probe> {
  const { from = 0, ...settings } = more;
  const assignments: Assignment[] = [];
  const batches: FetchedBatch[] = [];
  const connections: (Failure | null)[] = [];
  const failures: Failure[] = [];
  let held = new Set<string>();
  const reader = broker.reader(
    { group, topicSets: topicGroups.map((topics) => ({ topics, patterns: [] })), discovery: 10_000, signature: 'plan-1', sessionTimeout: 6_000, maxWait: 200, maxBytes: 8e6, maxBytesPerPartition: 1e6, ...settings },
    {
      assigned(assignment) {
        assignments.push(assignment);
        const before = held;
        held = new Set(assignment.partitions.map(nameOf));
        for (const at of assignment.partitions) if (!before.has(nameOf(at))) reader.deliver(at, from);
      },
      fetched: (batch) => batches.push(batch),
      connection: (failure) => connections.push(failure),
      failed: (failure) => failures.push(failure)
    }
  );
  await reader.start();
  return {
    reader, assignments, batches, connections, failures,
    partitions: () => (assignments.at(-1)?.partitions ?? []).map(nameOf).sort(),
    records: () => batches.flatMap(({ records }) => records)
  };
}

/** Waits until something holds, and fails with its name when it does not within the time. */
export async function until(what: string, holds: () => boolean, milliseconds = 10_000): Promise<void> {
  const deadline = Date.now() + milliseconds;
  while (!holds()) {
    if (Date.now() > deadline) assert.fail(`not within ${milliseconds} ms: ${what}`);
    await wait(5);
  }
}

/** A name no other test has. */
export function unique(name: string): string {
  return `${name}-${process.pid}-${Math.random().toString(36).slice(2, 8)}`;
}

/** A record with text for key and value. */
export function record(topic: string, partition: number, value: string | null, more: Partial<OutgoingRecord> = {}): OutgoingRecord {
  return { topic, partition, key: Buffer.from('key'), value: value === null ? null : Buffer.from(value), headers: [], timestamp: Date.now(), ...more };
}

/** A topic of that many partitions, with a name of its own. */
export async function newTopic(broker: Broker, partitions: number, config: Record<string, string> = {}): Promise<string> {
  const topic = unique('topic');
  await broker.createTopics([{ topic, partitions, config }]);
  return topic;
}

/** True if a rejection has this code. */
export function coded(code: FailureCode): (error: unknown) => boolean {
  return (error) => {
    assert.equal((error as Failure).code, code, String(error));
    return true;
  };
}

function nameOf({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}/${partition}`;
}

/** `connected`, or the code and message of the failure, which must come within seconds. */
export async function outcomeOf(broker: Broker): Promise<string> {
  const started = performance.now();
  try {
    await broker.connect();
    await broker.listTopics();
    return 'connected';
  } catch (error) {
    const { code, message } = error as Failure;
    assert.ok(performance.now() - started < 5_000, 'within seconds');
    return `${code}: ${message}`;
  } finally {
    await broker.close();
  }
}
