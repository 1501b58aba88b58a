import type { ClusterView } from '../../../actors/cluster-view.ts';
import { asFailure, Failure } from '../../../actors/failure.ts';
import type { Broker, GroupReader, TopicInfo, TopicPartition } from '../../../actors/port.ts';
import { deleteRecords } from './delete-records.ts';
import { deleteTopics } from './delete-topics.ts';
import { createProducer, createTransactionalProducer } from './producer.ts';
import { offsetAt, readRange } from './read-range.ts';
import { EmbeddedReader } from './reader.ts';
import { useStore, viewStore } from './shared.ts';
import type { StoreUse } from './shared.ts';
import type { Store } from './store.ts';

/** Where the topics are, and how many partitions a topic gets that does not say. */
export interface EmbeddedSettings {
  readonly path: string;
  readonly partitions: number;
  /** A look at what is there, also while another process runs the broker: nothing is written, nothing new shows up. */
  readonly readOnly?: boolean;
}

/** A broker inside this process: topics, offsets and fencing on LMDB, for one process at a time. */
export function createEmbeddedBroker(settings: EmbeddedSettings): Broker {
  let connected: Promise<StoreUse> | null = null;
  let use: StoreUse | null = null;
  const readers: GroupReader[] = [];
  const store = (): Store => {
    if (use === null) throw new Failure('broker_unavailable', `The embedded broker at ${settings.path} is not connected.`);
    return use.store;
  };

  return {
    name: `embedded:${settings.path}`,
    async connect() {
      connected ??= settings.readOnly === true ? viewStore(settings.path) : useStore(settings.path);
      try {
        use = await connected;
      } catch (error) {
        connected = null;
        throw asFailure(error, 'broker_unavailable');
      }
    },
    async close() {
      // Producers need no closing: without a store they refuse.
      for (const reader of readers.splice(0)) await reader.stop();
      const ending = connected;
      connected = null;
      use = null;
      await (await ending)?.release();
    },
    reader(readerSettings, listener) {
      const reader = new EmbeddedReader(store, readerSettings, listener);
      readers.push(reader);
      return reader;
    },
    producer: () => createProducer(store),
    transactionalProducer: (id) => createTransactionalProducer(store, id),
    readRange: (at, from, to) => readRange(store, at, from, to),
    ...admin(store, settings.partitions)
  };
}

type Admin = Pick<Broker, 'view' | 'committed' | 'groupMembers' | 'commitOffsets' | 'listOffsets' | 'listTopics' | 'describeTopics' | 'createTopics' | 'deleteTopics' | 'deleteRecords'>;

function admin(store: () => Store, defaultPartitions: number): Admin {
  const offset = async (at: TopicPartition, where: 'start' | 'end' | { timestamp: number }): Promise<number> => {
    const { start, end } = store().log(at);
    if (where === 'start') return start;
    return where === 'end' ? end : await offsetAt(store, at, where.timestamp);
  };
  return {
    committed: (group, partitions) => attempt(() => partitions.map((at) => store().committed(group, at))),
    groupMembers: (group) => attempt(() => store().groups.members(group).map((id) => ({ id, client: 'millrace', host: 'this process', partitions: null, peer: null }))),
    commitOffsets: (group, offsets) =>
      attempt(() => {
        if (store().groups.members(group).length > 0) throw new Failure('group_in_use', `Group ${group} has members, so that its offsets cannot be set from outside.`);
        store().commit({ records: [], offsets: new Map([[group, offsets]]), claim: null });
      }),
    listOffsets: (partitions, where) => attempt(() => Promise.all(partitions.map((at) => offset(at, where)))),
    view: (topics) => attempt(() => viewOf(store(), topics)),
    listTopics: () => attempt(() => [...store().topicNames()]),
    describeTopics: (topics) => attempt(() => describe(store(), topics)),
    createTopics: (topics) =>
      attempt(() => {
        for (const topic of topics) store().createTopic({ ...topic, partitions: topic.partitions > 0 ? topic.partitions : defaultPartitions });
      }),
    deleteTopics: (topics) => attempt(() => deleteTopics(store, topics)),
    deleteRecords: (offsets) => attempt(() => deleteRecords(store, offsets))
  };
}

/** Kafka 4's defaults, so that a topology does the same on both. */
const timestamps = { behind: Infinity, ahead: 3_600_000 };

function describe(store: Store, topics: readonly string[]): Map<string, TopicInfo> {
  const found = new Map<string, TopicInfo>();
  for (const name of topics) {
    const topic = store.findTopic(name);
    if (topic !== undefined) found.set(name, { partitions: topic.logs.length, maxMessageBytes: topic.maxMessageBytes, timestamps, keyed: topic.keyed });
  }
  return found;
}

/** All there is is in one place, and may be used by whoever has it. */
function viewOf(store: Store, topics: readonly string[]): ClusterView {
  const one = { replicas: 1, inSync: 1, minInSync: 1, may: null };
  const found = topics.flatMap((name) => {
    const topic = store.findTopic(name);
    return topic === undefined ? [] : [[name, { partitions: topic.logs.length, ...one }] as const];
  });
  return { id: null, nodes: [], release: 'embedded', topics: new Map(found), group: null, transactionalId: null };
}

/** What is thrown becomes a rejection, always of a `Failure`. */
async function attempt<T>(call: () => T | Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw asFailure(error, 'broker_unavailable');
  }
}
