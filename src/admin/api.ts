import type { z } from 'zod';
import type { AlertView } from '../../actors/alert.ts';
import type { TopologyStatus } from '../../actors/status.ts';
import type { deadLettersAnswer, logLevel, ownAnswer, topologyDetail, watermarksAnswer } from './answers.ts';
import type { Holder } from './peers/holder.ts';

/** A record as a tap shows it; values are cut. */
export interface TappedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since 1970; -1 for none. */
  readonly time: number;
  readonly key: string | null;
  readonly value: string | null;
}

/** What is known of one partition's rest and of its tasks comes with the rates. */
export interface QuietPartition {
  readonly topic: string;
  readonly partition: number;
  readonly quietSeconds: number;
}

/** What the API needs of a daemon. Where a topology or a node is asked for, it is one that is there. */
export interface DaemonApi {
  status(): readonly TopologyStatus[];
  paused(topology: string): boolean;
  tasks(topology: string): z.infer<typeof topologyDetail>['assigned'];
  nodes(topology: string): readonly { readonly name: string; readonly kind: string; readonly store: boolean; readonly paced?: { readonly by: string; readonly records: number | null } }[];
  watermarks(topology: string, quiet: readonly QuietPartition[]): Promise<z.infer<typeof watermarksAnswer>>;
  /** By `graphAnswer`. */
  graph(topology: string): unknown;
  alerts(topology: string): readonly AlertView[];
  /** State under a key, in the tasks whose state is open here; `tasks` has only those with the key. */
  store(topology: string, node: string, key: string, limit: number): z.infer<typeof ownAnswer>;
  /** The tasks of the node that this daemon was given. */
  given(topology: string, node: string): readonly string[];
  /** The other members of the group, with the tasks of the node that they were given. Rejects with a `Failure` where the broker does not tell in time. */
  others(topology: string, node: string): Promise<readonly Holder[]>;
  deadLetters(topology: string, limit: number): Promise<z.infer<typeof deadLettersAnswer>>;
  pause(topology: string): void;
  resume(topology: string): void;
  /** Commits what was read, and stops the topology; under way when it returns. */
  drain(topology: string): void;
  logLevel(): z.infer<typeof logLevel>['level'];
  setLogLevel(level: z.infer<typeof logLevel>['level']): void;
  /** Calls back with what a node sends on, or a sink receives, until the returned function is called. */
  tap(topology: string, node: string, listener: (record: () => TappedRecord) => void): () => void;
}
