import { setTimeout as wait } from 'node:timers/promises';
import { Failure } from '../../../actors/failure.ts';
import type { TopicPartition } from '../../../actors/port.ts';
import { dealTopics, hasPatterns, type TopicSet } from '../../../actors/topic-set.ts';
import { failureOf, protocolError } from './failures.ts';
import { allTopics, type Nodes } from './nodes.ts';
import { right } from './rights.ts';

const unknownTopic = 3;
const noLeader = 5;
const invalidTopic = 17;
const confirmations = 4;
const confirmationWait = 250;

/** The topics one reader reads: which they are, how many partitions they have and which node leads each. */
export class Topics {
  private readonly nodes: Nodes;
  private readonly sets: readonly TopicSet[];
  private readonly named: readonly string[];
  private leaders = new Map<string, readonly number[]>();
  private current: readonly (readonly string[])[] = [];
  private missing: readonly string[] = [];
  private refreshing: Promise<void> | null = null;
  private refreshedAt = 0;

  constructor(nodes: Nodes, sets: readonly TopicSet[]) {
    this.nodes = nodes;
    this.sets = sets;
    this.named = [...new Set(sets.flatMap(({ topics }) => topics))];
  }

  /** Asks again; callers at the same time share one request. */
  refresh(): Promise<void> {
    this.refreshing ??= this.load().finally(() => {
      this.refreshing = null;
    });
    return this.refreshing;
  }

  /** Asks again and rejects with `topic_missing` if topics are not there. One answer is not enough: a broker that has just started knows little. */
  async ensure(): Promise<void> {
    for (let tries = 0; tries < confirmations; tries++) {
      if (tries > 0) await wait(confirmationWait);
      await this.refresh();
      if (this.missing.length === 0) return;
    }
    const list = this.missing.map((name) => `"${name}"`).join(', ');
    // Among all topics, those that may not be described are left out without a word.
    const hidden = hasPatterns(this.sets) && this.nodes.isNamed ? ', or may not be described by this client' : '';
    throw new Failure('topic_missing', `Topics to read do not exist${hidden}: ${list}`);
  }

  /** Milliseconds since the last answer. */
  get age(): number {
    return Date.now() - this.refreshedAt;
  }

  count(topic: string): number {
    return this.leaders.get(topic)?.length ?? 0;
  }

  /** The topics of each set, as they were when last asked for. */
  get dealt(): readonly (readonly string[])[] {
    return this.current;
  }

  /** Changes whenever a topic gets more partitions, and when topics come to meet a pattern or go. */
  get shape(): string {
    return this.current.flat().map((name) => `${name} ${this.count(name)}`).join();
  }

  /** The node that leads a partition, or -1 if that is not known. */
  leader({ topic, partition }: TopicPartition): number {
    return this.leaders.get(topic)?.[partition] ?? -1;
  }

  private async load(): Promise<void> {
    const views = await this.nodes.metadata(hasPatterns(this.sets) ? allTopics : this.named);
    const leaders = new Map<string, readonly number[]>();
    const missing = new Set(this.named);
    const dealt = dealTopics(this.sets, new Set([...this.named, ...views.keys()]));
    for (const name of dealt.flat()) {
      const view = views.get(name);
      if (view === undefined || view.errorCode === unknownTopic || view.errorCode === invalidTopic) continue;
      if (view.errorCode !== 0 && view.errorCode !== noLeader) throw failureOf(protocolError(view.errorCode), `Describing topic "${name}"`, this.nodes.asking(right('Read', 'topic', name)));
      leaders.set(name, view.leaders);
      missing.delete(name);
    }
    // One that is being made may show without partitions, one that is missing now may only be new to this broker: what was known stays.
    for (const name of missing) leaders.set(name, this.leaders.get(name) ?? []);
    this.leaders = leaders;
    this.current = dealt.map((topics) => topics.filter((topic) => leaders.has(topic)));
    this.missing = [...missing];
    this.refreshedAt = Date.now();
  }
}
