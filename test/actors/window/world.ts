import fc from 'fast-check';
import type { StatefulLogic } from '../../../actors/keyed/stateful.ts';
import type { StreamRecord } from '../../../actors/record.ts';
import { recordOf } from '../../topology/harness.ts';
import type { Datum } from './model.ts';
import { KeyedNode } from '../keyed/task.ts';

/* Source partitions, and tasks that read them in any order, with checkpoints and crashes anywhere. */

/** One partition's records, with the stamps its source gives them. */
export interface SourcePartition {
  readonly data: readonly Datum[];
  readonly records: readonly StreamRecord[];
  /** The watermark behind so many records. */
  readonly watermarks: readonly number[];
}

export interface Move {
  readonly key: string;
  readonly advance: number;
  readonly back: number;
  readonly value: number;
}

/** Keys of one byte each, some of them no UTF-8, and one with what else is in places of stores. */
const keys = ['a', 'b', '\xff', 'i\x00\x80'];

export const move: fc.Arbitrary<Move> = fc.record({
  key: fc.constantFrom(...keys),
  advance: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 0, max: 12 }) }, { weight: 1, arbitrary: fc.integer({ min: 0, max: 60 }) }),
  back: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.integer({ min: 0, max: 25 }) }, { weight: 1, arbitrary: fc.integer({ min: 0, max: 90 }) }),
  value: fc.integer({ min: -9, max: 9 })
});

/** A time behind all others: it closes every window. */
export const lastTime = 100_000;

/** A partition of records that go forward and fall back; the last one, of a key of its own, closes all windows. */
export function partitionOf(partition: number, moves: readonly Move[], delay: number): SourcePartition {
  let cursor = 20;
  const drafts = moves.map(({ key, advance, back, value }) => {
    cursor += advance;
    return { key, value, time: Math.max(0, cursor - back) };
  });
  drafts.push({ key: 'last', value: 0, time: lastTime });
  const watermarks = [-Infinity];
  const data = drafts.map((draft, offset): Datum => {
    const stamp = watermarks[offset] as number;
    watermarks.push(Math.max(stamp, draft.time - delay));
    return { ...draft, timestamp: timestampOf(draft, offset), partition, offset, stamp };
  });
  return { data, watermarks, records: data.map(toRecord) };
}

/** The event time, or something of no relation to it, or none. */
function timestampOf({ value, time }: { readonly value: number; readonly time: number }, offset: number): number {
  if (value % 3 === 0) return time;
  return value % 3 === 1 ? -1 : 900_000 - offset;
}

export function toRecord({ key, time, timestamp, partition, offset, stamp, value }: Datum): StreamRecord {
  return recordOf({ v: value }, { key: Buffer.from(key, 'latin1'), time, stamp, offset, timestamp, origin: { topic: 'in', partition, codec: 'json' } });
}

/** Something that happens to one of several tasks. */
export interface Step {
  readonly kind: 'feed' | 'barrier' | 'kill' | 'kill in checkpoint';
  readonly which: number;
  readonly count: number;
}

export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    kind: fc.oneof(
      { weight: 6, arbitrary: fc.constant('feed' as const) },
      { weight: 3, arbitrary: fc.constant('barrier' as const) },
      { weight: 1, arbitrary: fc.constantFrom('kill' as const, 'kill in checkpoint' as const) }
    ),
    which: fc.nat({ max: 50 }),
    count: fc.integer({ min: 1, max: 8 })
  }),
  { minLength: 5, maxLength: 60 }
);

/** A task and the partitions it reads. */
export class Reader {
  readonly task: KeyedNode;
  readonly partitions: readonly SourcePartition[];
  readonly positions: number[];
  #committed: number[];

  constructor(task: KeyedNode, partitions: readonly SourcePartition[]) {
    this.task = task;
    this.partitions = partitions;
    this.positions = partitions.map(() => 0);
    this.#committed = [...this.positions];
  }

  feed(which: number, count: number): void {
    const partition = which % this.partitions.length;
    const from = this.positions[partition] as number;
    const to = Math.min(from + count, (this.partitions[partition] as SourcePartition).records.length);
    this.task.feed((this.partitions[partition] as SourcePartition).records.slice(from, to));
    this.positions[partition] = to;
  }

  feedAll(): void {
    for (let i = 0; i < this.partitions.length; i++) this.feed(i, Infinity);
  }

  get watermark(): number {
    return Math.min(...this.partitions.map(({ watermarks }, i) => watermarks[this.positions[i] as number] as number));
  }

  /** What was read so far. */
  get read(): Datum[] {
    return this.partitions.flatMap(({ data }, i) => data.slice(0, this.positions[i]));
  }

  barrier(now = 0): ReturnType<KeyedNode['barrier']> {
    const result = this.task.barrier({ watermark: this.watermark, now });
    this.#committed = [...this.positions];
    return result;
  }

  kill(inCheckpoint: boolean): void {
    this.task.kill(inCheckpoint ? { watermark: this.watermark } : undefined);
    this.positions.splice(0, Infinity, ...this.#committed);
  }
}

/** Both halves of a node: tasks before the hop, a log for each partition of the repartition topic, and the tasks behind it. */
export class HopWorld {
  readonly before: readonly Reader[];
  readonly behind: readonly KeyedNode[];
  readonly #logs: StreamRecord[][];
  readonly #positions: number[];
  readonly #committed: number[];
  #now = 0;

  constructor(logic: StatefulLogic, partitions: readonly SourcePartition[], behind: number) {
    const tasks = partitions.length;
    this.before = partitions.map((partition, task) => new Reader(new KeyedNode((context) => logic.before(context, behind, 0), { task, tasks }), [partition]));
    this.behind = Array.from({ length: behind }, (_, task) => new KeyedNode((context) => logic.open({ ...context, shipped: [true] }), { task, tasks: behind }));
    this.#logs = this.behind.map(() => []);
    this.#positions = this.behind.map(() => 0);
    this.#committed = [...this.#positions];
  }

  /** One step of one of the tasks. */
  step({ kind, which, count }: Step): void {
    this.#now += count * 100;
    const upstream = this.before[which % (this.before.length + this.behind.length)];
    if (upstream === undefined) this.#stepBehind(which % this.behind.length, kind, count);
    else if (kind === 'feed') upstream.feed(0, count);
    else if (kind === 'barrier') this.#ship(upstream);
    else upstream.kill(kind === 'kill in checkpoint');
  }

  /** Reads everything to its end. */
  finish(): void {
    for (const reader of this.before) reader.feedAll();
    this.#now += 5000;
    for (const reader of this.before) this.#ship(reader);
    for (let i = 0; i < this.behind.length; i++) {
      this.#stepBehind(i, 'feed', Infinity);
      this.#stepBehind(i, 'barrier', 0);
    }
  }

  #ship(reader: Reader): void {
    for (const record of reader.barrier(this.#now).sent.results) {
      const value = JSON.parse(JSON.stringify(record.value)) as { to: number };
      this.#logs[value.to]?.push({ ...record, value });
    }
  }

  #stepBehind(which: number, kind: Step['kind'], count: number): void {
    const task = this.behind[which] as KeyedNode;
    const position = this.#positions[which] as number;
    const log = this.#logs[which] as StreamRecord[];
    if (kind === 'feed') {
      task.feed(log.slice(position, position + count));
      this.#positions[which] = Math.min(position + count, log.length);
    } else if (kind === 'barrier') {
      task.barrier();
      this.#committed[which] = position;
    } else {
      task.kill(kind === 'kill in checkpoint' ? {} : undefined);
      this.#positions[which] = this.#committed[which] as number;
    }
  }
}
