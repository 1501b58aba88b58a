import type { Collector, EpochEnd, PassedOn, TaskContext, TransformLogic } from '../component.ts';
import { Failure } from '../failure.ts';
import type { Batch } from '../message.ts';
import type { Store } from '../store.ts';
import type { Algebra, Partial } from './algebra.ts';
import type { WindowSettings } from './intake.ts';
import { Intake } from './intake.ts';
import type { GatheredGroup, Group } from './kind.ts';
import { Outcome } from './outcome.ts';
import { isParcel } from '../keyed/parcel.ts';
import type { ParcelGroup } from '../keyed/parcel.ts';
import { Shipping } from '../keyed/shipping.ts';
import { Upstreams } from '../keyed/upstreams.ts';
import { TracedGroups } from './traced-groups.ts';

/** The whole of a window node in one task. */
export class LocalWindows implements TransformLogic {
  readonly #intake: Intake;
  readonly #outcome: Outcome;

  constructor(settings: WindowSettings, task: TaskContext, store: Store) {
    this.#outcome = new Outcome(settings, task, store);
    this.#intake = new Intake(settings, task.watermark, this.#outcome.traced);
  }

  get pending(): number {
    return this.#intake.pending;
  }

  process(batch: Batch, out: Collector): void {
    this.#intake.process(batch, out);
  }

  checkpoint({ watermark, idle }: EpochEnd, out: Collector): PassedOn {
    for (const group of this.#intake.end(watermark)) this.#outcome.take(group, out);
    return this.#outcome.advance(watermark, idle, out);
  }
}

/** The half before the hop. */
export class WindowsBefore implements TransformLogic {
  readonly #intake: Intake;
  readonly #traced = new TracedGroups(null);
  readonly #shipping: Shipping;

  constructor(settings: WindowSettings, task: TaskContext, partitions: number) {
    this.#intake = new Intake(settings, task.watermark, this.#traced);
    this.#shipping = new Shipping(task, partitions);
  }

  get pending(): number {
    return this.#intake.pending;
  }

  process(batch: Batch, out: Collector): void {
    this.#intake.process(batch, out);
  }

  checkpoint(end: EpochEnd, out: Collector): PassedOn {
    const { watermark, idle } = end;
    const again = this.#shipping.send(packed(this.#intake.end(watermark), this.#traced), end, out);
    return { own: watermark, watermark, idle, again };
  }
}

/** The half behind the hop. */
export class WindowsBehind implements TransformLogic {
  readonly #outcome: Outcome;
  readonly #upstreams: Upstreams;
  readonly #algebra: Algebra;
  readonly #groups = new Map<string, Group>();

  constructor(settings: WindowSettings, task: TaskContext, store: Store) {
    this.#outcome = new Outcome(settings, task, store);
    this.#upstreams = new Upstreams(store);
    this.#algebra = settings.algebra;
  }

  get pending(): number {
    return this.#groups.size;
  }

  process({ records, trace = null }: Batch, out: Collector): void {
    for (const record of records) {
      if (!isParcel(record.value)) {
        out.failed(record, new Failure('undecodable', 'expected what the other half of this node sends, found a foreign record in its repartition topic'));
        continue;
      }
      this.#upstreams.note(record.value);
      for (const group of record.value.groups) {
        const [key, , , , time] = group as unknown as ShippedGroup;
        if (trace !== null && time !== undefined) this.#outcome.traced.note(key, time, trace);
        this.#add(group as unknown as ShippedGroup);
      }
      out.absorbed(record);
    }
  }

  checkpoint(_end: EpochEnd, out: Collector): PassedOn {
    for (const group of this.#groups.values()) this.#outcome.take(group, out);
    this.#groups.clear();
    this.#upstreams.save();
    return this.#outcome.advance(this.#upstreams.watermark, this.#upstreams.idle, out);
  }

  #add([key, a, b, partial]: ShippedGroup): void {
    const id = `${a}:${b}:${key}`;
    const known = this.#groups.get(id);
    this.#groups.set(id, { key, a, b, partial: known === undefined ? partial : this.#algebra.merge(known.partial, partial) });
  }
}

/** `time`: of its first record that is traced, where one is. */
type ShippedGroup = readonly [key: string, a: number, b: number, partial: Partial, time?: number];

function* packed(groups: Iterable<GatheredGroup>, traced: TracedGroups): Iterable<ParcelGroup> {
  for (const { key, a, b, partial, records } of groups) {
    const traces = traced.take(key, null);
    if (traces === null) yield { key, content: [key, a, b, partial], records };
    else yield { key, content: [key, a, b, partial, traces.time], records, traces: traces.contexts };
  }
}
