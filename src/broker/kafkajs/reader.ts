import { Failure } from '../../../actors/failure.ts';
import type { GroupReader, OffsetCommit, ReaderListener, ReaderSettings, TopicPartition } from '../../../actors/port.ts';
import type { Admin } from './admin.ts';
import { Fetcher } from './fetcher.ts';
import type { ConnectionSettings } from './internals.ts';
import { GroupMember, type Membership } from './member.ts';
import { Nodes } from './nodes.ts';
import { Topics } from './topics.ts';

/** A group member's two halves, membership and fetching, on connections of their own. */
export class KafkajsReader implements GroupReader {
  private readonly settings: ReaderSettings;
  private readonly listener: ReaderListener;
  private readonly admin: Admin;
  private readonly nodes: Nodes;
  private readonly fetcher: Fetcher;
  private readonly member: GroupMember;
  /** What cannot be reached now: 'group', or a node. Empty means all is well. */
  private readonly away = new Set<string>();
  private membership: Membership | null = null;
  private generation = 0;
  private state: 'new' | 'running' | 'failed' | 'stopped' = 'new';

  constructor(connection: ConnectionSettings, admin: Admin, settings: ReaderSettings, listener: ReaderListener) {
    this.settings = settings;
    this.listener = listener;
    this.admin = admin;
    this.nodes = new Nodes(connection);
    const topics = new Topics(this.nodes, settings.topicSets);
    this.fetcher = new Fetcher(this.nodes, topics, settings, {
      fetched: (batch) => {
        if (this.state === 'running') listener.fetched(batch);
      },
      trouble: (node, failure) => this.trouble(`node ${node}`, failure),
      failed: (failure) => this.fail(failure)
    });
    this.member = new GroupMember(this.nodes, admin.nodes, topics, { ...settings, peer: connection.peer ?? (() => null) }, {
      assigned: (membership, partitions) => this.assigned(membership, partitions),
      trouble: (failure) => this.trouble('group', failure),
      failed: (failure) => this.fail(failure)
    });
  }

  start(): Promise<void> {
    if (this.state === 'new') {
      this.state = 'running';
      this.member.start();
    }
    return Promise.resolve();
  }

  deliver(partition: TopicPartition, offset: number): void {
    this.fetcher.deliver(partition, offset);
  }

  pause(partition: TopicPartition): void {
    this.fetcher.pause(partition);
  }

  resume(partition: TopicPartition): void {
    this.fetcher.resume(partition);
  }

  async commit(generation: number, offsets: readonly OffsetCommit[]): Promise<void> {
    const { membership } = this;
    if (generation !== this.generation || membership === null || this.state !== 'running') {
      throw new Failure('fenced', `Generation ${generation} of this member of group "${this.settings.group}" is over; now it is ${this.generation}`);
    }
    await this.admin.commit(this.settings.group, membership, offsets);
  }

  async stop(): Promise<void> {
    const before = this.state;
    this.state = 'stopped';
    this.fetcher.stop();
    // Leaving comes before closing, but what waits for the coordinator's answer is of no use any more.
    if (before !== 'new') await this.member.stop();
    this.nodes.close();
  }

  get isStopped(): boolean {
    return this.state === 'stopped';
  }

  /** Number of open sockets. */
  get sockets(): number {
    return this.nodes.sockets;
  }

  private assigned(membership: Membership, partitions: readonly TopicPartition[]): void {
    if (this.state !== 'running') return;
    this.membership = membership;
    this.generation++;
    this.fetcher.assigned(partitions);
    this.listener.assigned({ generation: this.generation, partitions });
  }

  private trouble(part: string, failure: Failure | null): void {
    if (this.state !== 'running') return;
    const wasAway = this.away.size > 0;
    if (failure === null) this.away.delete(part);
    else this.away.add(part);
    if (failure !== null && !wasAway) this.listener.connection(failure);
    else if (wasAway && this.away.size === 0) this.listener.connection(null);
  }

  private fail(failure: Failure): void {
    if (this.state !== 'running') return;
    this.state = 'failed';
    this.fetcher.stop();
    void this.member.stop();
    this.listener.failed(failure);
  }
}
