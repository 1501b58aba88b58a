import type { StreamRecord } from './record.ts';
import type { TraceContext } from './trace.ts';

/** Records that travel together. Never empty, never changed after it was sent. */
export interface Batch {
  readonly kind: 'batch';
  readonly records: readonly StreamRecord[];
  /** Wall clock when the batch entered the task, in milliseconds: what `now()` means for its records. */
  readonly now: number;
  /** The span that sent it, where it is traced; null mostly. */
  readonly trace?: TraceContext | null;
}

/**
 * The barrier of an epoch (Chandy and Lamport 1985, as in Flink's aligned checkpoints): everything before it
 * on a channel belongs to `epoch` or an earlier one.
 */
export interface Checkpoint {
  readonly kind: 'checkpoint';
  readonly epoch: number;
  /** Records sent on this channel so far: the receiver holds it against what came, so that none is lost between actors. */
  readonly sent: number;
  /** Wall clock when the epoch ended, in milliseconds. */
  readonly now: number;
  /** Event time is complete up to here on this channel; -Infinity where nothing is known yet. */
  readonly watermark: number;
  /** True while this channel holds no watermark back: nothing has come for a while. */
  readonly idle: boolean;
}

/** What flows from actor to actor inside a task. */
export type Message = Batch | Checkpoint;

/** A message and the input channel of the receiver on which it came. */
export interface Delivery {
  readonly channel: number;
  readonly message: Message;
}
