import { Failure } from '../../../actors/failure.ts';
import type { FetchedBatch, ReaderSettings, TopicPartition } from '../../../actors/port.ts';
import { Backoff } from './backoff.ts';
import { failureOf, protocolError } from './failures.ts';
import { type FetchedPartition, fetchFrom, toBatch } from './fetch.ts';
import type { Nodes } from './nodes.ts';
import { right } from './rights.ts';
import { Signal } from './signal.ts';
import type { Topics } from './topics.ts';
import { longestSilence, Unanswered } from './unanswered.ts';

/** Whom a fetcher tells. */
export interface FetcherEvents {
  fetched(batch: FetchedBatch): void;
  /** A node that leads what is read does not answer (a failure), or does again, or leads nothing of it any more (null). */
  trouble(node: number, failure: Failure | null): void;
  failed(failure: Failure): void;
}

/** A partition this member reads. */
interface Slot extends TopicPartition {
  position: number;
  delivering: boolean;
  paused: boolean;
  /** Goes up whenever what is under way for this partition is no longer wanted. */
  incarnation: number;
  /** The ends of the log that the listener was last told, so that an empty fetch says something only when they moved. */
  toldStart: number;
  toldEnd: number;
}

/** What the broker answers for a partition that has moved, is moving, or is not quite there yet. */
const moved = new Set([3, 5, 6, 9, 56, 74, 75, 76, 78, 100, 103]);
const offsetOutOfRange = 1;

/**
 * Reads the partitions of one member: per node one request under way, the next as soon as that one is handled. Kafkajs' fetcher
 * sleeps for a whole `maxWait` when nothing is active; here a partition that becomes readable wakes its node's loop.
 */
export class Fetcher {
  private readonly nodes: Nodes;
  private readonly topics: Topics;
  private readonly settings: ReaderSettings;
  private readonly events: FetcherEvents;
  private readonly slots = new Map<string, Slot>();
  private readonly loops = new Map<number, Signal>();
  private readonly locating = new Backoff();
  private locator: NodeJS.Timeout | null = null;
  private stopped = false;

  constructor(nodes: Nodes, topics: Topics, settings: ReaderSettings, events: FetcherEvents) {
    this.nodes = nodes;
    this.topics = topics;
    this.settings = settings;
    this.events = events;
  }

  /** Partitions that stay keep their position and go on; new ones wait for `deliver`. */
  assigned(partitions: readonly TopicPartition[]): void {
    const keep = new Set(partitions.map(keyOf));
    for (const key of this.slots.keys()) if (!keep.has(key)) this.slots.delete(key);
    for (const at of partitions) if (!this.slots.has(keyOf(at))) this.slots.set(keyOf(at), newSlot(at));
  }

  deliver(at: TopicPartition, offset: number): void {
    const slot = this.slots.get(keyOf(at));
    if (slot === undefined) return;
    slot.incarnation++;
    slot.position = offset;
    slot.delivering = true;
    slot.paused = false;
    slot.toldEnd = -1;
    this.route();
  }

  pause(at: TopicPartition): void {
    const slot = this.slots.get(keyOf(at));
    if (slot === undefined) return;
    slot.incarnation++;
    slot.paused = true;
  }

  resume(at: TopicPartition): void {
    const slot = this.slots.get(keyOf(at));
    if (slot === undefined) return;
    slot.paused = false;
    this.route();
  }

  stop(): void {
    this.stopped = true;
    this.slots.clear();
    if (this.locator !== null) clearTimeout(this.locator);
    for (const loop of this.loops.values()) loop.wake();
  }

  /** Wakes the loop of each node that has something to read, and looks for the leaders that are not known. */
  private route(): void {
    let lost = false;
    for (const slot of this.slots.values()) {
      if (!readable(slot)) continue;
      const node = this.topics.leader(slot);
      if (node < 0) lost = true;
      else this.loop(node).wake();
    }
    if (lost) this.locate();
  }

  private loop(node: number): Signal {
    let signal = this.loops.get(node);
    if (signal === undefined) {
      signal = new Signal();
      this.loops.set(node, signal);
      void this.run(node, signal);
    }
    return signal;
  }

  private async run(node: number, signal: Signal): Promise<void> {
    const backoff = new Backoff();
    const watch = this.watch(node);
    while (!this.isStopped()) {
      const slots = this.readableAt(node);
      if (slots.length === 0) {
        await signal.wait();
        continue;
      }
      try {
        await this.fetch(node, slots, watch);
        backoff.reset();
      } catch (error) {
        if (this.isStopped()) return;
        const failure = failureOf(error, `Fetching from broker ${node}`);
        if (failure.kind === 'fatal') return this.fail(failure);
        this.trouble(node, failure);
        await signal.wait(backoff.next());
        this.locate();
      }
    }
  }

  /** Of a node that hangs, or a network that swallows what is sent: told before the request itself is given up on, which goes on meanwhile. */
  private watch(node: number): Unanswered {
    return new Unanswered(this.settings.maxWait + longestSilence, {
      heard: () => this.nodes.heard(node, 'fetch'),
      silent: (since) => {
        if (!this.isStopped()) this.trouble(node, this.nodes.silent(node, 'Fetch', since));
      }
    });
  }

  private trouble(node: number, failure: Failure): void {
    this.events.trouble(node, this.needs(node) ? failure : null);
  }

  /** False once all that is read is led by other nodes: nobody waits for this one any more. */
  private needs(node: number): boolean {
    for (const slot of this.slots.values()) {
      const leader = slot.delivering ? this.topics.leader(slot) : null;
      if (leader === node || leader === -1) return true;
    }
    return false;
  }

  private readableAt(node: number): Slot[] {
    const slots: Slot[] = [];
    for (const slot of this.slots.values()) if (readable(slot) && this.topics.leader(slot) === node) slots.push(slot);
    return slots;
  }

  private async fetch(node: number, slots: readonly Slot[], watch: Unanswered): Promise<void> {
    const asked = slots.map((slot) => ({ slot, incarnation: slot.incarnation }));
    // Where the log ends is news for a listener that has never heard it: no waiting for records then.
    const maxWait = slots.some(({ toldEnd }) => toldEnd < 0) ? 0 : this.settings.maxWait;
    const parts = await this.ask(node, slots, maxWait, watch);
    if (this.isStopped()) return;
    this.events.trouble(node, null);
    const bySlot = new Map(asked.map((ask) => [keyOf(ask.slot), ask]));
    let lost = false;
    for (const part of parts) {
      const ask = bySlot.get(keyOf(part));
      // Paused, put elsewhere or taken away while the request was under way: its position is not ours to move.
      if (ask === undefined || this.slots.get(keyOf(part)) !== ask.slot || ask.slot.incarnation !== ask.incarnation) continue;
      if (part.errorCode === 0) this.deliverPart(ask.slot, part);
      else if (moved.has(part.errorCode)) lost = true;
      else await this.refuse(ask.slot, part);
      if (this.isStopped()) return;
    }
    if (lost) throw new Failure('broker_unavailable', 'partitions have moved to another broker');
  }

  private async ask(node: number, slots: readonly Slot[], maxWait: number, watch: Unanswered): Promise<FetchedPartition[]> {
    watch.asked();
    try {
      return await fetchFrom(this.nodes, await this.nodes.node(node), slots, { ...this.settings, maxWait, isolation: 'committed' });
    } finally {
      watch.ended();
    }
  }

  private deliverPart(slot: Slot, part: FetchedPartition): void {
    const batch = toBatch(part, slot.position, 'committed');
    const progress = batch.nextOffset > slot.position;
    if (!progress && batch.endOffset === slot.toldEnd && batch.startOffset === slot.toldStart) return;
    slot.position = batch.nextOffset;
    slot.toldEnd = batch.endOffset;
    slot.toldStart = batch.startOffset;
    if (progress) {
      // To the end of the order, so that a busy partition does not keep the others waiting (KIP-74).
      this.slots.delete(keyOf(slot));
      this.slots.set(keyOf(slot), slot);
    }
    this.events.fetched(batch);
  }

  /** Never a reset: where to go on is a decision for people, or for whoever called `deliver`. */
  private async refuse(slot: Slot, part: FetchedPartition): Promise<void> {
    const where = `"${slot.topic}" partition ${slot.partition}`;
    if (part.errorCode !== offsetOutOfRange) throw failureOf(protocolError(part.errorCode), `Reading ${where}`, this.nodes.asking(right('Read', 'topic', slot.topic)));
    const ends = await this.ends(slot).catch(() => 'its log could not be asked for');
    throw new Failure('offset_out_of_range', `Offset ${slot.position} of ${where} does not exist: ${ends}`);
  }

  private async ends(slot: Slot): Promise<string> {
    const broker = await this.nodes.node(this.topics.leader(slot));
    const ask = async (timestamp: string): Promise<string> => {
      const topics = [{ topic: slot.topic, partitions: [{ partition: slot.partition, timestamp }] }];
      const answer = await this.nodes.ask(broker, 'ListOffsets', { isolationLevel: 0, topics });
      return answer.responses[0]?.partitions[0]?.offset ?? '?';
    };
    return `its log starts at ${await ask('-2')} and ends at ${await ask('-1')}`;
  }

  private fail(failure: Failure): void {
    this.stop();
    this.events.failed(failure);
  }

  /** Refreshes leaders until each readable partition has one. */
  private locate(): void {
    if (this.locator !== null || this.isStopped()) return;
    this.locator = setTimeout(() => {
      void this.relocate();
    }, this.locating.next());
  }

  private async relocate(): Promise<void> {
    try {
      // A topic deleted while it is read shows here first.
      await this.topics.ensure();
      this.locating.reset();
    } catch (error) {
      const failure = failureOf(error, 'Looking for the leaders of partitions');
      if (failure.kind === 'fatal' && !this.isStopped()) return this.fail(failure);
    } finally {
      this.locator = null;
    }
    if (this.isStopped()) return;
    this.route();
    for (const node of this.loops.keys()) if (!this.needs(node)) this.events.trouble(node, null);
  }

  /** `stopped` may change during any await, which the compiler does not see. */
  private isStopped(): boolean {
    return this.stopped;
  }
}

function readable(slot: Slot): boolean {
  return slot.delivering && !slot.paused;
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

function newSlot({ topic, partition }: TopicPartition): Slot {
  return { topic, partition, position: 0, delivering: false, paused: false, incarnation: 0, toldStart: -1, toldEnd: -1 };
}
