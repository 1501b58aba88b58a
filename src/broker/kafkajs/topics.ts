import { setTimeout as wait } from 'node:timers/promises';
import { Failure } from '../../../actors/failure.ts';
import type { TopicPartition } from '../../../actors/port.ts';
import { failureOf, protocolError } from './failures.ts';
import type { Nodes } from './nodes.ts';

const unknownTopic = 3;
const noLeader = 5;
const invalidTopic = 17;
const confirmations = 4;
const confirmationWait = 250;

/** The topics one reader reads: how many partitions they have and which node leads each. */
export class Topics {
  private readonly nodes: Nodes;
  private readonly names: readonly string[];
  private readonly leaders = new Map<string, readonly number[]>();
  private missing: readonly string[] = [];
  private refreshing: Promise<void> | null = null;
  private refreshedAt = 0;

  constructor(nodes: Nodes, names: readonly string[]) {
    this.nodes = nodes;
    this.names = [...new Set(names)];
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
    throw new Failure('topic_missing', `Topics to read do not exist: ${list}`);
  }

  /** Milliseconds since the last answer. */
  get age(): number {
    return Date.now() - this.refreshedAt;
  }

  count(topic: string): number {
    return this.leaders.get(topic)?.length ?? 0;
  }

  /** Changes whenever a topic gets more partitions. */
  get shape(): string {
    return this.names.map((name) => this.count(name)).join();
  }

  /** The node that leads a partition, or -1 if that is not known. */
  leader({ topic, partition }: TopicPartition): number {
    return this.leaders.get(topic)?.[partition] ?? -1;
  }

  private async load(): Promise<void> {
    const views = await this.nodes.metadata(this.names);
    const missing: string[] = [];
    for (const name of this.names) {
      const view = views.get(name);
      if (view === undefined || view.errorCode === unknownTopic || view.errorCode === invalidTopic) missing.push(name);
      else if (view.errorCode !== 0 && view.errorCode !== noLeader) throw failureOf(protocolError(view.errorCode), `Describing topic "${name}"`);
      else this.leaders.set(name, view.leaders);
    }
    this.missing = missing;
    this.refreshedAt = Date.now();
  }
}
