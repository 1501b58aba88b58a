import { Failure } from '../../../actors/failure.ts';
import { errorType } from './failures.ts';
import type { Broker, Cluster, ClusterSettings, ConnectionSettings, CoordinatorQuery, CoordinatorRequest } from './internals.ts';
import { load } from './internals.ts';
import { cut } from './nodes.ts';
import { isRefusedRight } from './rights.ts';
import { SecurityError } from './security-error.ts';
import { endable } from './sockets.ts';
import type { Ending } from './sockets.ts';

/** Connections of all producers of a daemon: two sockets a node each. Kafkajs would take as many for every producer. */
const mostClusters = 16;
/** Short first waits: CONCURRENT_TRANSACTIONS after a commit passes within milliseconds, kafkajs' default starts at 300. About 15 s in all: longer than a leader's move. */
export const producerRetry = { initialRetryTime: 2, multiplier: 1.5, maxRetryTime: 100, retries: 155 } as const;

/** A cluster as one producer sees it. */
export interface ProducerCluster {
  readonly cluster: Cluster;
  /** After a failure: what was remembered may be why. */
  forget(): void;
  /** The producer has ended and makes room. Safe to call twice. */
  release(): void;
}

/** A cluster, and how many producers are on it. */
interface Shared {
  readonly cluster: Cluster;
  users: number;
}

/** A bounded number of clusters of connections. A broker works on one request of a connection at a time, so each producer gets the least used. */
export class SharedClusters {
  private readonly connection: Ending;
  private readonly clusters: Shared[] = [];
  private closed = false;

  constructor(connection: ConnectionSettings) {
    this.connection = endable(connection);
  }

  /** A view of the least used cluster, for one producer. */
  acquire(): ProducerCluster {
    if (this.closed) throw new Failure('broker_unavailable', 'The broker was closed by this side');
    let shared = this.clusters.toSorted((a, b) => a.users - b.users)[0];
    if (shared === undefined || (shared.users > 0 && this.clusters.length < mostClusters)) {
      shared = { cluster: this.create(), users: 0 };
      this.clusters.push(shared);
    }
    shared.users += 1;
    return view(shared);
  }

  /** Cuts all connections, for good. */
  close(): void {
    this.closed = true;
    this.connection.end();
    for (const { cluster } of this.clusters.splice(0)) {
      for (const broker of brokersOf(cluster)) cut(broker);
    }
  }

  /** Number of open sockets. */
  get sockets(): number {
    let count = 0;
    for (const { cluster } of this.clusters) {
      for (const broker of brokersOf(cluster)) count += broker.connectionPool.pool.filter((connection) => connection.isConnected()).length;
    }
    return count;
  }

  private create(): Cluster {
    const ClusterClass = load<new (settings: ClusterSettings) => Cluster>('cluster');
    const cluster = new ClusterClass({
      ...this.connection.settings,
      retry: producerRetry,
      metadataMaxAge: 60_000,
      allowAutoTopicCreation: false,
      maxInFlightRequests: null
    });
    keepRefusals(cluster);
    return cluster;
  }
}

/** Asking any broker for a coordinator, kafkajs drops what they answer: a refusal for want of rights becomes a coordinator that is not found. */
function keepRefusals({ brokerPool }: Cluster): void {
  const withBroker = brokerPool.withBroker.bind(brokerPool);
  brokerPool.withBroker = async (ask) => {
    let refusal: unknown = null;
    const found = await withBroker(async (broker) => {
      try {
        return await ask(broker);
      } catch (error) {
        if (isRefusedRight(errorType(error)) || error instanceof SecurityError) refusal = error;
        throw error;
      }
    });
    if (found === null && refusal !== null) throw refusal as Error;
    return found;
  };
}

function brokersOf(cluster: Cluster): Set<Broker> {
  const { seedBroker, brokers } = cluster.brokerPool;
  return new Set([...Object.values(brokers), ...(seedBroker === undefined ? [] : [seedBroker])]);
}

/**
 * The same cluster but for some methods: kafkajs' producer disconnects its cluster, notes every committed offset for a consumer it
 * does not have, and looks coordinators up anew for each operation, five round trips in a transaction.
 */
function view(use: Shared): ProducerCluster {
  const { cluster } = use;
  let released = false;
  const coordinators = new Map<string, Broker>();
  const shared = Object.create(cluster) as Cluster;
  // Else kafkajs' transaction code takes its default of 300 ms and up: it reads a field that its Cluster never sets.
  shared.retry = producerRetry;
  shared.addMultipleTargetTopics = (topics) => cluster.addMultipleTargetTopics(topics);
  shared.disconnect = () => Promise.resolve();
  shared.markOffsetAsCommitted = () => undefined;
  shared.findGroupCoordinator = async (query: CoordinatorQuery): Promise<Broker> => {
    const key = `${query.coordinatorType ?? 0}/${query.groupId}`;
    const known = coordinators.get(key);
    if (known?.isConnected()) return known;
    const found = watch(await cluster.findGroupCoordinator(query), () => { coordinators.delete(key); });
    coordinators.set(key, found);
    return found;
  };
  return {
    cluster: shared,
    forget: () => { coordinators.clear(); },
    release() {
      if (!released) use.users -= 1;
      released = true;
    }
  };
}

const coordinated: readonly CoordinatorRequest[] = ['initProducerId', 'addPartitionsToTxn', 'addOffsetsToTxn', 'txnOffsetCommit', 'endTxn'];

/** A coordinator that tells of requests it refused: it may be another node by now. */
function watch(broker: Broker, onRefusal: () => void): Broker {
  const watched = Object.create(broker) as Broker;
  for (const name of coordinated) {
    watched[name] = async (args) => {
      try {
        return await broker[name](args);
      } catch (error) {
        // This one only says that the last transaction's markers are still being written.
        if (errorType(error) !== 'CONCURRENT_TRANSACTIONS') onRefusal();
        throw error;
      }
    };
  }
  return watched;
}
