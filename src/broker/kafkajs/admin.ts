import { setTimeout as wait } from 'node:timers/promises';
import { Failure } from '../../../actors/failure.ts';
import type { ClusterView } from '../../../actors/cluster-view.ts';
import type { CommittedOffset, GroupMember, NewTopic, OffsetCommit, TopicInfo, TopicPartition } from '../../../actors/port.ts';
import { Backoff } from './backoff.ts';
import { viewCluster } from './cluster-view.ts';
import { failureOf, protocolError } from './failures.ts';
import { decodeAssignment, decodeMember } from './group-wire.ts';
import { fetchOffsets } from './offset-fetch.ts';
import type { KafkajsError } from './internals.ts';
import type { Membership } from './member.ts';
import { allTopics, Nodes } from './nodes.ts';
import type { ConnectionSettings } from './internals.ts';
import { type Right, right } from './rights.ts';

/** What a topic is taken for when its configuration may not be read: Kafka 4's defaults. */
const defaults = { maxMessageBytes: 1_048_588, timestamps: { behind: Infinity, ahead: 3_600_000 }, keyed: false };
const configNames = ['max.message.bytes', 'cleanup.policy', 'message.timestamp.type', 'message.timestamp.before.max.ms', 'message.timestamp.after.max.ms'];
const topicResource = 2;
const topicExists = 36;
const unknownTopic = 3;
const invalidTopic = 17;
const topicRefused = 29;
const longestTry = 15_000;
/** Topics that are not there may only be so new that this broker has not heard of them (KRaft spreads them within milliseconds). */
const unknownTopicTime = 1_000;
const createTimeout = 10_000;
const deleteTimeout = 10_000;
const noMember: Membership = { memberId: '', generationId: -1 };

/** Questions and commands that are no part of a stream: offsets, topics. One set of connections for all of a daemon. */
export class Admin {
  readonly nodes: Nodes;
  private readonly warn: (message: string) => void;
  private readonly guessed = new Set<string>();

  constructor(connection: ConnectionSettings) {
    this.nodes = new Nodes(connection);
    this.warn = connection.warn;
  }

  /** Rejects at once where no broker answers. */
  async connect(): Promise<void> {
    try {
      await this.nodes.any();
    } catch (error) {
      throw failureOf(error, 'Connecting');
    }
  }

  close(): void {
    this.nodes.close();
  }

  committed(group: string, partitions: readonly TopicPartition[]): Promise<(CommittedOffset | null)[]> {
    return this.insist(`Reading the offsets of group "${group}"`, group, [right('Describe', 'group', group), right('Describe', 'topic', ...topicsOf(partitions))], async () => {
      const topics = grouped(partitions, ({ partition }) => ({ partition }));
      const found = await fetchOffsets(this.nodes, await this.nodes.coordinator(group), group, topics);
      return partitions.map(({ topic, partition }) => found.get(`${topic}/${partition}`) ?? null);
    });
  }

  /** An offset commit of a group member. Not insisted on for long: the caller's generation may be over meanwhile. */
  commit(group: string, { memberId, generationId }: Membership, offsets: readonly OffsetCommit[]): Promise<void> {
    return this.insist(`Committing offsets of group "${group}"`, group, [right('Read', 'group', group), right('Read', 'topic', ...topicsOf(offsets))], async () => {
      const topics = grouped(offsets, ({ partition, offset, metadata }) => ({ partition, offset: String(offset), metadata }));
      const coordinator = await this.nodes.coordinator(group);
      const answer = await this.nodes.ask(coordinator, 'OffsetCommit', { groupId: group, groupGenerationId: generationId, memberId, topics });
      for (const { topic, partitions } of answer.responses) for (const { errorCode } of partitions) check(errorCode, topic);
    });
  }

  groupMembers(group: string): Promise<GroupMember[]> {
    return this.insist(`Describing group "${group}"`, group, [right('Describe', 'group', group)], async () => {
      const answer = await this.nodes.ask(await this.nodes.coordinator(group), 'DescribeGroups', { groupIds: [group] });
      for (const { errorCode } of answer.groups) check(errorCode);
      return answer.groups.flatMap(({ state, members }) => members.map(({ memberId, clientId, clientHost, memberMetadata, memberAssignment }) => ({
        id: memberId,
        client: clientId,
        host: clientHost.replace(/^\//, ''),
        // In any other state the coordinator leaves out what members said and have.
        partitions: state === 'Stable' ? partitionsIn(memberAssignment) : null,
        peer: decodeMember(memberMetadata).peer
      })));
    });
  }

  /** As no member: a coordinator takes that only for a group that has none. */
  async commitOffsets(group: string, offsets: readonly OffsetCommit[]): Promise<void> {
    try {
      await this.commit(group, noMember, offsets);
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'fenced') throw error;
      throw new Failure('group_in_use', `Group ${group} has members, so that its offsets cannot be set from outside.`, { cause: error });
    }
  }

  listOffsets(partitions: readonly TopicPartition[], at: 'start' | 'end' | { timestamp: number }): Promise<number[]> {
    const timestamp = at === 'start' ? '-2' : at === 'end' ? '-1' : String(at.timestamp);
    return this.insist('Asking for offsets', null, [right('Describe', 'topic', ...topicsOf(partitions))], async () => {
      const offsets = await this.offsetsAt(partitions, timestamp);
      // No record is as late as that: then the end, as the port promises.
      if (typeof at === 'string' || !offsets.includes(-1)) return offsets;
      const ends = await this.offsetsAt(partitions, '-1');
      return offsets.map((offset, index) => (offset === -1 ? ends[index]! : offset));
    });
  }

  view(topics: readonly string[], group: string, other?: string): Promise<ClusterView> {
    return this.insist('Looking at the cluster', group, [], () => viewCluster(this.nodes, topics, group, other));
  }

  listTopics(): Promise<string[]> {
    return this.insist('Listing topics', null, [], async () => [...(await this.nodes.metadata(allTopics)).keys()]);
  }

  describeTopics(names: readonly string[]): Promise<Map<string, TopicInfo>> {
    const topics = [...new Set(names)];
    if (topics.length === 0) return Promise.resolve(new Map<string, TopicInfo>());
    return this.insist('Describing topics', null, [right('Describe', 'topic', ...topics)], async () => {
      const views = await this.nodes.metadata(topics);
      const found = new Map<string, number>();
      for (const [topic, { errorCode, leaders }] of views) {
        if (errorCode === unknownTopic || errorCode === invalidTopic) continue;
        check(errorCode, topic);
        found.set(topic, leaders.length);
      }
      const rules = await this.rules([...found.keys()]);
      const infos = new Map<string, TopicInfo>();
      for (const [topic, partitions] of found) infos.set(topic, { partitions, ...(rules.get(topic) ?? defaults) });
      return infos;
    });
  }

  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    if (topics.length === 0) return;
    await this.insist('Creating topics', null, [right('Create', 'cluster')], async () => {
      const answer = await this.nodes.ask(await this.nodes.any(), 'CreateTopics', {
        topics: topics.map(({ topic, partitions, config }) => ({
          topic,
          numPartitions: partitions,
          configEntries: Object.entries(config ?? {}).map(([name, value]) => ({ name, value }))
        })),
        timeout: createTimeout
      });
      for (const { topic, errorCode, errorMessage } of answer.topicErrors) {
        if (errorCode !== 0 && errorCode !== topicExists) throw failureOf(protocolError(errorCode), `Creating topic "${topic}"${errorMessage === null || errorCode === topicRefused ? '' : ` (${errorMessage})`}`, this.nodes.asking(right('Create', 'topic', topic)));
      }
    });
    await this.untilKnown(topics.map(({ topic }) => topic));
  }

  async deleteTopics(topics: readonly string[]): Promise<void> {
    const existing = [...(await this.describeTopics(topics)).keys()];
    if (existing.length === 0) return;
    await this.insist('Deleting topics', null, [], async () => {
      const { topicErrors } = await this.nodes.ask(await this.nodes.any(), 'DeleteTopics', { topics: existing, timeout: deleteTimeout });
      for (const { topic, errorCode } of topicErrors) {
        if (errorCode !== 0 && errorCode !== unknownTopic) throw failureOf(protocolError(errorCode), `Deleting topic "${topic}"`, this.nodes.asking(right('Delete', 'topic', topic)));
      }
    });
    await this.insist('Waiting for topics to go', null, [], async () => {
      const left = [...(await this.nodes.metadata(existing)).values()].filter(({ errorCode }) => errorCode !== unknownTopic);
      if (left.length > 0) throw new Failure('broker_unavailable', 'A deleted topic is still known to this broker');
    });
  }

  deleteRecords(offsets: readonly (TopicPartition & { readonly offset: number })[]): Promise<void> {
    return this.insist('Deleting records', null, [right('Delete', 'topic', ...topicsOf(offsets))], async () => {
      const nodes = await this.byLeader(offsets);
      await Promise.all(Array.from(nodes, async ([node, list]) => {
        const topics = grouped(list, ({ partition, offset }) => ({ partition, offset: String(offset) }));
        const answer = await this.nodes.ask(await this.nodes.node(node), 'DeleteRecords', { topics, timeout: deleteTimeout });
        for (const { topic, partitions } of answer.topics) for (const { errorCode } of partitions) check(errorCode, topic);
      }));
    });
  }

  private async untilKnown(topics: readonly string[]): Promise<void> {
    await this.insist('Waiting for new topics', null, [right('Describe', 'topic', ...topics)], async () => {
      for (const { errorCode, leaders } of (await this.nodes.metadata(topics)).values()) {
        // A broker that is busy may take seconds to hear of what the controller has made.
        if (errorCode === unknownTopic) throw new Failure('broker_unavailable', 'A new topic is not known to this broker yet');
        check(errorCode);
        if (leaders.includes(-1)) throw new Failure('broker_unavailable', 'A new partition has no leader yet');
      }
    });
  }

  /** What topics demand of records. */
  private async rules(topics: readonly string[]): Promise<Map<string, Omit<TopicInfo, 'partitions'>>> {
    const rules = new Map<string, Omit<TopicInfo, 'partitions'>>();
    if (topics.length === 0) return rules;
    const resources = topics.map((name) => ({ type: topicResource, name, configNames }));
    const answer = await this.nodes.ask(await this.nodes.any(), 'DescribeConfigs', { resources });
    // Not being allowed to describe configs leaves a resource with an error and no entries, and so the defaults.
    for (const { resourceName, configEntries, errorCode } of answer.resources) {
      if (errorCode !== 0) this.guess(resourceName, errorCode);
      if (configEntries.length > 0) rules.set(resourceName, rulesOf(new Map(configEntries.map(({ configName, configValue }) => [configName, configValue]))));
    }
    return rules;
  }

  /** Told once for each topic: everything goes on, but records that the topic refuses are refused as whole batches. */
  private guess(topic: string, errorCode: number): void {
    if (this.guessed.has(topic)) return;
    this.guessed.add(topic);
    const { message } = failureOf(protocolError(errorCode), `Reading the configuration of topic "${topic}"`, this.nodes.asking(right('DescribeConfigs', 'topic', topic)));
    this.warn(`${message}. It is taken for one with Kafka's defaults: max.message.bytes ${defaults.maxMessageBytes}, not compacted.`);
  }

  private async offsetsAt(partitions: readonly TopicPartition[], timestamp: string): Promise<number[]> {
    const byNode = await this.byLeader(partitions);
    const found = new Map<string, number>();
    await Promise.all([...byNode].map(([node, list]) => this.offsetsFrom(node, list, timestamp, found)));
    return partitions.map(({ topic, partition }) => found.get(`${topic}/${partition}`) ?? -1);
  }

  /** By the node that leads each now; what is not there or has no leader is thrown. */
  private async byLeader<T extends TopicPartition>(partitions: readonly T[]): Promise<Map<number, T[]>> {
    const byNode = new Map<number, T[]>();
    if (partitions.length === 0) return byNode;
    const views = await this.nodes.metadata([...new Set(partitions.map(({ topic }) => topic))]);
    for (const at of partitions) {
      const view = views.get(at.topic);
      check(view?.errorCode ?? unknownTopic, at.topic);
      const leader = view?.leaders[at.partition];
      if (leader === undefined) throw new Failure('topic_missing', `Topic "${at.topic}" has no partition ${at.partition}`);
      if (leader < 0) throw new Failure('broker_unavailable', `"${at.topic}" partition ${at.partition} has no leader now`);
      const list = byNode.get(leader);
      if (list === undefined) byNode.set(leader, [at]);
      else list.push(at);
    }
    return byNode;
  }

  private async offsetsFrom(node: number, partitions: readonly TopicPartition[], timestamp: string, found: Map<string, number>): Promise<void> {
    const topics = grouped(partitions, ({ partition }) => ({ partition, timestamp }));
    // Isolation 1 makes the end the last stable offset.
    const answer = await this.nodes.ask(await this.nodes.node(node), 'ListOffsets', { isolationLevel: 1, topics });
    for (const { topic, partitions: parts } of answer.responses) {
      for (const { partition, offset, errorCode } of parts) {
        check(errorCode, topic);
        found.set(`${topic}/${partition}`, Number(offset));
      }
    }
  }

  /** Tries again while a coordinator or leader moves or a broker is away, for a bounded time. */
  private async insist<T>(operation: string, group: string | null, rights: readonly Right[], attempt: () => Promise<T>): Promise<T> {
    const started = Date.now();
    const backoff = new Backoff(20, 1_000);
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        const failure = failureOf(error, operation, this.nodes.asking(...rights));
        const passed = Date.now() - started;
        const patience = failure.code === 'topic_missing' ? unknownTopicTime : unreachable(error) ? 0 : longestTry;
        const again = !this.nodes.isClosed && (failure.code === 'broker_unavailable' || failure.code === 'topic_missing') && passed < patience;
        if (!again) throw failure;
        if (group !== null) this.nodes.forgetCoordinator(group);
        await wait(backoff.next());
      }
    }
  }
}

/** The assignment of a member that may be another client's than Millrace. */
function partitionsIn(assignment: Buffer): readonly TopicPartition[] {
  try {
    return decodeAssignment(assignment).partitions;
  } catch {
    return [];
  }
}

function rulesOf(config: ReadonlyMap<string, string | null>): Omit<TopicInfo, 'partitions'> {
  const number = (name: string, otherwise: number): number => {
    const value = config.get(name);
    if (value === undefined || value === null) return otherwise;
    // Java's largest long stands for no bound.
    return Number(value) > Number.MAX_SAFE_INTEGER ? Infinity : Number(value);
  };
  // With the broker's own time of appending, what a record says does not matter.
  const appended = config.get('message.timestamp.type') === 'LogAppendTime';
  return {
    maxMessageBytes: number('max.message.bytes', defaults.maxMessageBytes),
    timestamps: {
      behind: appended ? Infinity : number('message.timestamp.before.max.ms', defaults.timestamps.behind),
      ahead: appended ? Infinity : number('message.timestamp.after.max.ms', defaults.timestamps.ahead)
    },
    keyed: config.get('cleanup.policy')?.includes('compact') ?? false
  };
}

/** Nobody listens there: the supervisor's backoff is the place to wait for that, not this one. */
function unreachable(error: unknown): boolean {
  return error instanceof Error && (error as KafkajsError).code === 'ECONNREFUSED';
}

function check(errorCode: number, topic?: string): void {
  if (errorCode !== 0) throw protocolError(errorCode, topic);
}

function topicsOf(list: readonly TopicPartition[]): string[] {
  return list.map(({ topic }) => topic);
}

function grouped<T extends TopicPartition, R>(list: readonly T[], map: (item: T) => R): { topic: string; partitions: R[] }[] {
  const topics = new Map<string, R[]>();
  for (const item of list) {
    const partitions = topics.get(item.topic);
    if (partitions === undefined) topics.set(item.topic, [map(item)]);
    else partitions.push(map(item));
  }
  return Array.from(topics, ([topic, partitions]) => ({ topic, partitions }));
}
