import type { CommittedOffset } from '../../../actors/port.ts';
import { protocolError } from './failures.ts';
import type { Broker, Decoded, Encoder, ProtocolRequest } from './internals.ts';
import { load } from './internals.ts';
import type { Nodes } from './nodes.ts';
import { Cursor } from './reading.ts';

/*
 * OffsetFetch version 7, of which kafkajs has up to 4: `require_stable` (KIP-447) makes the coordinator refuse while a transaction with
 * offsets of a partition is on its way to being committed or aborted, instead of answering with the old ones. Layout: OffsetFetchRequest.json
 * and OffsetFetchResponse.json of Kafka; compact types and tagged fields are KIP-482's.
 */

const offsetFetchKey = 9;
const version = 7;

/** Committed offsets by "topic/partition". Throws what kafkajs would: UNSTABLE_OFFSET_COMMIT is to be tried again. */
export async function fetchOffsets(nodes: Nodes, coordinator: Broker, group: string, topics: readonly { topic: string; partitions: readonly { partition: number }[] }[]): Promise<Map<string, CommittedOffset>> {
  const request: ProtocolRequest['request'] = {
    apiKey: offsetFetchKey,
    apiName: 'OffsetFetch',
    apiVersion: version,
    encode: () => Promise.resolve(encode(group, topics))
  };
  const response = { decode: (raw: Buffer) => Promise.resolve(decode(raw)), parse: (decoded: Decoded) => (decoded as Answer).offsets };
  return (await nodes.send(coordinator, { request, response, logResponseError: false })) as Map<string, CommittedOffset>;
}

interface Answer extends Decoded {
  readonly offsets: Map<string, CommittedOffset>;
}

interface FlexibleEncoder extends Encoder {
  writeUVarInt(value: number): FlexibleEncoder;
  writeUVarIntString(value: string): FlexibleEncoder;
  writeInt32(value: number): FlexibleEncoder;
  writeInt8(value: number): FlexibleEncoder;
}

function encode(group: string, topics: readonly { topic: string; partitions: readonly { partition: number }[] }[]): Encoder {
  const KafkajsEncoder = load<new () => FlexibleEncoder>('protocol/encoder');
  // The first 0 ends the request's header, which has no tagged fields; kafkajs writes the header without it.
  const out = new KafkajsEncoder().writeUVarInt(0).writeUVarIntString(group).writeUVarInt(topics.length + 1);
  for (const { topic, partitions } of topics) {
    out.writeUVarIntString(topic).writeUVarInt(partitions.length + 1);
    for (const { partition } of partitions) out.writeInt32(partition);
    out.writeUVarInt(0);
  }
  return out.writeInt8(1).writeUVarInt(0);
}

function decode(raw: Buffer): Answer {
  const cursor = new Cursor(raw);
  skipTags(cursor);
  const clientSideThrottleTime = cursor.int32();
  const offsets = new Map<string, CommittedOffset>();
  for (let topics = cursor.uvarint() - 1; topics > 0; topics--) {
    const topic = compactString(cursor);
    for (let partitions = cursor.uvarint() - 1; partitions > 0; partitions--) readPartition(cursor, topic, offsets);
    skipTags(cursor);
  }
  check(cursor.int16());
  return { clientSideThrottleTime, offsets };
}

function readPartition(cursor: Cursor, topic: string, offsets: Map<string, CommittedOffset>): void {
  const partition = cursor.int32();
  const offset = cursor.int64();
  cursor.int32(); // leader epoch
  const metadata = compactString(cursor);
  const errorCode = cursor.int16();
  skipTags(cursor);
  check(errorCode, topic);
  if (offset >= 0) offsets.set(`${topic}/${partition}`, { offset, metadata });
}

function compactString(cursor: Cursor): string {
  const length = cursor.uvarint() - 1;
  return length < 0 ? '' : cursor.slice(length).toString('utf8');
}

function skipTags(cursor: Cursor): void {
  for (let tags = cursor.uvarint(); tags > 0; tags--) {
    cursor.uvarint();
    cursor.slice(cursor.uvarint());
  }
}

function check(errorCode: number, topic?: string): void {
  if (errorCode !== 0) throw protocolError(errorCode, topic);
}
