import { Failure } from '../../actors/failure.ts';
import { compareHolds, incompatible } from '../../actors/holds.ts';
import type { StateIdentity } from '../../actors/store.ts';
import { stateFormat } from './meta.ts';
import type { StoredIdentity } from './meta.ts';

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
    const changes = before === undefined ? [] : compareHolds(before, holds);
    if (changes.length > 0) throw incompatible(name, `task ${task} (topology ${topology})`, changes);
  }
}

/** As it comes back from disk. */
function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
