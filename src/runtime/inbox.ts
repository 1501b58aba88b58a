import { Alignment } from '../../actors/barrier.ts';

/** What an inbox needs to know of a message: the channel it came on, the records in it, and whether it is a barrier. */
export interface Arrival {
  readonly channel: number;
  /** Records in it; 0 for a barrier. */
  readonly records: number;
  /** Of a barrier: how many records its sender says it sent before it; null for everything else. */
  readonly barrier: number | null;
}

/** How the owner of an inbox handles what is due. */
export interface InboxHandlers<M> {
  describe(message: M): Arrival;
  /** A message with records, in its channel's order. */
  records(message: M): void | Promise<void>;
  /** A barrier, one call per channel; `last` for the one that completes the epoch. */
  barrier(message: M, last: boolean): void | Promise<void>;
}

/** The way into an actor with several input channels: aligns their barriers, and holds each sender to its word. */
export class Inbox<M> {
  readonly #handlers: InboxHandlers<M>;
  readonly #alignment: Alignment<M>;
  readonly #received: number[];

  constructor(channels: number, handlers: InboxHandlers<M>) {
    this.#handlers = handlers;
    this.#alignment = new Alignment(channels);
    this.#received = new Array<number>(channels).fill(0);
  }

  async receive(message: M): Promise<void> {
    const { channel, records, barrier } = this.#handlers.describe(message);
    if (!this.#alignment.accept(channel, message)) return;
    if (barrier === null) {
      this.#received[channel] = (this.#received[channel] ?? 0) + records;
      await this.#handlers.records(message);
      return;
    }
    const received = this.#received[channel] ?? 0;
    if (received !== barrier) throw new Error(`Channel ${channel} lost records between actors: ${barrier} sent, ${received} received.`);
    const last = this.#alignment.arrive(channel);
    await this.#handlers.barrier(message, last);
    if (!last) return;
    for (const held of this.#alignment.release()) await this.receive(held.message);
  }
}
