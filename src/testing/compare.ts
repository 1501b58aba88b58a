import { isUtf8 } from 'node:buffer';
import type { ExpectedOutput, ExpectedRecord, Place } from './case.ts';
import { differences } from './differ.ts';
import type { Difference } from './differ.ts';
import type { FoundRecord } from './outputs.ts';
import { show } from './show.ts';

/** What is not as expected. */
export interface Mismatch {
  readonly place: Place;
  /** In one line. */
  readonly message: string;
  readonly expected?: unknown;
  readonly found?: unknown;
}

interface Pair {
  readonly index: number;
  readonly found: FoundRecord;
  readonly position: number;
}

/** Compares what came out with what was expected: all of it unless `some`, in order among records of one key. */
export function compareOutput({ name, records, places, place }: ExpectedOutput, found: readonly FoundRecord[], some: boolean): Mismatch[] {
  const left = new Map(found.map((record, position) => [position, record] as const));
  const pairs: Pair[] = [];
  const missing: number[] = [];
  records.forEach((expected, index) => {
    const hit = [...left].find(([, record]) => recordDifferences(expected, record).length === 0);
    if (hit === undefined) missing.push(index);
    else {
      left.delete(hit[0]);
      pairs.push({ index, position: hit[0], found: hit[1] });
    }
  });
  const mismatches = missing.map((index) => missed(`${name}[${index}]`, records[index] as ExpectedRecord, places[index] as Place, left, found.length));
  if (!some) for (const record of left.values()) mismatches.push({ place, message: `${name}: not expected: ${show(shown(record))}`, found: shown(record) });
  return [...mismatches, ...outOfOrder(pairs, name, places)];
}

/** An expected record that did not come; told by what is nearest to it, which is then told by it alone. */
function missed(name: string, expected: ExpectedRecord, place: Place, left: Map<number, FoundRecord>, came: number): Mismatch {
  const near = [...left].map(([position, record]) => ({ position, record, differs: recordDifferences(expected, record) })).filter(({ record, differs }) => isNear(expected, record, differs)).toSorted((a, b) => a.differs.length - b.differs.length)[0];
  if (near === undefined) return { place, message: `${name}: expected, and did not come: ${show(expected)}${came === 0 ? ' (nothing came)' : ''}`, expected };
  left.delete(near.position);
  const lines = near.differs.map(({ path, expected: wanted, found }) => `${name}.${path}: expected ${show(wanted)}, found ${show(found)}`);
  return { place, message: lines.join('\n'), expected, found: shown(near.record) };
}

/** The same key, or, where none is expected, most of the value. */
function isNear(expected: ExpectedRecord, record: FoundRecord, differs: readonly Difference[]): boolean {
  if (differs.some(({ path }) => path === 'key' || path === 'value' || path === 'text')) return false;
  const wrong = differs.filter(({ path }) => path.startsWith('value')).length;
  const value = expected.value ?? expected.has;
  const fields = typeof value === 'object' && value !== null ? Object.keys(value).length : 1;
  return expected.key !== undefined ? textOf(record.key) === expected.key : wrong < Math.max(2, fields);
}

/** Records of one key keep their order; failed and late ones among those of their node. */
function outOfOrder(pairs: readonly Pair[], name: string, places: readonly Place[]): Mismatch[] {
  const last = new Map<string, Pair>();
  const mismatches: Mismatch[] = [];
  for (const pair of pairs) {
    if (pair.found.key === null) continue;
    const key = `${pair.found.topic}/${pair.found.partition}/${nodeOf(pair.found) ?? ''}/${textOf(pair.found.key) ?? ''}`;
    const before = last.get(key);
    if (before !== undefined && before.position > pair.position) {
      mismatches.push({ place: places[pair.index] as Place, message: `${name}[${pair.index}]: expected behind ${name}[${before.index}], came before it: ${show(shown(pair.found))}` });
    }
    last.set(key, pair);
  }
  return mismatches;
}

function recordDifferences(expected: ExpectedRecord, record: FoundRecord): Difference[] {
  const { key, value, has, text, base64, timestamp, headers = {}, partition, code, node } = expected;
  const list: Difference[] = [];
  const check = (path: string, wanted: unknown, is: unknown): void => {
    if (wanted !== undefined && wanted !== is) list.push({ path, expected: wanted, found: is });
  };
  check('key', key, textOf(record.key));
  if (value !== undefined) list.push(...differences(value, typeof value === 'string' ? asText(record.value, value) : valueOf(record.value), 'value'));
  if (has !== undefined) list.push(...differences(has, valueOf(record.value), 'value', true));
  check('text', text, textOf(record.value));
  check('base64', base64, record.value === null ? null : Buffer.from(record.value).toString('base64'));
  if (timestamp !== record.timestamp) check('timestamp', iso(timestamp), iso(record.timestamp));
  check('partition', partition, record.partition);
  check('code', code, headerOf(record, 'millrace.error.code'));
  check('node', node, nodeOf(record));
  for (const [name, wanted] of Object.entries(headers)) check(`headers.${name}`, wanted, headerOf(record, name));
  return list;
}

/** A text is expected as JSON, or as the bytes are. */
function asText(bytes: Uint8Array | null, expected: string): unknown {
  return textOf(bytes) === expected ? expected : valueOf(bytes);
}

/** What came out, as it could be expected. */
function shown(record: FoundRecord): Record<string, unknown> {
  const value = valueOf(record.value);
  const code = headerOf(record, 'millrace.error.code');
  const node = nodeOf(record);
  const message = headerOf(record, 'millrace.error.message');
  return { ...(record.key === null ? {} : { key: textOf(record.key) }), value, ...(code === null ? {} : { code }), ...(node === null ? {} : { node }), ...(message === null ? {} : { message }) };
}

/** The node at which a dead letter failed, or for which a record was late. */
function nodeOf(record: FoundRecord): string | null {
  return headerOf(record, 'millrace.error.node') ?? headerOf(record, 'millrace.late.node');
}

function headerOf({ headers }: FoundRecord, name: string): string | null {
  const found = headers.findLast(([header]) => header === name);
  return found === undefined ? null : textOf(found[1]);
}

/** Bytes that are not UTF-8 as base64. */
function textOf(bytes: Uint8Array | null): string | null {
  if (bytes === null) return null;
  return Buffer.from(bytes).toString(isUtf8(bytes) ? 'utf8' : 'base64');
}

function valueOf(bytes: Uint8Array | null): unknown {
  const text = textOf(bytes);
  if (text === null) return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function iso(time: number | undefined): string | undefined {
  return time === undefined ? undefined : Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : String(time);
}
