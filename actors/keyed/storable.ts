import type { Codec } from '../component.ts';
import type { StreamRecord } from '../record.ts';
import type { StoreValue } from '../store.ts';

/**
 * A record's value in a form that stores keep. One that was decoded is as it is; one that a script made may hold dates and integers of any size, which become what a
 * sink would write. `json`: the codec. Throws a poison `Failure` for what has no such form.
 */
export function storable({ value, changed, origin }: StreamRecord, json: Codec): StoreValue {
  if (!changed || typeof value !== 'object' || value === null || origin.codec === '') return value as StoreValue;
  return json.decode(json.encode(value)) as StoreValue;
}
