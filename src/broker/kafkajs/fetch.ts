import type { FetchedBatch, TopicPartition } from '../../../actors/port.ts';
import type { Broker, Decoded, Definition, ProtocolRequest } from './internals.ts';
import { load } from './internals.ts';
import type { Nodes } from './nodes.ts';
import { Cursor } from './reading.ts';
import { type AbortedTransaction, decodeRecords } from './record-batch.ts';

/** Which records a fetch shows: those of committed transactions only, or all. */
export type Isolation = 'committed' | 'uncommitted';

/** Bounds of a fetch request. */
export interface FetchOptions {
  readonly isolation: Isolation;
  readonly maxWait: number;
  readonly maxBytes: number;
  readonly maxBytesPerPartition: number;
}

/** Where to go on in a partition. */
export interface FetchPosition extends TopicPartition {
  readonly position: number;
}

/** One partition's part of a fetch response, its records still undecoded. */
export interface FetchedPartition extends TopicPartition {
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly startOffset: number;
  readonly aborted: readonly AbortedTransaction[];
  readonly records: Buffer;
}

/** The last version that kafkajs can write; Kafka 4 takes 4 and up. */
const version = 11;
const fetchKey = 1;

/** One Fetch request to the node that leads these partitions. The order of `positions` is the order in which the node fills the response. */
export async function fetchFrom(nodes: Nodes, broker: Broker, positions: readonly FetchPosition[], options: FetchOptions): Promise<FetchedPartition[]> {
  const { requests } = load<{ requests: { Fetch: Definition } }>('protocol/requests');
  const { request, requestTimeout } = requests.Fetch.protocol({ version })({
    replicaId: -1,
    isolationLevel: options.isolation === 'committed' ? 1 : 0,
    maxWaitTime: options.maxWait,
    minBytes: 1,
    maxBytes: options.maxBytes,
    topics: byTopic(positions, options.maxBytesPerPartition),
    rackId: ''
  });
  const limits = broker.versions?.[fetchKey];
  if (limits !== undefined && limits.maxVersion < version) throw new Error(`The broker knows Fetch up to version ${limits.maxVersion}, not ${version}`);
  const response = { decode: decodeLater, parse: (decoded: Decoded) => (decoded as Undecoded).raw };
  const sent: ProtocolRequest = { request, response, ...(requestTimeout === undefined ? {} : { requestTimeout }) };
  return decodeFetchResponse((await nodes.send(broker, sent)) as Buffer);
}

/** What a listener is told of one partition: its records from `position` on, and the ends of its log. */
export function toBatch(part: FetchedPartition, position: number, isolation: Isolation): FetchedBatch {
  const committed = isolation === 'committed';
  const { records, nextOffset, bytes } = decodeRecords(part.records, { position, aborted: committed ? part.aborted : null });
  return {
    topic: part.topic,
    partition: part.partition,
    records,
    nextOffset,
    startOffset: part.startOffset,
    endOffset: committed ? part.lastStableOffset : part.highWatermark,
    bytes
  };
}

/** Fetch response, version 11: FetchResponse.json of Kafka. */
export function decodeFetchResponse(raw: Buffer): FetchedPartition[] {
  const cursor = new Cursor(raw, 10); // throttle time, error and session, which are about fetch sessions, not used here
  const parts: FetchedPartition[] = [];
  for (let topics = cursor.int32(); topics > 0; topics--) {
    const topic = cursor.string();
    for (let partitions = cursor.int32(); partitions > 0; partitions--) parts.push(readPartition(cursor, topic));
  }
  return parts;
}

function readPartition(cursor: Cursor, topic: string): FetchedPartition {
  const partition = cursor.int32();
  const errorCode = cursor.int16();
  const highWatermark = cursor.int64();
  const lastStableOffset = cursor.int64();
  const startOffset = cursor.int64();
  const aborted: AbortedTransaction[] = [];
  for (let count = cursor.int32(); count > 0; count--) aborted.push({ producerId: cursor.int64(), firstOffset: cursor.int64() });
  cursor.int32(); // preferred read replica
  const records = cursor.slice(Math.max(cursor.int32(), 0));
  return { topic, partition, errorCode, highWatermark, lastStableOffset, startOffset, aborted, records };
}

interface Undecoded extends Decoded {
  readonly raw: Buffer;
}

/** Only what kafkajs itself needs of the response (KIP-219 throttling); the rest is decoded when it is known to be wanted. */
function decodeLater(raw: Buffer): Promise<Undecoded> {
  return Promise.resolve({ raw, clientSideThrottleTime: raw.readInt32BE(0) });
}

/** Neighbours of one topic go together; a topic may come twice, so that the order of the partitions is kept (KIP-74). */
function byTopic(positions: readonly FetchPosition[], maxBytes: number): object[] {
  const topics: { topic: string; partitions: object[] }[] = [];
  for (const { topic, partition, position } of positions) {
    let last = topics.at(-1);
    if (last?.topic !== topic) topics.push((last = { topic, partitions: [] }));
    last.partitions.push({ partition, fetchOffset: position, maxBytes });
  }
  return topics;
}
