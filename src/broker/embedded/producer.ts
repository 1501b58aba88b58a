import type { Compression } from '../../../actors/component.ts';
import { Failure } from '../../../actors/failure.ts';
import type { OffsetCommit, OutgoingRecord, Producer, Transaction, TransactionalProducer } from '../../../actors/port.ts';
import type { Claim, Store } from './store.ts';

/** Kafka's size of a record in a batch beside its key, value and headers, about. */
const recordOverhead = 20;

const none: ReadonlyMap<string, readonly OffsetCommit[]> = new Map();

/** Remembers the first rejection: after it every call is refused with the same failure, as port.ts says. */
class Life {
  #ended: Failure | null = null;

  /** Runs one call. What it throws becomes the rejection. */
  run<T>(call: () => T): Promise<T> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    try {
      return Promise.resolve(call());
    } catch (error) {
      this.#ended = error as Failure;
      return Promise.reject(this.#ended);
    }
  }

  end(): void {
    this.#ended ??= new Failure('broker_unavailable', 'This producer is closed.');
  }
}

/** A producer whose every send is one LMDB transaction, so that nothing is ever stored twice or in part. */
export function createProducer(store: () => Store): Producer {
  const life = new Life();
  return {
    send: (records, compression) =>
      life.run(() => {
        assertTaken(store(), records, compression);
        store().commit({ records, offsets: none, claim: null });
      }),
    close() {
      life.end();
      return Promise.resolve();
    }
  };
}

/** A producer that keeps a transaction in memory and writes it at its commit, all at once. */
export function createTransactionalProducer(store: () => Store, id: string): TransactionalProducer {
  const life = new Life();
  let claim: Claim | null = null;
  let current: OpenTransaction | null = null;
  return {
    open: () => life.run(() => { claim = store().claim(id); }),
    begin: () =>
      life.run(() => {
        if (claim === null) throw new Error(`Producer ${id} was not opened.`);
        if (current?.settled === false) throw new Error(`Producer ${id} has an open transaction.`);
        current = new OpenTransaction(store, claim, life);
        return current;
      }),
    close() {
      life.end();
      return Promise.resolve();
    }
  };
}

class OpenTransaction implements Transaction {
  readonly #store: () => Store;
  readonly #claim: Claim;
  readonly #life: Life;
  readonly #records: OutgoingRecord[] = [];
  readonly #offsets = new Map<string, OffsetCommit[]>();
  settled = false;

  constructor(store: () => Store, claim: Claim, life: Life) {
    this.#store = store;
    this.#claim = claim;
    this.#life = life;
  }

  send(records: readonly OutgoingRecord[], compression: Compression): Promise<void> {
    return this.#run((store) => {
      assertTaken(store, records, compression);
      for (const record of records) {
        store.log(record);
        this.#records.push(record);
      }
    });
  }

  sendOffsets(group: string, offsets: readonly OffsetCommit[]): Promise<void> {
    return this.#run(() => {
      const sent = this.#offsets.get(group) ?? [];
      this.#offsets.set(group, sent);
      for (const offset of offsets) sent.push(offset);
    });
  }

  commit(): Promise<void> {
    return this.#run((store) => {
      this.settled = true;
      store.commit({ records: this.#records, offsets: this.#offsets, claim: this.#claim });
    });
  }

  abort(): Promise<void> {
    return this.#run((store) => {
      this.settled = true;
      store.skip(this.#records);
    });
  }

  #run(call: (store: Store) => void): Promise<void> {
    return this.#life.run(() => {
      if (this.settled) throw new Error('This transaction is settled.');
      const store = this.#store();
      store.check(this.#claim);
      call(store);
    });
  }
}

/** Refuses what Kafka would refuse: what has no key on a compacted topic, and what is too large. */
function assertTaken(store: Store, records: readonly OutgoingRecord[], compression: Compression): void {
  for (const { topic, key } of records) {
    if (key === null && store.findTopic(topic)?.keyed === true) throw new Failure('record_failed', `${topic} is compacted: it takes no record without a key.`);
  }
  assertSizes(store, records, compression);
}

/** A partition's share of one send has to fit the topic's `max.message.bytes`. */
function assertSizes(store: Store, records: readonly OutgoingRecord[], compression: Compression): void {
  if (compression !== 'none') return;
  const shares = new Map<unknown, number>();
  for (const record of records) {
    const log = store.log(record);
    const share = (shares.get(log) ?? 0) + sizeOf(record);
    shares.set(log, share);
    const limit = store.findTopic(record.topic)?.maxMessageBytes ?? 0;
    if (share > limit) {
      throw new Failure('record_too_large', `${record.topic}[${record.partition}] takes at most ${limit} bytes at a time, ${share} were sent.`);
    }
  }
}

function sizeOf({ key, value, headers }: OutgoingRecord): number {
  let size = recordOverhead + (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, content] of headers) size += name.length + (content?.length ?? 0) + 2;
  return size;
}
