import { Failure } from '../../actors/failure.ts';
import type { TaskState } from '../../actors/store.ts';
import type { Plan } from '../topology/model.ts';
import type { Clock } from './clock.ts';
import { batchOverhead, encodedSize } from './outbox.ts';
import type { PendingRecord } from './outbox.ts';
import type { Topics } from './topics.ts';

/** Whose changes they are. */
export interface ChangelogSettings {
  readonly plan: Plan;
  readonly partition: number;
  readonly state: TaskState | null;
  readonly topics: Topics;
  readonly clock: Clock;
}

/** Gives the changelog records of each epoch once it is sealed. Throws `state_too_large` for an entry that the topic does not take. */
export async function changelogOf({ plan, partition, state, topics, clock }: ChangelogSettings): Promise<() => readonly PendingRecord[]> {
  const logs = new Map(plan.internalTopics.flatMap((topic) => (topic.kind === 'changelog' ? [[topic.node, topic.topic] as const] : [])));
  if (state === null || logs.size === 0) return () => [];
  const limits = new Map<string, number>();
  for (const topic of logs.values()) limits.set(topic, (await topics.load(topic)).maxMessageBytes);
  return () => {
    // Wall clock, not event time: what decades-old events left must not be taken for old state.
    const timestamp = clock.now();
    return state.sealed().map(({ store, key, value }) => {
      const topic = logs.get(store) as string;
      const limit = limits.get(topic) as number;
      const size = encodedSize({ key, value, headers: [] });
      if (size + batchOverhead > limit) throw new Failure('state_too_large', `${topic} takes at most ${limit} bytes, an entry of ${store} has ${size}.`);
      return { topic, partition, key, value, headers: [], timestamp, size, limit };
    });
  };
}
