import { Failure } from '../failure.ts';
import { toBinary, toBytes } from '../keyed/binary.ts';
import type { Header, StreamRecord } from '../record.ts';
import type { StoreValue } from '../store.ts';

/** A row of a table node, as it lies in its store. Without a value: the key was deleted at that time. */
export type PackedRow = readonly [time: number] | readonly [time: number, value: StoreValue] | readonly [time: number, value: StoreValue, extra: RowExtra];

/** What not every row has. */
export type RowExtra = {
  /** `traceparent` and `tracestate` of the update, as binary strings. */
  readonly p?: string;
  readonly s?: string;
  /** Where keys are forgotten: the time from which the row is. */
  readonly x?: number;
  /** The time under which the index of such times has it, where that is another. */
  readonly i?: number;
  /** That time is past, and the row is only there for those that ask for what was before. */
  readonly g?: 1;
};

/** A row as look-ups give it. */
export interface TableRow {
  /** Event time of the update, in milliseconds since 1970; -1 where it had none. */
  readonly time: number;
  readonly value: StoreValue;
  /** Trace context of the update. */
  readonly p?: string | undefined;
  readonly s?: string | undefined;
}

/** The row that an update is. `forgotten`: the time from which it is not there any more; null for never. */
export function packRow({ time, headers }: StreamRecord, value: StoreValue, forgotten: number | null): PackedRow {
  const [p, s] = [headerOf(headers, 'traceparent'), headerOf(headers, 'tracestate')];
  if (p === null && forgotten === null) return [time, value];
  return [time, value, { ...(p === null ? {} : { p }), ...(p === null || s === null ? {} : { s }), ...(forgotten === null ? {} : { x: forgotten }) }];
}

/** A row as it was at a time; undefined where it was deleted or forgotten by then. Without a time: as it is now. */
export function liveRow(row: PackedRow, time: number | null): TableRow | undefined {
  if (row.length === 1) return undefined;
  const [since, value, extra] = row;
  if (extra === undefined) return { time: since, value };
  if (time === null ? extra.g === 1 : extra.x !== undefined && extra.x <= time) return undefined;
  return { time: since, value, p: extra.p, s: extra.s };
}

/** A row with another place in the index; null for none. */
export function reindexed(row: PackedRow, index: number | null): PackedRow {
  if (row.length === 1) return row;
  const [time, value, extra] = row;
  if (extra?.x === undefined) return row;
  const { i: _i, ...others } = extra;
  return [time, value, index === null || index === extra.x ? others : { ...others, i: index }];
}

/** A row whose time is past. */
export function forgottenRow(row: PackedRow): PackedRow {
  const [time, value, extra] = reindexed(row, null);
  return value === undefined ? [time] : [time, value, { ...extra, g: 1 }];
}

/** What a record that met a row has in its headers of it. */
export function rowHeaders({ time, p, s }: TableRow): Header[] {
  const headers: Header[] = [];
  if (time >= 0) headers.push(['millrace.right.timestamp', toBytes(String(time))]);
  if (p !== undefined) headers.push(['millrace.right.traceparent', toBytes(p)]);
  if (s !== undefined) headers.push(['millrace.right.tracestate', toBytes(s)]);
  return headers;
}

/** The trace context of a row as headers of a record. */
export function traceHeaders({ p, s }: TableRow): Header[] {
  return [...(p === undefined ? [] : [['traceparent', toBytes(p)] as const]), ...(s === undefined ? [] : [['tracestate', toBytes(s)] as const])];
}

/** Fails values that cannot be rows. */
export function checkRowValue({ value }: StreamRecord): void {
  if (value instanceof Uint8Array) throw new Failure('row_unusable', 'expected a value that JSON has, found bytes: read the rows with codec json or text');
}

function headerOf(headers: readonly Header[], name: string): string | null {
  for (let i = headers.length - 1; i >= 0; i--) {
    const [found, value] = headers[i] as Header;
    if (found === name && value !== null) return toBinary(value);
  }
  return null;
}
