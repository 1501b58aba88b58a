import { failureCodes } from '../../actors/failure.ts';
import type { OutputRecord } from '../../actors/component.ts';
import { asRead } from '../../actors/record.ts';
import type { Header, StreamRecord } from '../../actors/record.ts';
import type { ErrorPolicy } from '../topology/model.ts';
import type { DeadLetter, LateRecord } from './outlet.ts';

type DeadLetterPolicy = Extract<ErrorPolicy, { action: 'dead_letter' }>;

/** Longest error text put into a header or an envelope, in characters. */
const maxMessage = 1000;

/** A record as its dead letter: original key, value and headers byte for byte, and what went wrong in headers. */
export function deadLetterRecord(letter: DeadLetter, node: string, policy: DeadLetterPolicy, now: number): OutputRecord {
  const record = asRead(letter.record);
  const output = {
    topic: policy.topic,
    partition: null,
    key: record.key,
    value: policy.envelope ? envelope(letter, node, now) : valueOf(record),
    headers: [...record.headers, ...errorHeaders(letter, node, now)],
    timestamp: record.timestamp
  };
  return record.timestamp >= 0 ? output : retimed(output, now);
}

/** A late record as it goes to the topic that its node names for late ones: as it was read, and what it was late for in headers. */
export function lateRecord({ record: late, watermark }: LateRecord, node: string, topic: string, now: number): OutputRecord {
  const record = asRead(late);
  const { topic: from, partition } = record.origin;
  const headers = [
    header('millrace.late.node', node),
    header('millrace.late.time', iso(late.time)),
    header('millrace.late.watermark', iso(watermark)),
    header('millrace.late.topic', from),
    header('millrace.late.partition', String(partition)),
    header('millrace.late.offset', String(record.offset))
  ];
  const output = { topic, partition: null, key: record.key, value: valueOf(record), headers: [...record.headers, ...headers], timestamp: record.timestamp };
  return record.timestamp >= 0 ? output : retimed(output, now);
}

function iso(time: number): string {
  return Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : String(time);
}

/** A window's result was never bytes, and a record that crossed a hop has lost them. */
function valueOf({ bytes, changed, value }: StreamRecord): Uint8Array | null {
  if (bytes !== null || !changed) return bytes;
  return value instanceof Uint8Array ? value : Buffer.from(JSON.stringify(value));
}

/** A dead letter at another time than its record's, which the topic would refuse; the record's own goes into a header. */
export function retimed(output: OutputRecord, now: number): OutputRecord {
  return { ...output, timestamp: now, headers: [...output.headers, header('millrace.error.record_timestamp', String(output.timestamp))] };
}

/** What is left of a late record that does not fit its topic. */
export function truncatedLate(output: OutputRecord, now: number): OutputRecord {
  const size = output.value?.byteLength ?? 0;
  const headers = [...output.headers.filter(([name]) => name.startsWith('millrace.')), header('millrace.late.truncated', `value of ${size} bytes left out`)];
  return { ...output, key: shortKey(output.key), value: Buffer.alloc(0), headers, timestamp: now };
}

/** What is left of a dead letter that does not fit its topic: headers and position, no value. */
export function truncatedDeadLetter(letter: DeadLetter, node: string, policy: DeadLetterPolicy, now: number): OutputRecord {
  const { key, bytes } = asRead(letter.record);
  const size = bytes?.byteLength ?? 0;
  const headers = [...errorHeaders(letter, node, now), header('millrace.error.truncated', `value of ${size} bytes left out`)];
  return { topic: policy.topic, partition: null, key: shortKey(key), value: Buffer.alloc(0), headers, timestamp: now };
}

/** A key that may itself be what does not fit. */
function shortKey(key: Uint8Array | null): Uint8Array | null {
  return key === null || key.byteLength <= 10_000 ? key : key.subarray(0, 10_000);
}

function errorHeaders({ record, failure }: DeadLetter, node: string, now: number): Header[] {
  return [
    header('millrace.error.code', failure.code),
    header('millrace.error.message', failure.message.slice(0, maxMessage)),
    header('millrace.error.node', node),
    header('millrace.error.topic', record.origin.topic),
    header('millrace.error.partition', String(record.origin.partition)),
    header('millrace.error.offset', String(record.offset)),
    header('millrace.error.timestamp', new Date(now).toISOString())
  ];
}

function header(name: string, value: string): Header {
  return [name, Buffer.from(value)];
}

/** JSON for consumers that want to read dead letters as records; bytes that are not UTF-8 come as base64. */
function envelope({ record: failed, failure }: DeadLetter, node: string, now: number): Uint8Array {
  const record = asRead(failed);
  const { topic, partition } = record.origin;
  return Buffer.from(
    JSON.stringify({
      ...readable('value', valueOf(record)),
      ...readable('key', record.key),
      dlq_reason: failure.code,
      dlq_message: failure.message.slice(0, maxMessage),
      dlq_remedy: failureCodes[failure.code].remedy,
      dlq_timestamp: new Date(now).toISOString(),
      node,
      topic,
      partition,
      offset: record.offset,
      timestamp: record.timestamp
    })
  );
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function readable(name: string, bytes: Uint8Array | null): Record<string, string | null> {
  if (bytes === null) return { [name]: null };
  try {
    return { [name]: utf8.decode(bytes) };
  } catch {
    return { [`${name}_base64`]: Buffer.from(bytes).toString('base64') };
  }
}
