import { ownerOf } from '../../actors/topic-set.ts';
import { addCounts, noCounts } from '../../actors/accounting.ts';
import type { Counts } from '../../actors/accounting.ts';
import type { Broker, FetchedRecord, OutgoingRecord, TopicInfo } from '../../actors/port.ts';
import { Meters } from '../../src/runtime/meters.ts';
import { BufferedOutbox } from '../../src/runtime/outbox.ts';
import type { EpochWork } from '../../src/runtime/sink-actor.ts';
import type { SourceMessage } from '../../src/runtime/source-actor.ts';
import { ActorSystem } from '../../src/runtime/system.ts';
import type { Actor } from '../../src/runtime/system.ts';
import { Topics } from '../../src/runtime/topics.ts';
import { wireTask } from '../../src/runtime/wire.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import type { Plan } from '../../src/topology/model.ts';

/** An epoch as a test looks at it. */
export interface SeenEpoch {
  readonly work: EpochWork;
  readonly outputs: readonly OutgoingRecord[];
}

/** A topic that takes everything but very large records. */
export const plainTopic: TopicInfo = { partitions: 4, maxMessageBytes: 1_000_000, timestamps: { behind: Infinity, ahead: Infinity }, keyed: false };

/** The actors of one task, real ones, between a test that feeds them and a buffer that takes what comes out. */
export class WiredTask {
  readonly plan: Plan;
  readonly #system = new ActorSystem();
  readonly #sources = new Map<string, Actor<SourceMessage>>();
  readonly #positions = new Map<string, number>();
  #epoch = 0;
  #waiting: PromiseWithResolvers<EpochWork> | null = null;
  /** Sums over all epochs, by node name. */
  readonly totals = new Map<string, Counts>();
  readonly meters: Meters;

  constructor(plan: Plan, topics: readonly string[], info: TopicInfo = plainTopic) {
    this.plan = plan;
    this.meters = new Meters(plan, () => systemClock.elapsed());
    const broker = { describeTopics: (names: string[]) => Promise.resolve(new Map(names.filter((name) => !name.startsWith('missing')).map((name) => [name, info]))) };
    const inputs = topics.map((topic) => ({ topic, partition: 0, start: 0, watermark: -Infinity }));
    const { sources } = wireTask({
      plan,
      sub: plan.subTopologies[ownerOf(topics[0] as string, plan.subTopologies.map(({ reads }) => reads))] as Plan['subTopologies'][number],
      inputs,
      parent: this.#system.spawn<never>({ name: 'task', receive: () => undefined, onFault: () => undefined }),
      outbox: new BufferedOutbox(),
      topics: new Topics(broker as unknown as Broker, systemClock),
      clock: systemClock,
      keyed: { tasks: 1, watermarks: {}, state: null, partitions: () => 1, table: (name) => { throw new Error(`no table ${name}`); } },
      changelog: () => [],
      meters: this.meters.task(null),
      trace: null,
      onAligned: (work) => this.#waiting?.resolve(work),
      onFault: (error) => this.#waiting?.reject(error)
    });
    topics.forEach((topic, index) => this.#sources.set(topic, sources[index] as Actor<SourceMessage>));
  }

  /** Values become a fetched batch at the next offsets of a topic; null is a tombstone. */
  feed(topic: string, values: readonly (string | Uint8Array | null)[], more: Partial<FetchedRecord> = {}): void {
    const from = this.#positions.get(topic) ?? 0;
    const records = values.map((value, index) => ({
      key: null,
      headers: [],
      timestamp: 1000 + index,
      ...more,
      offset: from + index,
      value: value === null ? null : Buffer.from(value)
    }));
    const nextOffset = from + records.length;
    this.#positions.set(topic, nextOffset);
    const batch = { topic, partition: 0, records, nextOffset, startOffset: 0, endOffset: nextOffset, bytes: 100 };
    this.#sources.get(topic)?.tell({ kind: 'fetched', batch });
  }

  /** Ends the epoch; rejects with what made an actor fail. */
  async checkpoint(): Promise<SeenEpoch> {
    this.#epoch += 1;
    this.#waiting = Promise.withResolvers<EpochWork>();
    for (const source of this.#sources.values()) source.tell({ kind: 'barrier', epoch: this.#epoch, now: 0, quiet: 0 });
    const work = await this.#waiting.promise;
    for (const [node, counts] of work.counts) this.#add(this.plan.nodes[node]?.name ?? String(node), counts);
    const outputs: OutgoingRecord[] = [];
    const done = (): Promise<void> => Promise.resolve();
    await work.outputs.write({ send: (records) => Promise.resolve(void outputs.push(...records)), sendOffsets: done, commit: done, abort: done });
    return { work, outputs };
  }

  stop(): void {
    this.#system.stop();
  }

  #add(node: string, counts: Counts): void {
    const total = this.totals.get(node) ?? noCounts();
    addCounts(total, counts);
    this.totals.set(node, total);
  }
}

/** A header's text. */
export function headerOf(record: OutgoingRecord, name: string): string | undefined {
  const value = record.headers.findLast(([key]) => key === name)?.[1];
  return value === undefined || value === null ? undefined : Buffer.from(value).toString();
}
