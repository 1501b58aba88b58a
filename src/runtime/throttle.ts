import type { RateLimit } from '../../actors/component.ts';
import type { Clock } from './clock.ts';

/** What may come at once after a pause, in seconds of the rate: the limit holds over any longer time, and a second's records do not come in one burst. */
const burst = 0.1;
const shortestWait = 10;

/**
 * A source's rate limit in one task: two token buckets, filled as time goes by. Bytes may be overdrawn by the last record, so that one
 * larger than the bucket comes through and the next waits for longer.
 */
export class Throttle {
  readonly #clock: Clock;
  readonly #rate: RateLimit;
  readonly #most: RateLimit;
  #records: number;
  #bytes: number;
  #at: number;

  constructor(rate: RateLimit, clock: Clock) {
    this.#clock = clock;
    this.#rate = rate;
    this.#most = { records: Math.max(1, rate.records * burst), bytes: Math.max(1, rate.bytes * burst) };
    this.#records = this.#most.records;
    this.#bytes = this.#most.bytes;
    this.#at = clock.elapsed();
  }

  /** How many of the next records may go now, given how many bytes one has on average; they count as gone. */
  take(records: number, bytesEach: number): number {
    this.#fill();
    if (this.#bytes <= 0) return 0;
    const taken = Math.min(records, Math.floor(this.#records), Math.ceil(this.#bytes / Math.max(bytesEach, 1)));
    this.#records -= taken;
    this.#bytes -= taken * bytesEach;
    return taken;
  }

  /** Milliseconds until more may go; not so few that every record is a batch of its own. */
  wait(): number {
    const seconds = Math.max((1 - this.#records) / this.#rate.records, -this.#bytes / this.#rate.bytes);
    return Math.max(shortestWait, Math.ceil(seconds * 1000));
  }

  #fill(): void {
    const now = this.#clock.elapsed();
    const seconds = (now - this.#at) / 1000;
    this.#at = now;
    this.#records = Math.min(this.#most.records, this.#records + seconds * this.#rate.records);
    this.#bytes = Math.min(this.#most.bytes, this.#bytes + seconds * this.#rate.bytes);
  }
}
