import type { Broker, GroupReader, OffsetCommit, Transaction, TransactionalProducer } from '../../actors/port.ts';
import { asFailure } from '../../actors/failure.ts';
import type { Clock } from './clock.ts';
import { BufferedOutbox, EagerOutbox } from './outbox.ts';
import type { Outbox } from './outbox.ts';
import type { Sender } from './shared-producer.ts';

/** How a task writes: the one difference between the two guarantees. */
export interface TaskOutput {
  /** Makes this the only owner of the task's output; settles what an earlier owner left open. */
  open(): Promise<void>;
  readonly outbox: Outbox;
  begin(): Promise<Transaction>;
  close(): Promise<void>;
}

/** Exactly once: a transactional producer of the task's own. */
export function exactlyOnceOutput(broker: Broker, transactionalId: string, transactionTimeout: number): TaskOutput {
  const producer: TransactionalProducer = broker.transactionalProducer(transactionalId, transactionTimeout);
  return {
    open: () => producer.open(),
    outbox: new BufferedOutbox(),
    begin: () => producer.begin(),
    close: () => producer.close()
  };
}

/** Where at-least-once commits offsets: as a member of the group, in the generation that gave the task. */
export interface GroupCommit {
  readonly reader: GroupReader;
  /** Throws `fenced` once the task was assigned to another member. */
  generation(): number;
  /** Resolves when a generation is over and the next assignment is here. */
  changed(from: number): Promise<void>;
}

/** At least once: sends at once, through the topology's idempotent producer, and a plain offset commit behind it. */
export function atLeastOnceOutput(sender: Sender, commit: GroupCommit, fence: () => Promise<void>, clock: Clock, onError: (error: unknown) => void): TaskOutput {
  const outbox = new EagerOutbox(sender, clock, onError);
  return {
    // The task may have been an exactly-once one, whose owner may still hang somewhere with a transaction.
    open: fence,
    outbox,
    begin: () => Promise.resolve(offsetsOnly(commit)),
    close() {
      outbox.close();
      return Promise.resolve();
    }
  };
}

/** A rebalance ends the generation in which a task that stays had begun its commit: then it commits again in the next one. */
async function commitOffsets(commit: GroupCommit, offsets: readonly OffsetCommit[]): Promise<void> {
  for (;;) {
    const generation = commit.generation();
    try {
      await commit.reader.commit(generation, offsets);
      return;
    } catch (error) {
      if (asFailure(error, 'task_crashed').code !== 'fenced') throw error;
      await commit.changed(generation);
    }
  }
}

function offsetsOnly(commit: GroupCommit): Transaction {
  let pending: readonly OffsetCommit[] = [];
  return {
    send: () => Promise.reject(new Error('At-least-once outputs are not part of a transaction.')),
    sendOffsets(_group, offsets) {
      pending = offsets;
      return Promise.resolve();
    },
    commit: () => commitOffsets(commit, pending),
    abort: () => Promise.resolve()
  };
}
