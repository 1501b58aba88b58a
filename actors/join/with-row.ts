import { Failure } from '../failure.ts';
import { absent, Draft, isObject, readField } from '../fields.ts';
import type { StreamRecord } from '../record.ts';
import { changeRecord } from '../record.ts';
import type { StoreValue } from '../store.ts';

/** Fails a record whose value cannot take a row at a path, with a poison `Failure`. */
export function checkRoom({ value }: StreamRecord, path: readonly string[]): void {
  if (!isObject(value)) throw new Failure('expression_failed', 'into: expected an object as the value, found something else');
  for (let length = 1; length < path.length; length++) {
    const field = readField(value, path.slice(0, length));
    if (field === absent) return;
    if (!isObject(field)) throw new Failure('expression_failed', `into: expected an object on the way to ${path.join('.')}, found something else`);
  }
}

/** The record with a row as a field. Throws a poison `Failure` where there is no room for it. */
export function withRow(record: StreamRecord, path: readonly string[], row: StoreValue): StreamRecord {
  checkRoom(record, path);
  const draft = new Draft(record.value as Record<string, unknown>);
  draft.set(path, row);
  return changeRecord(record, draft.root);
}
