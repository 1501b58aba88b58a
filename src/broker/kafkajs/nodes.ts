import { Failure } from '../../../actors/failure.ts';
import type { TopicPartition } from '../../../actors/port.ts';
import { api, type ApiAnswer, type ApiArgs, type ApiName } from './api.ts';
import { diagnose, diagnoseSasl } from './diagnose.ts';
import { type Asking, failureOf, protocolError } from './failures.ts';
import type { Broker, ConnectionPool, ConnectionSettings, ProtocolRequest } from './internals.ts';
import { load } from './internals.ts';
import type { Right } from './rights.ts';
import { closedFailure, endable } from './sockets.ts';

interface PoolBuilder {
  build(target?: { host: string; port: number }): Promise<ConnectionPool>;
}

interface BrokerSettings {
  connectionPool: ConnectionPool;
  logger: object;
  allowAutoTopicCreation: boolean;
  authenticationTimeout?: number;
  versions?: object | null;
  nodeId?: number;
}

const groupCoordinator = 0;
const unknownTopic = 3;

/** Asks for all topics there are: kafkajs writes an empty list as the protocol's null. */
export const allTopics: readonly string[] = [];

/** Leaders and counts of the topics asked for, as one broker sees them. */
export interface TopicView {
  readonly errorCode: number;
  /** Node id of each partition's leader by partition number, -1 where there is none now. */
  readonly leaders: readonly number[];
}

/**
 * Connections to the nodes of one Kafka cluster, on kafkajs' Broker class (two sockets a node: one for Fetch, one for the rest).
 * It stands in for kafkajs' Cluster, whose retry loops hide the broker's errors, whose metadata fails whole on one missing
 * topic, and which cannot be closed while a request waits. Nothing here retries.
 */
export class Nodes {
  private readonly settings: ConnectionSettings;
  private readonly builder: PoolBuilder;
  private readonly end: () => void;
  private readonly brokers = new Map<number, Broker>();
  private readonly coordinators = new Map<string, number>();
  private readonly leaders = new Map<string, number>();
  /** All that may hold a socket, those still connecting too. */
  private readonly open = new Set<Broker>();
  private seed: Broker | null = null;
  private closed = false;

  constructor(settings: ConnectionSettings) {
    this.settings = settings;
    const ending = endable(settings);
    this.end = () => { ending.end(); };
    this.builder = load<(settings: ConnectionSettings) => PoolBuilder>('cluster/connectionPoolBuilder')(ending.settings);
  }

  /** A connected node, whichever. Rejects when none of the known ones and none of the configured ones answers. */
  async any(): Promise<Broker> {
    for (const broker of this.brokers.values()) if (broker.isConnected()) return broker;
    if (this.seed?.isConnected()) return this.seed;
    let error: unknown;
    for (const broker of this.brokers.values()) {
      try {
        return await this.connected(broker);
      } catch (cause) {
        error = cause;
      }
    }
    for (let tries = 0; tries < this.settings.brokers.length; tries++) {
      // The builder walks through the configured addresses by itself.
      const seed = this.create(await this.builder.build());
      try {
        await this.connected(seed);
        if (this.seed !== null) this.drop(this.seed);
        this.seed = seed;
        return seed;
      } catch (cause) {
        this.drop(seed);
        error = cause;
        // Wrong credentials are not tried at every door.
        if (failureOf(cause, '').kind === 'fatal') break;
      }
    }
    throw error;
  }

  /** The node with this id, connected; it must have been in an answer before. */
  async node(id: number): Promise<Broker> {
    const broker = this.brokers.get(id);
    if (broker === undefined) throw new Failure('broker_unavailable', `Broker ${id} is not known yet`);
    return this.connected(broker);
  }

  /** Sends one request and answers with what kafkajs decodes, error codes and all. */
  async ask<N extends ApiName>(broker: Broker, name: N, args: ApiArgs<N>): Promise<ApiAnswer<N>> {
    const { key, definition } = api(name);
    const request = broker.lookupRequest(key, definition)(args);
    const { response } = request;
    const untouched = { decode: (raw: Buffer) => response.decode(raw), parse: (decoded: object) => decoded };
    return (await this.send(broker, { ...request, response: untouched, logResponseError: false })) as ApiAnswer<N>;
  }

  async send(broker: Broker, request: ProtocolRequest): Promise<unknown> {
    if (this.closed) throw closedFailure();
    try {
      const answer = await broker.connectionPool.send(request);
      this.settings.answered.once = true;
      return answer;
    } catch (error) {
      throw (this.settings.answered.once ? null : await diagnoseSasl(error, broker.connectionPool, this.settings)) ?? error;
    }
  }

  /** Asks for some topics, or for `allTopics`, and learns the nodes' addresses on the way. */
  async metadata(topics: readonly string[]): Promise<Map<string, TopicView>> {
    const answer = await this.ask(await this.any(), 'Metadata', { topics, allowAutoTopicCreation: false });
    for (const { nodeId, host, port } of answer.brokers) await this.learn(nodeId, host, port);
    const views = new Map<string, TopicView>();
    for (const { topic, topicErrorCode, partitionMetadata } of answer.topicMetadata) {
      const leaders = new Array<number>(partitionMetadata.length).fill(-1);
      for (const { partitionId, leader } of partitionMetadata) leaders[partitionId] = leader;
      views.set(topic, { errorCode: topicErrorCode, leaders });
    }
    return views;
  }

  /** The coordinator of a group, remembered until `forgetCoordinator`. */
  async coordinator(group: string): Promise<Broker> {
    const known = this.coordinators.get(group);
    if (known !== undefined) return this.node(known);
    const { errorCode, coordinator } = await this.ask(await this.any(), 'GroupCoordinator', {
      groupId: group,
      coordinatorType: groupCoordinator
    });
    if (errorCode !== 0) throw protocolError(errorCode);
    await this.learn(coordinator.nodeId, coordinator.host, coordinator.port);
    this.coordinators.set(group, coordinator.nodeId);
    return this.node(coordinator.nodeId);
  }

  /** The node that is remembered as the coordinator of a group; -1 for none. */
  coordinatorId(group: string): number {
    return this.coordinators.get(group) ?? -1;
  }

  forgetCoordinator(group: string): void {
    this.coordinators.delete(group);
  }

  /** The node that leads a partition, remembered until `forgetLeader`. */
  async leader({ topic, partition }: TopicPartition): Promise<Broker> {
    const key = `${topic}/${partition}`;
    let id = this.leaders.get(key);
    if (id === undefined) {
      const view = (await this.metadata([topic])).get(topic);
      if (view === undefined || view.errorCode !== 0) throw protocolError(view?.errorCode ?? unknownTopic, topic);
      id = view.leaders[partition] ?? -1;
      if (id < 0) throw new Failure('broker_unavailable', `"${topic}" partition ${partition} has no leader now`);
      this.leaders.set(key, id);
    }
    return this.node(id);
  }

  forgetLeader({ topic, partition }: TopicPartition): void {
    this.leaders.delete(`${topic}/${partition}`);
  }

  /** Brokers know this client by a name, so they may keep topics from it. */
  get isNamed(): boolean {
    return this.settings.principal() !== 'ANONYMOUS';
  }

  /** What an operation needs rights for, for the failure that it may end in. */
  asking(...rights: readonly Right[]): Asking {
    return { rights, principal: this.settings.principal() };
  }

  /** Bytes that have come from a node, on its connection for Fetch or on the other; null while it asked to be spared requests (KIP-219). */
  heard(id: number, on: 'fetch' | 'others'): number | null {
    const connection = this.brokers.get(id)?.connectionPool.pool[on === 'fetch' ? 1 : 0];
    if (connection === undefined) return 0;
    return connection.requestQueue.throttledUntil > Date.now() ? null : (connection.socket?.bytesRead ?? 0);
  }

  /** That a node has left a request without an answer since a time (milliseconds since 1970), and says nothing else either. */
  silent(id: number, request: string, since: number): Failure {
    const { host, port } = this.brokers.get(id)?.connectionPool ?? { host: '?', port: 0 };
    return new Failure('broker_unavailable', `Broker ${id} at ${host}:${port} has not answered a ${request} since ${new Date(since).toISOString()}: the connection is open, and nothing comes`);
  }

  /** Number of open sockets. */
  get sockets(): number {
    let count = 0;
    for (const broker of this.open) for (const connection of broker.connectionPool.pool) if (connection.isConnected()) count++;
    return count;
  }

  get isClosed(): boolean {
    return this.closed;
  }

  /** Cuts every connection; what waits for an answer rejects now. */
  close(): void {
    this.closed = true;
    this.end();
    for (const broker of this.open) cut(broker);
    this.open.clear();
    this.brokers.clear();
    this.seed = null;
  }

  private drop(broker: Broker): void {
    cut(broker);
    this.open.delete(broker);
  }

  private async connected(broker: Broker): Promise<Broker> {
    if (this.closed) throw closedFailure();
    if (!broker.isConnected()) {
      try {
        await broker.connect();
      } catch (error) {
        throw (this.settings.answered.once ? null : await diagnose(error, broker.connectionPool, this.settings)) ?? error;
      }
    }
    // Closed while this was connecting: `close` could not know the socket.
    if (this.closed as boolean) {
      cut(broker);
      throw closedFailure();
    }
    return broker;
  }

  private async learn(id: number, host: string, port: number): Promise<void> {
    if (id < 0) return;
    const known = this.brokers.get(id);
    if (known !== undefined) {
      if (known.connectionPool.host === host && known.connectionPool.port === port) return;
      this.drop(known);
    }
    if (this.seed !== null && this.seed.connectionPool.host === host && this.seed.connectionPool.port === port) {
      this.brokers.set(id, this.seed);
      this.seed = null;
      return;
    }
    const pool = await this.builder.build({ host, port });
    // Two answers may name a node at the same time; the first one stays.
    if (this.brokers.get(id) === known) this.brokers.set(id, this.create(pool));
  }

  private create(connectionPool: ConnectionPool): Broker {
    const BrokerClass = load<new (settings: BrokerSettings) => Broker>('broker');
    const broker = new BrokerClass({ connectionPool, logger: this.settings.logger, allowAutoTopicCreation: false });
    this.open.add(broker);
    return broker;
  }
}

/** Closes a node's sockets at once. Kafkajs' own disconnect waits for the answer to whatever is under way (a JoinGroup takes long). */
export function cut(broker: Broker): void {
  for (const connection of broker.connectionPool.pool) {
    if (connection.isConnected()) connection.requestQueue.rejectAll(closedFailure());
    void connection.disconnect();
    connection.socket?.destroy();
  }
}
