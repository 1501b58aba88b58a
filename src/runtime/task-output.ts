import type { Broker, GroupReader, OffsetCommit, Producer, Transaction, TransactionalProducer } from '../../actors/port.ts';
import type { Clock } from './clock.ts';
import { BufferedOutbox, EagerOutbox } from './outbox.ts';
import type { Outbox } from './outbox.ts';

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
  generation(): number;
}

/** At least once: an idempotent producer that sends at once, and a plain offset commit behind it. */
export function atLeastOnceOutput(broker: Broker, commit: GroupCommit, clock: Clock, onError: (error: unknown) => void): TaskOutput {
  let producer: Producer | null = null;
  const use = (): Producer => (producer ??= broker.producer());
  return {
    open: () => Promise.resolve(),
    outbox: new EagerOutbox(use, clock, onError),
    begin: () => Promise.resolve(offsetsOnly(commit)),
    async close() {
      await producer?.close();
    }
  };
}

function offsetsOnly(commit: GroupCommit): Transaction {
  let pending: readonly OffsetCommit[] = [];
  return {
    send: () => Promise.reject(new Error('At-least-once outputs are not part of a transaction.')),
    sendOffsets(_group, offsets) {
      pending = offsets;
      return Promise.resolve();
    },
    commit: () => commit.reader.commit(commit.generation(), pending),
    abort: () => Promise.resolve()
  };
}
