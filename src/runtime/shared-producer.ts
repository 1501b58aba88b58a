import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Compression } from '../../actors/component.ts';
import type { Producer } from '../../actors/port.ts';
import { requests } from './outbox.ts';
import type { PendingRecord } from './outbox.ts';

/** Takes what is to be sent, at the moment it is sent. */
export type Take = () => ReadonlyMap<Compression, readonly PendingRecord[]>;

/** One task's way to a shared producer. */
export interface Sender {
  /** Resolves when all that was taken is acknowledged. One call at a time: what a task sends later is written later. */
  send(take: Take): Promise<void>;
  /** What waits is not taken any more. */
  close(): void;
}

/** Who waits for the producer. */
interface Waiting extends PromiseWithResolvers<void> {
  readonly sender: Sender;
  readonly take: Take;
}

/** Turns of the event loop before a request: an actor takes a message a turn, and what one fetch brought ends in several. */
const gatheringTurns = 3;

/**
 * The idempotent producer of a topology's at-least-once tasks. One request is under way at a time, and what the tasks gather meanwhile goes
 * out together in the next: with a producer for each of 4 tasks the broker had four times as many requests to answer, and at 10,000 records
 * a second was busy with nothing but that. After a refused request the producer is thrown away, and whoever had a part in it fails.
 */
export class SharedProducer {
  readonly #make: () => Producer;
  #producer: Producer | null = null;
  #waiting: Waiting[] = [];
  #running = false;

  constructor(make: () => Producer) {
    this.#make = make;
  }

  /** A way in for one task. */
  sender(): Sender {
    const sender: Sender = {
      send: (take) => {
        const waiting = { sender, take, ...Promise.withResolvers<void>() };
        this.#waiting.push(waiting);
        if (!this.#running) void this.#run();
        return waiting.promise;
      },
      close: () => {
        const dropped = this.#waiting.filter((waiting) => waiting.sender === sender);
        this.#waiting = this.#waiting.filter((waiting) => waiting.sender !== sender);
        for (const { reject } of dropped) reject(new Error('The task was closed before its outputs were sent.'));
      }
    };
    return sender;
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = null;
    await producer?.close();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      for (let turn = 0; turn < gatheringTurns; turn += 1) await nextTurn();
      await this.#sendWaiting();
    }
    this.#running = false;
  }

  async #sendWaiting(): Promise<void> {
    const together = this.#waiting;
    this.#waiting = [];
    try {
      for (const [compression, records] of takeAll(together)) {
        for (const request of requests(records)) await (this.#producer ??= this.#make()).send(request, compression);
      }
      for (const { resolve } of together) resolve();
    } catch (error) {
      for (const { reject } of together) reject(error);
      // It is dead; closing it has nothing more to say.
      await this.close().catch(() => undefined);
    }
  }
}

function takeAll(together: readonly Waiting[]): Map<Compression, PendingRecord[]> {
  const all = new Map<Compression, PendingRecord[]>();
  for (const { take } of together) {
    for (const [compression, records] of take()) all.set(compression, (all.get(compression) ?? []).concat(records));
  }
  return all;
}
