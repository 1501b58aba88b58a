import { Failure } from '../../actors/failure.ts';
import type { Broker, TopicPartition } from '../../actors/port.ts';
import type { TaskState } from '../../actors/store.ts';
import type { Plan } from '../topology/model.ts';
import type { Clock } from './clock.ts';
import { batchOverhead, encodedSize } from './outbox.ts';
import type { PendingRecord } from './outbox.ts';
import { holdsOf } from './open-state.ts';
import { markOf } from './store-mark.ts';
import type { Topics } from './topics.ts';

/** Whose changes they are. */
export interface ChangelogSettings {
  readonly plan: Plan;
  readonly partition: number;
  readonly state: TaskState | null;
  readonly topics: Topics;
  readonly clock: Clock;
  /** Stores whose changelogs do not say yet what they hold. */
  readonly unmarked: ReadonlySet<string>;
}

/** Gives the changelog records of each epoch once it is sealed. Throws `state_too_large` for an entry that the topic does not take. */
export async function changelogOf({ plan, partition, state, topics, clock, unmarked }: ChangelogSettings): Promise<() => readonly PendingRecord[]> {
  const logs = new Map(plan.internalTopics.flatMap((topic) => (topic.kind === 'changelog' ? [[topic.node, topic.topic] as const] : [])));
  if (state === null || logs.size === 0) return () => [];
  const limits = new Map<string, number>();
  for (const topic of logs.values()) limits.set(topic, (await topics.load(topic)).maxMessageBytes);
  const waiting = new Map(plan.subTopologies.flatMap((sub) => [...holdsOf(plan, sub)]).filter(([store]) => unmarked.has(store)));
  return () => {
    // Wall clock, not event time: what decades-old events left must not be taken for old state.
    const timestamp = clock.now();
    const records: PendingRecord[] = [];
    const add = (store: string, key: Uint8Array, value: Uint8Array | null): void => {
      const topic = logs.get(store) as string;
      const limit = limits.get(topic) as number;
      const size = encodedSize({ key, value, headers: [] });
      if (size + batchOverhead > limit) throw new Failure('state_too_large', `${topic} takes at most ${limit} bytes, an entry of ${store} has ${size}.`);
      records.push({ topic, partition, key, value, headers: [], timestamp, size, limit });
    };
    for (const { store, key, value } of state.sealed()) {
      const holds = waiting.get(store);
      if (holds !== undefined) {
        const mark = markOf(holds);
        add(store, mark.key, mark.value);
        waiting.delete(store);
      }
      add(store, key, value);
    }
    return records;
  };
}

/** Milliseconds between two looks at how far the changelogs go. */
const noteInterval = 10_000;

/** Lets a task's state know, now and then, how far its changelogs go: a task that comes back to a directory it left reads on from there. */
export class ChangelogNotes {
  readonly #settings: ChangelogSettings;
  readonly #broker: Broker;
  readonly #logs: readonly (TopicPartition & { readonly store: string })[];
  #last: number;
  #asking = false;

  constructor(settings: ChangelogSettings, stores: readonly string[], broker: Broker) {
    const { plan, partition, clock } = settings;
    this.#settings = settings;
    this.#broker = broker;
    this.#logs = plan.internalTopics.flatMap(({ kind, topic, node }) => (kind === 'changelog' && stores.includes(node) ? [{ topic, partition, store: node }] : []));
    this.#last = clock.elapsed();
  }

  /** An epoch was committed. What the broker answers from then on belongs to that epoch, or to one that is applied after it. */
  committed(): void {
    const { state, clock } = this.#settings;
    if (state === null || this.#logs.length === 0 || this.#asking || clock.elapsed() - this.#last < noteInterval) return;
    this.#last = clock.elapsed();
    this.#asking = true;
    this.#broker.listOffsets(this.#logs, 'end').then(
      (ends) => { state.noteChangelog(new Map(this.#logs.map(({ store }, index) => [store, ends[index] as number]))); },
      // The position known before is still right: more is read again than needed.
      () => undefined
    ).finally(() => { this.#asking = false; });
  }
}
