import { isDeepStrictEqual } from 'node:util';
import { Failure } from '../../actors/failure.ts';
import type { StateIdentity } from '../../actors/store.ts';
import { stateFormat } from './meta.ts';
import type { Holds, StoredIdentity } from './meta.ts';

/** What is put down about whose state it is. Stores that are on disk and not named any more stay named there. */
export function mergeIdentity(found: StoredIdentity | null, { topology, task, stores }: StateIdentity): StoredIdentity {
  return { format: stateFormat, topology, task, stores: { ...found?.stores, ...plain(Object.fromEntries(stores)) } };
}

/** Throws `state_corrupt` where it is not this task's, and `state_incompatible` where a store holds something else. */
export function checkIdentity(found: StoredIdentity, { topology, task, stores }: StateIdentity): void {
  if (!(found.format <= stateFormat)) throw new Failure('state_corrupt', `The state has format ${found.format}; this version of Millrace reads format ${stateFormat}.`);
  if (found.topology !== topology || found.task !== task) {
    throw new Failure('state_corrupt', `The state is that of task ${found.task} of topology ${found.topology}, not of task ${task} of topology ${topology}.`);
  }
  for (const [name, holds] of stores) {
    const before = Object.hasOwn(found.stores, name) ? found.stores[name] : undefined;
    if (before === undefined) continue;
    const differences = compareHolds(before, holds);
    if (differences.length > 0) {
      throw new Failure('state_incompatible', `Store ${name} of task ${task} (topology ${topology}) was written for another definition: ${differences.join('; ')}.`);
    }
  }
}

/** What differs between what a store holds and what a node wants it to hold, one text for each field: `size: 60000 → 300000`. */
export function compareHolds(before: Holds, after: Holds): string[] {
  const now = plain(after);
  const fields = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
  return fields.filter((field) => !isDeepStrictEqual(before[field], now[field])).map((field) => `${field}: ${show(before[field])} → ${show(now[field])}`);
}

function show(value: unknown): string {
  return value === undefined ? 'absent' : JSON.stringify(value);
}

/** As it comes back from disk. */
function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
