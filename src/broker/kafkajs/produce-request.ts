import type { OutgoingRecord } from '../../../actors/port.ts';
import { compress } from './compression.ts';
import { crc32c } from './crc32c.ts';
import type { Encoder, ProtocolRequest } from './internals.ts';
import { load } from './internals.ts';

/*
 * Produce requests, in the place of kafkajs' own (protocol/requests/produce/v3/request.js, which versions 4 to 7 build
 * on). Kafkajs throws on a header without a value, takes timestamp 0 for "now", sorts timestamps as text, cannot keep the
 * order of repeated headers, and makes about ten small buffers per record. Layout: KIP-98, Kafka's RecordBatch v2.
 */

/** What kafkajs hands to its produce request; `messages` are our records, untouched. */
export interface ProduceData {
  readonly acks: number;
  readonly timeout: number;
  readonly transactionalId?: string | null;
  readonly producerId?: number | string | { toString(): string };
  readonly producerEpoch?: number;
  readonly compression?: number;
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly firstSequence?: number; readonly messages: readonly OutgoingRecord[] }[];
  }[];
}

const transactional = 0x10;
const batchHeader = 61;

/** The request part of Produce v3; kafkajs sets higher versions on it, whose request has the same layout. */
export function produceRequest(data: ProduceData): ProtocolRequest['request'] {
  return {
    apiKey: 0,
    apiName: 'Produce',
    apiVersion: 3,
    expectResponse: () => data.acks !== 0,
    encode: () => Promise.resolve(encodeProduce(data))
  };
}

function encodeProduce(data: ProduceData): Encoder {
  const out = new Writer(requestBound(data));
  out.string(data.transactionalId ?? null);
  out.int16(data.acks);
  out.int32(data.timeout);
  out.int32(data.topicData.length);
  for (const { topic, partitions } of data.topicData) {
    out.string(topic);
    out.int32(partitions.length);
    for (const { partition, firstSequence, messages } of partitions) {
      out.int32(partition);
      const size = out.hole(4);
      writeBatch(out, messages, firstSequence ?? 0, data);
      out.patchInt32(size, out.at - size - 4);
    }
  }
  const KafkajsEncoder = load<new (size?: number) => Encoder>('protocol/encoder');
  return new KafkajsEncoder(out.at).writeBuffer(out.done());
}

function writeBatch(out: Writer, records: readonly OutgoingRecord[], firstSequence: number, data: ProduceData): void {
  const codec = data.compression ?? 0;
  const base = records[0]?.timestamp ?? 0;
  let latest = base;
  for (const record of records) if (record.timestamp > latest) latest = record.timestamp;
  const start = out.at;
  out.int64(0);
  out.int32(0); // length, below
  out.int32(-1); // partition leader epoch
  out.int8(2); // magic
  out.int32(0); // CRC, below
  out.int16(codec | (data.transactionalId ? transactional : 0));
  out.int32(records.length - 1);
  out.int64(base);
  out.int64(latest);
  out.bigint64(BigInt((data.producerId ?? -1).toString()));
  out.int16(data.producerEpoch ?? -1);
  out.int32(firstSequence);
  out.int32(records.length);
  const body = out.at;
  for (let delta = 0; delta < records.length; delta++) writeRecord(out, records[delta]!, delta, base);
  if (codec !== 0) out.replaceFrom(body, compress(codec, out.view(body)));
  out.patchInt32(start + 8, out.at - start - 12);
  out.patchInt32(start + 17, crc32c(out.view(0), start + 21, out.at) | 0);
}

function writeRecord(out: Writer, record: OutgoingRecord, offsetDelta: number, base: number): void {
  const { key, value, headers } = record;
  const timestampDelta = record.timestamp - base;
  let size = 1 + sizeOfVarint(timestampDelta) + sizeOfVarint(offsetDelta) + sizeOfBytes(key) + sizeOfBytes(value) + sizeOfVarint(headers.length);
  for (const [name, content] of headers) {
    const length = Buffer.byteLength(name);
    size += sizeOfVarint(length) + length + sizeOfBytes(content);
  }
  out.varint(size);
  out.int8(0);
  out.varint(timestampDelta);
  out.varint(offsetDelta);
  out.bytes(key);
  out.bytes(value);
  out.varint(headers.length);
  for (const [name, content] of headers) {
    out.name(name);
    out.bytes(content);
  }
}

/** The most bytes the request can take: the longest form of each varint. Exact sizes would cost a second pass. */
function requestBound(data: ProduceData): number {
  let bound = 64 + Buffer.byteLength(data.transactionalId ?? '');
  for (const { topic, partitions } of data.topicData) {
    bound += 8 + Buffer.byteLength(topic);
    for (const { messages } of partitions) {
      bound += 8 + batchHeader;
      for (const record of messages) bound += recordBound(record);
    }
  }
  return bound;
}

function recordBound(record: OutgoingRecord): number {
  let bound = 40 + (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const [name, content] of record.headers) bound += 10 + name.length * 3 + (content?.length ?? 0);
  return bound;
}

function sizeOfBytes(bytes: Uint8Array | null): number {
  return bytes === null ? 1 : sizeOfVarint(bytes.length) + bytes.length;
}

/** Bytes of a zig-zag varint, for any safe integer. */
function sizeOfVarint(value: number): number {
  let zigzag = value < 0 ? -2 * value - 1 : 2 * value;
  let size = 1;
  while (zigzag >= 0x80) {
    zigzag = Math.floor(zigzag / 0x80);
    size++;
  }
  return size;
}

/** Writes big-endian fields one after the other; grows only if a bound was wrong or compressing made the body longer. */
class Writer {
  at = 0;
  private buffer: Buffer;

  constructor(size: number) {
    this.buffer = Buffer.allocUnsafe(size);
  }

  done(): Buffer {
    return this.buffer.subarray(0, this.at);
  }

  view(from: number): Buffer {
    return this.buffer.subarray(from, this.at);
  }

  replaceFrom(from: number, content: Buffer): void {
    this.at = from;
    this.raw(content);
  }

  hole(size: number): number {
    const at = this.at;
    this.room(size);
    this.at += size;
    return at;
  }

  patchInt32(at: number, value: number): void {
    this.buffer.writeInt32BE(value, at);
  }

  int8(value: number): void {
    this.room(1);
    this.buffer[this.at++] = value;
  }

  int16(value: number): void {
    this.room(2);
    this.at = this.buffer.writeInt16BE(value, this.at);
  }

  int32(value: number): void {
    this.room(4);
    this.at = this.buffer.writeInt32BE(value, this.at);
  }

  int64(value: number): void {
    this.room(8);
    this.buffer.writeInt32BE(Math.floor(value / 0x1_0000_0000), this.at);
    this.buffer.writeUInt32BE(value >>> 0, this.at + 4);
    this.at += 8;
  }

  bigint64(value: bigint): void {
    this.room(8);
    this.at = this.buffer.writeBigInt64BE(value, this.at);
  }

  string(value: string | null): void {
    if (value === null) return this.int16(-1);
    const length = Buffer.byteLength(value);
    this.int16(length);
    this.room(length);
    this.at += this.buffer.write(value, this.at);
  }

  name(value: string): void {
    const length = Buffer.byteLength(value);
    this.varint(length);
    this.room(length);
    this.at += this.buffer.write(value, this.at);
  }

  bytes(value: Uint8Array | null): void {
    if (value === null) return this.varint(-1);
    this.varint(value.length);
    this.raw(value);
  }

  varint(value: number): void {
    this.room(10);
    let zigzag = value < 0 ? -2 * value - 1 : 2 * value;
    while (zigzag >= 0x80) {
      this.buffer[this.at++] = (zigzag % 0x80) | 0x80;
      zigzag = Math.floor(zigzag / 0x80);
    }
    this.buffer[this.at++] = zigzag;
  }

  private raw(value: Uint8Array): void {
    this.room(value.length);
    this.buffer.set(value, this.at);
    this.at += value.length;
  }

  private room(size: number): void {
    if (this.at + size <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe((this.at + size) * 2);
    this.buffer.copy(larger, 0, 0, this.at);
    this.buffer = larger;
  }
}
