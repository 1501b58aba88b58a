/** Whom a watch asks, and whom it tells. */
export interface UnansweredEvents {
  /** Bytes that have come from where the answer is to come from; null while nothing is to be expected, because the broker asked for a pause. */
  heard(): number | null;
  /** Nothing has come since then (milliseconds since 1970). Once for each request. */
  silent(since: number): void;
}

/** Time as a watch sees it, in milliseconds. */
export interface WatchClock {
  /** Since 1970. */
  now(): number;
  /** Never goes back. */
  elapsed(): number;
  /** Calls once after so long, and after a turn of the event loop in which sockets are read. */
  after(milliseconds: number, call: () => void): void;
}

/** Milliseconds without a byte after which a request is unanswered, beyond those that it may wait at the broker. */
export const longestSilence = 3500;

/** Milliseconds between two looks. */
const slice = 500;

const systemClock: WatchClock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(milliseconds, call) {
    // Sockets are read between timers and immediates.
    setTimeout(() => { setImmediate(call); }, milliseconds).unref();
  }
};

/**
 * Notes that a request stays without an answer though its connection is open, as where a broker hangs or the network swallows what is sent: TCP tells nothing of it, and the request's own timeout
 * comes late. One request at a time; nothing becomes of it by this.
 *
 * A thread that is busy finds the broker's answer late, and must not take it for silence. So a look counts for half a second at most, however late it comes, and each comes after a turn of the event
 * loop in which what lies at the socket is read. An answer that is still coming is not silence.
 */
export class Unanswered {
  readonly #most: number;
  readonly #events: UnansweredEvents;
  readonly #clock: WatchClock;
  /** When the request was sent, or something came last; null while there is no request. */
  #since: number | null = null;
  #looked = 0;
  #silence = 0;
  #heard: number | null = null;
  #told = false;
  #armed = false;

  /** Tells after `most` milliseconds without a byte. */
  constructor(most: number, events: UnansweredEvents, clock: WatchClock = systemClock) {
    this.#most = most;
    this.#events = events;
    this.#clock = clock;
  }

  /** A request goes out. */
  asked(): void {
    this.#told = false;
    this.#begin();
    this.#heard = this.#events.heard();
    // It stays armed when the answer is here: requests come by the thousand, and each would arm one anew.
    if (!this.#armed) this.#arm();
  }

  /** It was answered, or has failed. */
  ended(): void {
    this.#since = null;
  }

  #begin(): void {
    this.#since = this.#clock.now();
    this.#looked = this.#clock.elapsed();
    this.#silence = 0;
  }

  #arm(): void {
    this.#armed = true;
    this.#clock.after(slice, () => { this.#look(); });
  }

  #look(): void {
    this.#armed = false;
    if (this.#since === null) return;
    this.#arm();
    const heard = this.#events.heard();
    if (heard === null || heard !== this.#heard) {
      this.#heard = heard;
      this.#begin();
      return;
    }
    const now = this.#clock.elapsed();
    this.#silence += Math.min(slice, now - this.#looked);
    this.#looked = now;
    if (this.#told || this.#silence < this.#most) return;
    this.#told = true;
    this.#events.silent(this.#since);
  }
}
