import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import type { Peer } from '../../../actors/peer.ts';

/*
 * The only file that reaches into kafkajs (2.2.4, pinned; it has no exports map). Its classes are used below its
 * consumer: connections, authentication, request encoding and the producer. Types say no more than what is used.
 */

const require = createRequire(import.meta.url);

/** Something kafkajs can put on the wire; made by its encoder. */
export interface Encoded {
  readonly buffer: Buffer;
  size(): number;
}

/** kafkajs' protocol/encoder.js. */
export interface Encoder extends Encoded {
  writeBuffer(value: Buffer): Encoder;
}

/** One request in one version, with what reads its response. */
export interface ProtocolRequest {
  request: { apiKey: number; apiName: string; apiVersion: number; encode(): Promise<Encoded>; expectResponse?(): boolean };
  response: { decode(raw: Buffer): Promise<Decoded>; parse(decoded: Decoded): unknown };
  requestTimeout?: number;
  logResponseError?: boolean;
}

/** What a decoded response has at least. */
export interface Decoded {
  readonly clientSideThrottleTime?: number;
}

/** An API of the Kafka protocol as kafkajs defines it. */
export interface Definition {
  readonly versions: readonly string[];
  protocol(version: { version: number }): (args: object) => ProtocolRequest;
}

/** kafkajs' network/requestQueue. */
export interface RequestQueue {
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests(): void;
  checkPendingRequests(): void;
  rejectAll(error: Error): void;
}

/** kafkajs' network/connection.js. */
export interface Connection {
  readonly host: string;
  readonly port: number;
  readonly ssl: object | null;
  readonly requestQueue: RequestQueue;
  readonly socket?: Socket;
  readonly socketFactory: ConnectionSettings['socketFactory'];
  chunks: Buffer[];
  bytesBuffered: number;
  bytesNeeded: number;
  isConnected(): boolean;
  connect(): Promise<unknown>;
  disconnect(): Promise<unknown>;
  processData(data: Buffer): unknown;
  rejectRequests(error: Error): void;
}

/** kafkajs' network/connectionPool.js: two connections, the second for Fetch alone. */
export interface ConnectionPool {
  readonly host: string;
  readonly port: number;
  readonly pool: readonly Connection[];
  send(request: ProtocolRequest): Promise<unknown>;
}

/** What kafkajs' transactions ask of a coordinator. */
export type CoordinatorRequest = 'initProducerId' | 'addPartitionsToTxn' | 'addOffsetsToTxn' | 'txnOffsetCommit' | 'endTxn';

/** kafkajs' broker/index.js: one node. */
export interface Broker extends Record<CoordinatorRequest, (args: object) => Promise<unknown>> {
  readonly connectionPool: ConnectionPool;
  readonly versions: Readonly<Record<number, { minVersion: number; maxVersion: number }>> | null;
  isConnected(): boolean;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  lookupRequest(apiKey: number, definition: Definition): (args: object) => ProtocolRequest;
}

/** kafkajs' cluster/brokerPool.js. */
export interface BrokerPool {
  readonly seedBroker?: Broker;
  readonly brokers: Readonly<Record<string, Broker>>;
  /** The first answer that is none of an error, asking one node after the other; null for none. */
  withBroker(ask: (at: unknown) => Promise<unknown>): Promise<unknown>;
}

/** kafkajs' cluster/index.js, as far as its producer and our sharing of it need. */
export interface Cluster {
  retry?: Retry;
  readonly targetTopics: Set<string>;
  readonly brokerPool: BrokerPool;
  isConnected(): boolean;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  findGroupCoordinator(query: CoordinatorQuery): Promise<Broker>;
  markOffsetAsCommitted(): void;
}

/** Whose coordinator is asked for: a group's, or a transactional id's. */
export interface CoordinatorQuery {
  readonly groupId: string;
  readonly coordinatorType?: number;
}

/** A kafkajs logger: a tree of namespaces over one log function. */
export interface Logger {
  namespace(name: string): Logger;
}

/** A log line as kafkajs hands it over. */
export interface LogEntry {
  readonly namespace: string;
  readonly log: { readonly message: string } & Readonly<Record<string, unknown>>;
}

/** What kafkajs' retry loops take. */
export interface Retry {
  readonly initialRetryTime: number;
  readonly maxRetryTime: number;
  readonly retries: number;
}

/** The errors of kafkajs: `type` is Kafka's name of an error code, `cause` what a retry loop gave up on. */
export interface KafkajsError extends Error {
  readonly type?: string;
  readonly code?: number | string;
  readonly retriable?: boolean;
  readonly topic?: string;
}

/** What every connection of a broker shares. */
export interface ConnectionSettings {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly logger: Logger;
  readonly socketFactory: (target: { host: string; port: number; ssl?: object; onConnect: () => void }) => Socket;
  readonly connectionTimeout: number;
  readonly requestTimeout: number;
  readonly authenticationTimeout?: number;
  readonly reauthenticationThreshold?: number;
  readonly ssl?: object | null;
  /** Read by our own authenticator alone. */
  readonly sasl?: object | null;
  /** Whom brokers take this client for, without `User:`, where that can be known. */
  readonly principal: () => string | null;
  readonly warn: (message: string) => void;
  /** How other daemons reach this one. */
  readonly peer?: () => Peer | null;
  /** Whether a broker has ever answered a question: whoever hangs up after that is not spoken to in the wrong protocol. */
  readonly answered: { once: boolean };
}

/** What kafkajs' Cluster is made of. */
export interface ClusterSettings extends ConnectionSettings {
  readonly retry: Retry;
  readonly metadataMaxAge: number;
  readonly allowAutoTopicCreation: boolean;
  readonly maxInFlightRequests: number | null;
}

/** kafkajs' own producer. It awaits nothing of `messages` but `value` and what our produce request reads. */
export interface KafkajsProducer {
  connect(): Promise<void>;
  sendBatch(batch: ProduceBatch): Promise<unknown>;
  transaction(): Promise<KafkajsTransaction>;
}

/** kafkajs' open transaction. */
export interface KafkajsTransaction {
  sendBatch(batch: ProduceBatch): Promise<unknown>;
  sendOffsets(offsets: { consumerGroupId: string; topics: readonly OffsetTopic[] }): Promise<void>;
  commit(): Promise<void>;
  abort(): Promise<void>;
}

/** What kafkajs' `sendBatch` takes; the messages are our records, untouched. */
export interface ProduceBatch {
  readonly acks: number;
  readonly timeout: number;
  readonly compression: number;
  readonly topicMessages: readonly { topic: string; messages: readonly object[] }[];
}

/** Offsets of a topic as `sendOffsets` takes them. */
export interface OffsetTopic {
  readonly topic: string;
  readonly partitions: readonly { partition: number; offset: string; metadata: string }[];
}

/** What kafkajs' producer is made of. */
export interface ProducerSettings {
  readonly cluster: Cluster;
  readonly logger: Logger;
  readonly createPartitioner: () => (args: { message: { partition: number } }) => number;
  readonly retry: Retry;
  readonly idempotent: boolean;
  readonly transactionalId?: string;
  readonly transactionTimeout?: number;
}

/** A kafkajs module by its path under kafkajs/src. Only for this folder. */
export function load<T>(path: string): T {
  return require(`kafkajs/src/${path}`) as T;
}

/** Lets modules be read anew at their next use: somebody else in this process may have loaded kafkajs before, with what is replaced in its hands. */
export function forgetModules(paths: readonly string[]): void {
  for (const path of paths) Reflect.deleteProperty(require.cache, require.resolve(`kafkajs/src/${path}`));
}

/** Puts another export in the place of one of kafkajs' modules. Must come before anything that requires it is loaded. */
export function replaceModule(path: string, exports: unknown): void {
  const resolved = require.resolve(`kafkajs/src/${path}`);
  require(resolved);
  const cached = require.cache[resolved];
  if (cached !== undefined) cached.exports = exports;
}
