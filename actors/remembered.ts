/** What was committed beside an attempt. Files of earlier versions have the offsets alone. */
export interface TaskPlace {
  /** The next offset to read, by topic and partition number. */
  readonly offsets: ByPartition;
  /** Watermarks of the partitions that have one. */
  readonly watermarks?: ByPartition;
  /** Watermarks of the nodes that have one of their own. */
  readonly nodes?: Readonly<Record<string, number>>;
  /** Partition counts of the topics, by short hash. */
  readonly counts?: Readonly<Record<string, number>>;
  /** Those of the topics that came late, by short hash. */
  readonly late?: readonly string[];
  /** The epoch with which the state was given up. */
  readonly since?: number;
}

/** A number for each partition: by topic, by partition number. */
export type ByPartition = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** What a machine remembers of a task beside the broker: the last attempt it committed, and where. */
export interface RememberedTask extends TaskPlace {
  readonly epoch: number;
  readonly nonce: string;
}
