import { setTimeout as wait } from 'node:timers/promises';
import { Failure } from '../../../actors/failure.ts';
import type { FetchedBatch, TopicPartition } from '../../../actors/port.ts';
import { Backoff } from './backoff.ts';
import { failureOf, protocolError } from './failures.ts';
import { fetchFrom, type Isolation, toBatch } from './fetch.ts';
import type { ConnectionSettings } from './internals.ts';
import { Nodes } from './nodes.ts';
import { right } from './rights.ts';

/** A fetch is decoded, and taken into a store, in one go: a megabyte keeps the daemon's thread for some ten milliseconds. */
const fetchLimits = { maxWait: 100, maxBytes: 1_048_576, maxBytesPerPartition: 1_048_576 };
const longestTry = 30_000;
const offsetOutOfRange = 1;

/** Reads [from, to) of a partition without a group, on a connection of its own; ends early where the log does. */
export async function* readRange(connection: ConnectionSettings, at: TopicPartition, from: number, to: number, isolation: Isolation): AsyncGenerator<FetchedBatch> {
  const nodes = new Nodes(connection);
  try {
    let position = from;
    while (position < to) {
      const batch = await fetchNext(nodes, at, position, isolation);
      const past = batch.records.findIndex(({ offset }) => offset >= to);
      const records = past < 0 ? batch.records : batch.records.slice(0, past);
      const nextOffset = Math.min(batch.nextOffset, to);
      if (nextOffset > position) yield { ...batch, records, nextOffset };
      position = nextOffset;
      if (position >= batch.endOffset) return;
    }
  } finally {
    nodes.close();
  }
}

/** One fetch that worked. A broker that is away or a leader that moves is waited for, for a bounded time. */
async function fetchNext(nodes: Nodes, at: TopicPartition, position: number, isolation: Isolation): Promise<FetchedBatch> {
  const started = Date.now();
  const backoff = new Backoff(20, 1_000);
  for (;;) {
    try {
      return await fetchOnce(nodes, at, position, isolation);
    } catch (error) {
      const failure = failureOf(error, `Reading "${at.topic}" partition ${at.partition}`, nodes.asking(right('Read', 'topic', at.topic)));
      if (failure.code !== 'broker_unavailable' || Date.now() - started > longestTry) throw failure;
      nodes.forgetLeader(at);
      await wait(backoff.next());
    }
  }
}

async function fetchOnce(nodes: Nodes, at: TopicPartition, position: number, isolation: Isolation): Promise<FetchedBatch> {
  const broker = await nodes.leader(at);
  const [part] = await fetchFrom(nodes, broker, [{ ...at, position }], { ...fetchLimits, isolation });
  if (part === undefined) throw new Failure('broker_unavailable', 'the answer left the partition out');
  if (part.errorCode === offsetOutOfRange) {
    throw new Failure('offset_out_of_range', `Offset ${position} of "${at.topic}" partition ${at.partition} does not exist; its log starts at ${part.startOffset}`);
  }
  if (part.errorCode !== 0) throw protocolError(part.errorCode);
  return toBatch(part, position, isolation);
}
