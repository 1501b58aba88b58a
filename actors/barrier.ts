/** A message that came on a channel whose barrier is already here, to be handled once the others are. */
export interface Held<M> {
  readonly channel: number;
  readonly message: M;
}

/**
 * Aligns the barriers of a node's input channels: a channel that has delivered `Checkpoint(e)` is held back
 * until every other channel has too (Carbone et al., "Lightweight Asynchronous Snapshots", 2015). So what a
 * node has seen when the last barrier arrives is exactly the input of epochs up to e.
 */
export class Alignment<M> {
  readonly #arrived: boolean[];
  #missing: number;
  #held: Held<M>[] = [];

  constructor(channels: number) {
    this.#arrived = new Array<boolean>(channels).fill(false);
    this.#missing = channels;
  }

  /** True when the message may be handled now; else it is kept for `release`. */
  accept(channel: number, message: M): boolean {
    if (this.#arrived[channel] !== true) return true;
    this.#held.push({ channel, message });
    return false;
  }

  /** Notes the barrier of a channel; true when it was the last one missing, which opens all channels again. */
  arrive(channel: number): boolean {
    this.#arrived[channel] = true;
    this.#missing -= 1;
    if (this.#missing > 0) return false;
    this.#arrived.fill(false);
    this.#missing = this.#arrived.length;
    return true;
  }

  /** What was held back, in the order it came, to be offered again after `arrive` gave true. */
  release(): readonly Held<M>[] {
    const held = this.#held;
    this.#held = [];
    return held;
  }
}
