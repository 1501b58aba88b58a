import type { PlainCodec } from '../codec.ts';
import { binaryToTime, timeToBinary } from '../keyed/binary.ts';
import type { Arrival, Freight } from '../keyed/freight.ts';
import { packArrival, unpackArrival } from '../keyed/freight.ts';
import { storable } from '../keyed/storable.ts';
import { changeRecord } from '../record.ts';
import type { Store, StoreValue } from '../store.ts';

const tag = 'q';
const beyond = 'r';
/** The number that the next record to be kept gets. */
const counter = 'c';

/** Records that wait for their time: those of the epoch that fills in memory, older ones in the store. They leave by event time, and as they came where that is equal. */
export class HeldRecords {
  readonly #store: Store;
  readonly #json: PlainCodec;
  #fresh: Arrival[] = [];

  constructor(store: Store, json: PlainCodec) {
    this.#store = store;
    this.#json = json;
  }

  /** Records in memory. */
  get fresh(): number {
    return this.#fresh.length;
  }

  /** Takes in a record that has a value, until the barrier at least. Throws a poison `Failure` where it could not be stored. */
  add(arrival: Arrival): void {
    const { record } = arrival;
    const value = storable(record, this.#json);
    this.#fresh.push(value === record.value ? arrival : { ...arrival, record: changeRecord(record, value) });
  }

  /** At the barrier: gives what is due up to a time, so many at most, and stores what is not. Gives true where more is due. */
  release(upTo: number, limit: number, leave: (arrival: Arrival) => void): boolean {
    const due = this.#fresh.filter(({ record }) => record.time <= upTo).sort((a, b) => a.record.time - b.record.time);
    let left = limit;
    let next = 0;
    for (const [place, freight] of this.#store.range(tag, upTo === Infinity ? beyond : tag + timeToBinary(upTo + 1))) {
      const time = binaryToTime(place, 1);
      while (left > 0 && next < due.length && (due[next] as Arrival).record.time < time) {
        leave(due[next++] as Arrival);
        left -= 1;
      }
      if (left === 0) break;
      left -= 1;
      this.#store.delete(place);
      leave(unpackArrival(freight as unknown as Freight));
    }
    while (left > 0 && next < due.length) {
      leave(due[next++] as Arrival);
      left -= 1;
    }
    const gone = new Set(due.slice(0, next));
    this.#keep(this.#fresh.filter((arrival) => !gone.has(arrival)));
    this.#fresh = [];
    const first = this.first();
    return first !== Infinity && first <= upTo;
  }

  /** The earliest time of what is stored; Infinity for none. */
  first(): number {
    for (const [place] of this.#store.range(tag, beyond)) return binaryToTime(place, 1);
    return Infinity;
  }

  #keep(arrivals: readonly Arrival[]): void {
    if (arrivals.length === 0) return;
    let number = (this.#store.get(counter) as number | undefined) ?? 0;
    for (const arrival of arrivals) {
      this.#store.put(tag + timeToBinary(arrival.record.time) + timeToBinary(number), packArrival(arrival) as unknown as StoreValue);
      number += 1;
    }
    this.#store.put(counter, number);
  }
}

/** What a store holds of them, by its time. */
export function* heldArrivals(store: Store): Iterable<Arrival> {
  for (const [, freight] of store.range(tag, beyond)) yield unpackArrival(freight as unknown as Freight);
}
