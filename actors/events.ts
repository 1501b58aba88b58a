import type { AlertChange } from './alert.ts';
import type { Failure, FailureCode } from './failure.ts';
import type { CheckpointTimes, LifecycleState, RestoreStatus } from './status.ts';
import type { Quarantine } from './store.ts';
import type { TableStatus } from './table/table.ts';
import type { TraceContext } from './trace.ts';

/** What happens inside, told once; `src/telemetry` makes log lines and metrics of it. */
export interface RuntimeEvents {
  topologyChanged(topology: string, to: LifecycleState, failure: Failure | null): void;
  /** The broker is away, or back (`null`). */
  connectionChanged(topology: string, failure: Failure | null): void;
  assigned(topology: string, generation: number, tasks: readonly string[]): void;
  taskOpened(topology: string, task: string, epoch: number): void;
  taskRetried(topology: string, task: string, failure: Failure, milliseconds: number): void;
  /** Records that failed at a node in a committed epoch, by what became wrong with them; `trace`: the span in which one of them did, where it was traced. */
  recordsFailed(topology: string, node: string, failed: { readonly code: FailureCode; readonly count: number; readonly example: string; readonly trace?: TraceContext | null }): void;
  topicsCreated(topology: string, topics: readonly string[]): void;
  /** `trace`: the span of a batch of the epoch; null where none was traced. */
  checkpointed(topology: string, task: string, epoch: number, outputs: number, times: CheckpointTimes, trace?: TraceContext | null): void;
  /** The topology files were read again and now run, by name. */
  reloaded(topologies: { readonly kept: readonly string[]; readonly started: readonly string[]; readonly changed: readonly string[]; readonly stopped: readonly string[] }): void;
  /** They were read again and cannot run: what ran before goes on. One reason per mistake. */
  reloadRefused(reasons: readonly string[]): void;
  /** State is read back from changelogs: told at the start, and now and then. */
  restoring(topology: string, task: string, restore: RestoreStatus): void;
  /** State of a task that cannot be used was put aside; the task rebuilds it. */
  stateAside(topology: string, task: string, quarantine: Quarantine): void;
  /** A table's source is away, or a new state of it cannot be used; null: all is well again. */
  tableTrouble(topology: string, table: string, failure: Failure | null): void;
  /** A table holds a new state of its source. */
  tableLoaded(topology: string, status: TableStatus): void;
  /** Rows that cannot be used were left out. */
  tableSkipped(topology: string, table: string, rows: number, reason: Failure): void;
  /** An alert of a topology fires, or does no more. */
  alertChanged(alert: AlertChange): void;
  /** Somebody was told of it; or could not be (`failed`), after all the tries. */
  alertTold(alert: AlertChange, way: string, failed: string | null): void;
  /** The condition of an alert could not be judged; told once, until it can be again. */
  alertBroken(topology: string, alert: string, failure: Failure): void;
  stateDirectoryQuarantined(path: string): void;
  /** What the daemon remembers could not be written; the stream goes on. */
  stateDirectoryNotWritten(message: string): void;
}
