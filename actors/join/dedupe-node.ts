import type { Collector, EpochEnd, InputTime, PassedOn, TransformLogic } from '../component.ts';
import type { Admission } from '../keyed/arriving.ts';
import { Arriving, lowest, upstreamPlaces } from '../keyed/arriving.ts';
import type { UpstreamPlace } from '../keyed/arriving.ts';
import { binaryToTime, timeToBinary, toBytes } from '../keyed/binary.ts';
import type { Arrival } from '../keyed/freight.ts';
import type { GroupKey } from '../keyed/group-key.ts';
import type { KeyedTask } from '../keyed/stateful.ts';
import type { Batch } from '../message.ts';
import type { StreamRecord } from '../record.ts';
import type { Store } from '../store.ts';

/** A dedupe node as its options have it. */
export interface DedupeSettings {
  readonly name: string;
  readonly key: GroupKey;
  /** Milliseconds of event time. */
  readonly within: number;
  readonly admission: Admission;
}

/** So many records are forgotten per checkpoint at most: the others follow at the next one, which comes at once. */
const maxExpired = 10_000;

const tag = 'd';
const beyond = 'e';

/** What a store of a dedupe node holds: keys and times of what was passed on. */
export function passedOnes({ name, key, within }: DedupeSettings, store: Store): StreamRecord[] {
  const origin = { topic: name, partition: 0, codec: 'json' };
  return [...store.range(tag, beyond)].map(([place, offset]) => {
    const group = place.slice(9);
    const time = binaryToTime(place, 1) * within + Number(offset);
    return { key: toBytes(group), bytes: null, value: { key: key.show(group), time }, headers: [], timestamp: time, offset: 0, origin, changed: true, time, stamp: -Infinity };
  });
}

/**
 * Time is cut into stretches as long as `within`. Of one key at most one record of a stretch is passed on, since two of them would be less than that apart; so what a record may
 * repeat is in its own stretch and the two beside it: three entries, found by their keys. These begin with the stretch, so that what is over is a range from the front.
 */
export class DedupeNode implements TransformLogic {
  readonly #within: number;
  readonly #admission: Admission;
  readonly #store: Store;
  readonly #arriving: Arriving;
  #own: number;
  /** Nothing is left, and nothing comes any more, before this stretch. */
  #forgotten = 0;

  constructor({ within, admission }: DedupeSettings, { store, shipped, watermark }: KeyedTask) {
    this.#within = within;
    this.#admission = admission;
    this.#store = store;
    this.#arriving = new Arriving(admission, { shipped: shipped[0] === true, store, place: upstreamPlaces[0] as UpstreamPlace, watermark });
    this.#own = watermark;
  }

  process(batch: Batch, out: Collector): void {
    this.#arriving.each(batch, out, (arrival) => { this.#take(arrival, out); });
  }

  /** The watermark goes on as it is: as with a filter, what is passed on is as late as it came. */
  checkpoint({ watermark, idle }: EpochEnd): PassedOn {
    const input: InputTime = this.#arriving.advance({ watermark, idle });
    const { watermark: own, idle: allIdle } = lowest([input], this.#own);
    this.#own = own;
    const again = this.#expire() ? 0 : null;
    return { own, watermark: own, idle: allIdle, again };
  }

  #take({ key, record, watermark }: Arrival, out: Collector): void {
    const judged = Math.max(watermark, this.#own);
    if (this.#admission.late(record, judged)) out.late(record, judged);
    else if (this.#isRepetition(key as string, record.time)) out.deduped(record);
    else {
      const stretch = Math.floor(record.time / this.#within);
      this.#store.put(tag + timeToBinary(stretch) + (key as string), record.time - stretch * this.#within);
      out.forward(record);
    }
  }

  #isRepetition(key: string, time: number): boolean {
    const stretch = Math.floor(time / this.#within);
    const offset = time - stretch * this.#within;
    if (this.#passed(stretch, key) !== undefined) return true;
    const before = this.#passed(stretch - 1, key);
    if (before !== undefined && before > offset) return true;
    const after = this.#passed(stretch + 1, key);
    return after !== undefined && after < offset;
  }

  /** How far in a stretch the record of a key lies that was passed on. */
  #passed(stretch: number, key: string): number | undefined {
    return this.#store.get(tag + timeToBinary(stretch) + key) as number | undefined;
  }

  /** Forgets stretches that no record in time can repeat anything of; true where some are left. */
  #expire(): boolean {
    // One that is in time is at most `within` behind the watermark, what it repeats less than `within` behind that.
    const first = Math.floor((this.#own - 2 * this.#within + 1) / this.#within);
    if (!(first > this.#forgotten)) return false;
    let left = maxExpired;
    for (const [place] of this.#store.range(tag, tag + timeToBinary(first))) {
      if (left-- === 0) return true;
      this.#store.delete(place);
    }
    this.#forgotten = first;
    return false;
  }
}
