import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { StatefulLogic } from '../../../actors/keyed/stateful.ts';
import type { StreamRecord } from '../../../actors/record.ts';
import { recordOf } from '../../topology/harness.ts';
import { KeyedNode } from '../keyed/task.ts';
import type { Sent } from '../keyed/task.ts';
import { nameOf } from './model.ts';
import type { Datum } from './model.ts';

/* Topics of one or two sides, and tasks that read them in any order, with checkpoints and crashes anywhere; a side may cross a repartition topic. */

/** Keys, some of them no UTF-8, and one with what else is in places of stores. */
const keys = ['a', 'b', '\xff', 'i\x00\x80', null];

/** One more record of a partition. */
export interface Move {
  readonly key: string | null;
  readonly advance: number;
  readonly back: number;
  readonly tombstone: boolean;
  /** The same key and time as the record before. */
  readonly again: boolean;
}

export const move: fc.Arbitrary<Move> = fc.record({
  key: fc.constantFrom(...keys.slice(0, 2), ...keys),
  advance: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 0, max: 12 }) }, { weight: 1, arbitrary: fc.integer({ min: 0, max: 60 }) }),
  back: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.integer({ min: 0, max: 25 }) }, { weight: 1, arbitrary: fc.integer({ min: 0, max: 90 }) }),
  tombstone: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  again: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) })
});

/** A time behind all others: all is over then. */
export const lastTime = 100_000;

/** A partition of a source topic, or of a repartition topic, whose watermarks come in its records. */
export interface Log {
  readonly data: readonly Datum[];
  readonly records: StreamRecord[];
  /** The watermark behind so many records. */
  readonly watermarks: readonly number[] | null;
}

/** A partition of records that go forward and fall back, and behind them one that makes the watermark pass all. */
export function logOf(side: 0 | 1, partition: number, moves: readonly Move[], delay: number): Log {
  let cursor = 20;
  let last = { key: 'a' as string | null, time: 20 };
  const drafts = moves.map(({ key, advance, back, tombstone, again }) => {
    cursor += advance;
    last = again ? last : { key, time: Math.max(0, cursor - back) };
    return { ...last, tombstone };
  });
  drafts.push({ key: 'last', time: lastTime + delay, tombstone: true });
  const watermarks = [-Infinity];
  const data = drafts.map((draft, offset): Datum => {
    const stamp = watermarks[offset] as number;
    watermarks.push(Math.max(stamp, draft.time - delay));
    return { ...draft, side, timestamp: offset % 3 === 0 ? -1 : draft.time + 7 * (offset % 2), partition, offset, stamp };
  });
  return { data, watermarks, records: data.map(toRecord) };
}

export function toRecord(datum: Datum): StreamRecord {
  const { side, key, time, timestamp, partition, offset, stamp, tombstone } = datum;
  const origin = { topic: side === 0 ? 'left' : 'right', partition, codec: 'json' };
  return recordOf(tombstone ? undefined : { v: nameOf(datum) }, { key: key === null ? null : Buffer.from(key, 'latin1'), time, stamp, offset, timestamp, origin });
}

/** How far a task has read a log, on which of its inputs. */
interface Tail {
  readonly log: Log;
  readonly input: number;
  position: number;
  committed: number;
  idle: boolean;
}

/** A task and the logs it reads. */
export class Member {
  readonly node: KeyedNode;
  readonly tails: readonly Tail[];
  /** Every input of committed epochs has one fate, late ones by name. */
  readonly late: string[] = [];
  /** No result still to come is older than this. */
  promised = -Infinity;
  /** What came in committed epochs, in order; as the stamp of each what it was late by, which after an idle time is more than its partition's watermark. */
  readonly taken: Datum[] = [];
  #coming: Datum[] = [];
  /** Watermark of each input, since the last start. */
  #inputs = [-Infinity, -Infinity];
  #fed = 0;

  constructor(node: KeyedNode, logs: readonly (readonly [input: number, log: Log])[]) {
    this.node = node;
    this.tails = logs.map(([input, log]) => ({ log, input, position: 0, committed: 0, idle: false }));
  }

  feed(which: number, count: number): void {
    const tail = this.tails[which % this.tails.length] as Tail;
    const records = tail.log.records.slice(tail.position, tail.position + count);
    this.node.feed(records, 0, tail.input);
    const floor = Math.max(this.node.own, this.#inputs[tail.input] as number);
    this.#coming.push(...tail.log.data.slice(tail.position, tail.position + count).map((datum) => ({ ...datum, stamp: Math.max(datum.stamp, floor) })));
    tail.position += records.length;
    tail.idle &&= records.length === 0;
    this.#fed += records.length;
  }

  feedAll(): void {
    this.tails.forEach((tail, which) => {
      this.feed(which, Infinity);
      tail.idle = false;
    });
  }

  barrier(now = 0): ReturnType<KeyedNode['barrier']> {
    const end = this.#end(now);
    const done = this.node.barrier(end);
    for (const tail of this.tails) tail.committed = tail.position;
    const { forwarded, deduped, late, failed, filtered, absorbed, unpacked } = done.sent;
    assert.equal(forwarded.length + deduped.length + late.length + failed.length + filtered.length + absorbed, this.#fed + unpacked, 'each input has one fate');
    this.#fed = 0;
    this.taken.push(...this.#coming);
    this.#coming = [];
    this.#inputs = end.inputs.map(({ watermark }, input) => Math.max(watermark, this.#inputs[input] as number));
    this.promised = done.passed.watermark;
    this.late.push(...late.map(({ origin, offset }) => `${origin.topic.charAt(0)}${origin.partition}/${offset}`));
    return done;
  }

  kill(inCheckpoint: boolean): void {
    this.node.kill(inCheckpoint ? this.#end(0) : undefined);
    for (const tail of this.tails) tail.position = tail.committed;
    this.#coming = [];
    this.#inputs = [this.node.own, this.node.own];
    this.#fed = 0;
  }

  /** Nobody waits for a partition any more, until a record of it comes. */
  rest(which: number): void {
    (this.tails[which % this.tails.length] as Tail).idle = true;
  }

  #end(now: number): { now: number; watermark: number; idle: boolean; inputs: { watermark: number; idle: boolean }[] } {
    const inputs = [0, 1].map((input) => this.#stand(this.tails.filter((tail) => tail.input === input)));
    return { now, ...this.#stand(this.tails), inputs };
  }

  /** As the runtime has it: the lowest of what is not idle. */
  #stand(tails: readonly Tail[]): { watermark: number; idle: boolean } {
    const active = tails.filter(({ idle }) => !idle);
    const watermark = ({ log, position }: Tail): number => log.watermarks?.[position] ?? -Infinity;
    return { watermark: active.length === 0 ? -Infinity : Math.min(...active.map(watermark)), idle: active.length === 0 };
  }
}

/** Something that happens to one of several tasks. */
export interface Step {
  readonly kind: 'feed' | 'barrier' | 'kill' | 'kill in checkpoint' | 'rest';
  readonly which: number;
  readonly tail: number;
  readonly count: number;
}

/** Steps; `rest` only where asked for. */
export function stepsWith(...more: readonly 'rest'[]): fc.Arbitrary<Step[]> {
  const rare: fc.Arbitrary<Step['kind']> = fc.constantFrom<Step['kind'][]>('kill', 'kill in checkpoint', ...more);
  const kind: fc.Arbitrary<Step['kind']> = fc.oneof({ weight: 6, arbitrary: fc.constant<Step['kind']>('feed') }, { weight: 3, arbitrary: fc.constant<Step['kind']>('barrier') }, { weight: 1 + more.length, arbitrary: rare });
  return fc.array(fc.record({ kind, which: fc.nat({ max: 50 }), tail: fc.nat({ max: 50 }), count: fc.integer({ min: 1, max: 8 }) }), { minLength: 5, maxLength: 60 });
}

/** What a world is made of. */
export interface WorldSettings {
  readonly logic: StatefulLogic;
  /** The partitions of each input. */
  readonly inputs: readonly (readonly Log[])[];
  readonly shipped: readonly boolean[];
  /** Tasks of the node; one where an input is not shipped. */
  readonly tasks: number;
  /** Told of each checkpoint of a task of the node. */
  check(member: Member, sent: Sent, own: number): void;
}

/** The tasks of a node, and those before its hops. */
export class World {
  readonly behind: readonly Member[];
  readonly before: readonly Member[];
  readonly #settings: WorldSettings;
  #now = 0;

  constructor(settings: WorldSettings) {
    const { logic, inputs, shipped, tasks } = settings;
    this.#settings = settings;
    const hops = shipped.map((hop) => (hop ? Array.from({ length: tasks }, (): Log => ({ data: [], records: [], watermarks: null })) : null));
    this.behind = Array.from({ length: tasks }, (_, task) => {
      const logs = inputs.flatMap((own, input) => (hops[input] === null ? own : [hops[input]?.[task] as Log]).map((log) => [input, log] as const));
      return new Member(new KeyedNode((context) => logic.open({ ...context, shipped }), { task, tasks }), logs);
    });
    this.before = inputs.flatMap((own, input) => (hops[input] === null ? [] : own.map((log, task) => this.#half(logic, input, log, { task, tasks: own.length, to: hops[input] as Log[] }))));
  }

  step({ kind, which, tail, count }: Step): void {
    this.#now += count * 100;
    const members = [...this.before, ...this.behind];
    const member = members[which % members.length] as Member;
    if (kind === 'feed') member.feed(tail, count);
    else if (kind === 'barrier') this.#barrier(member);
    else if (kind === 'rest') member.rest(tail);
    else member.kill(kind === 'kill in checkpoint');
  }

  /** Reads everything to its end. */
  finish(): void {
    this.#now += 5000;
    for (const member of [...this.before, ...this.behind]) {
      member.feedAll();
      this.#barrier(member);
    }
  }

  /** Whether this very object is among what is read. */
  has(record: StreamRecord): boolean {
    return this.#settings.inputs.some((logs) => logs.some(({ records }) => records.includes(record)));
  }

  /** What late records are called, in order. */
  get late(): string[] {
    return [...this.before, ...this.behind].flatMap(({ late }) => late).sort();
  }

  get results(): StreamRecord[] {
    return this.behind.flatMap(({ node }) => node.committed.results);
  }

  readonly #targets = new Map<Member, readonly Log[]>();

  #half(logic: StatefulLogic, input: number, log: Log, { task, tasks, to }: { readonly task: number; readonly tasks: number; readonly to: readonly Log[] }): Member {
    const member = new Member(new KeyedNode((context) => logic.before(context, to.length, input), { task, tasks }), [[0, log]]);
    this.#targets.set(member, to);
    return member;
  }

  #barrier(member: Member): void {
    const { sent, passed } = member.barrier(this.#now);
    const to = this.#targets.get(member);
    if (to === undefined) this.#settings.check(member, sent, passed.own);
    for (const record of to === undefined ? [] : sent.results) {
      const value = JSON.parse(JSON.stringify(record.value)) as { to: number };
      to?.[value.to]?.records.push({ ...record, value });
    }
  }
}
