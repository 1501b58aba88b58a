import { Cursor } from './cursor.ts';
import { define } from './read-field.ts';
import type { Draft, Readers } from './read-message.ts';
import { plainReader } from './read-message.ts';
import { zeroOf } from './read-scalar.ts';
import type { FieldType, MapType } from './types.ts';

const empty = new Uint8Array(0);

/** Reads an entry of a map, which is a message { key, value }, into its object: of several with one key the last counts, a part that is missing is zero. */
export function mapReader({ key: name }: FieldType, { key, value }: MapType, readers: Readers): (cursor: Cursor, draft: Draft, depth: number) => void {
  const readEntry = plainReader([key, value], readers);
  const zeroKey = String(zeroValue(key, readers, 0));
  return (cursor, draft, depth) => {
    const end = cursor.end();
    const { limit } = cursor;
    cursor.limit = end;
    cursor.path.push(name);
    const entry = readEntry(cursor, depth) as Draft;
    cursor.path.pop();
    cursor.limit = limit;
    const found = Object.hasOwn(entry, 'value') ? entry['value'] : zeroValue(value, readers, depth);
    put(draft[name] as Draft, Object.hasOwn(entry, 'key') ? String(entry['key']) : zeroKey, found);
  };
}

function put(map: Draft, key: string, value: unknown): void {
  if (key === '__proto__') define(map, value);
  else map[key] = value;
}

function zeroValue({ type }: FieldType, readers: Readers, depth: number): unknown {
  if (type.kind === 'scalar') return zeroOf(type.scalar, readers.long);
  if (type.kind === 'enum') return type.value[0]?.name ?? 0;
  return readers.of(type)(new Cursor(empty), depth);
}
