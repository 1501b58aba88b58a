import { setImmediate } from 'node:timers/promises';
import type { Store } from './store.ts';

/** Removing this many records takes a few milliseconds, in which nothing else happens. */
const recordsAtOnce = 5_000;

/** Deletes topics. They are gone at once; a crash before their records are leaves these behind, under a number that no topic has again. */
export async function deleteTopics(store: () => Store, topics: readonly string[]): Promise<void> {
  for (const topic of topics) {
    for (const log of store().deleteTopic(topic)) {
      while (!store().removeBefore({ ...log, start: Number.MAX_SAFE_INTEGER }, recordsAtOnce)) await setImmediate();
    }
  }
}
