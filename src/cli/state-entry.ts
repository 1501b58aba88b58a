import { binaryToTime } from '../../actors/keyed/binary.ts';
import type { Freight } from '../../actors/keyed/freight.ts';
import type { PackedRow } from '../../actors/join/table-row.ts';
import type { PackedVersion } from '../../actors/join/table-rows.ts';
import type { StoreValue } from '../../actors/store.ts';
import type { StoreSummary } from '../state/inspect.ts';
import { showKey, showText, showTime } from './state-key.ts';

/** An entry of a store as people read it: rows of table nodes and records that wait for them in words, others with the value as it is stored. */
export function showEntry(key: string, value: StoreValue, holds: StoreSummary['holds']): Readonly<Record<string, unknown>> {
  if (typeof holds['table'] === 'string') return tableEntry(key, value) ?? internal(key, value);
  if (holds['join'] === 'table') return waitingRecord(key, value) ?? internal(key, value);
  return { ...showKey(key, holds), value };
}

function internal(key: string, value: StoreValue): Readonly<Record<string, unknown>> {
  return { key: showText(key), entry: 'internal', value };
}

/** A row, or one that was replaced (actors/join/table-rows.ts). */
function tableEntry(key: string, value: StoreValue): Readonly<Record<string, unknown>> | null {
  if (key.startsWith('r')) return { key: showText(key.slice(1)), ...showRow(value as unknown as PackedRow, null) };
  if (!key.startsWith('v') || key.length < 13) return null;
  const [until, row] = value as unknown as PackedVersion;
  return { key: showText(key.slice(5, -8)), ...showRow(row, until) };
}

function showRow(row: PackedRow, until: number | null): Readonly<Record<string, unknown>> {
  const [time] = row;
  const times = { ...(time < 0 ? {} : { [row.length === 1 ? 'deleted' : 'updated']: showTime(time) }), ...(until === null ? {} : { until: showTime(until) }) };
  if (row.length === 1) return times;
  return { ...times, ...(row[2]?.g === 1 ? { forgotten: showTime(row[2].x ?? time) } : {}), value: row[1] };
}

/** A record of a join (actors/join/held-records.ts). */
function waitingRecord(key: string, value: StoreValue): Readonly<Record<string, unknown>> | null {
  if (!key.startsWith('q') || key.length < 17) return null;
  const [group, , record] = value as unknown as Freight;
  return { key: group === null ? null : showText(group), time: showTime(binaryToTime(key, 1)), value: record.v ?? null };
}
