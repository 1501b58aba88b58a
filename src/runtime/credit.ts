/**
 * Permission to send more into a task: a source may have so many bytes, in so many batches, between the reader
 * and the last commit. What was taken is given back by epochs, when they are committed.
 */
export class Credit {
  readonly #maxBytes: number;
  readonly #maxBatches: number;
  #bytes = 0;
  #batches = 0;

  constructor(maxBytes: number, maxBatches: number) {
    this.#maxBytes = maxBytes;
    this.#maxBatches = maxBatches;
  }

  /** False once the bound is reached: the source pauses. A single batch over the bound still gets in. */
  get available(): boolean {
    return this.#bytes < this.#maxBytes && this.#batches < this.#maxBatches;
  }

  take(bytes: number): void {
    this.#bytes += bytes;
    this.#batches += 1;
  }

  giveBack(bytes: number, batches: number): void {
    this.#bytes -= bytes;
    this.#batches -= batches;
  }
}
