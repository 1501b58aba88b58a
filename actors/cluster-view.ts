/** What a client may do with a topic or a group. */
export type Permission = 'Read' | 'Write' | 'Create' | 'Delete' | 'Describe' | 'DescribeConfigs';

/** A cluster as a doctor looks at it: more than is needed to work with it. */
export interface ClusterView {
  /** Null where there is none, on the embedded broker. */
  readonly id: string | null;
  /** host:port of each node, and milliseconds that it took to answer; null where it did not. */
  readonly nodes: readonly { readonly id: number; readonly address: string; readonly answer: number | null }[];
  /** As far as the versions of its protocol tell, such as `Kafka 4.1 or later`. */
  readonly release: string;
  /** By name; those that are not there, or may not be seen, are absent. */
  readonly topics: ReadonlyMap<string, TopicView>;
  /** What may be done with the group; null where the broker does not say. */
  readonly group: readonly Permission[] | null;
  /** Why a transactional id of the group may not be used; null where nothing speaks against it. */
  readonly transactionalId: string | null;
  /** What may be done under the name of another group that was asked about; absent where none was. */
  readonly other?: OtherGroupView;
}

/** A group that is also the name of a transactional id, as a doctor looks at it. */
export interface OtherGroupView {
  readonly name: string;
  /** What may be done with the group; null where the broker does not say, as of one that has never been used. */
  readonly group: readonly Permission[] | null;
  /** Whether the transactional id may be used. */
  readonly transactionalId: boolean;
}

/** A topic as a doctor looks at it. */
export interface TopicView {
  readonly partitions: number;
  /** Fewest copies that a partition has, and fewest that are up to date. */
  readonly replicas: number;
  readonly inSync: number;
  /** `min.insync.replicas`; null where it may not be read. */
  readonly minInSync: number | null;
  /** What may be done with it; null where the broker does not say. */
  readonly may: readonly Permission[] | null;
}
