/** The watermark over several inputs: the minimum of those that are not idle. It never goes back. */
export class Watermarks {
  readonly #inputs: number[];
  readonly #idle: boolean[];
  #watermark: number;

  constructor(inputs: number, start: number) {
    this.#inputs = new Array<number>(inputs).fill(-Infinity);
    this.#idle = new Array<boolean>(inputs).fill(false);
    this.#watermark = start;
  }

  get watermark(): number {
    return this.#watermark;
  }

  /** True while all inputs are idle: then the watermark stays. */
  get idle(): boolean {
    return this.#idle.every((idle) => idle);
  }

  /** Takes note of one input's watermark, and whether it holds back at all. */
  note(input: number, watermark: number, idle: boolean): void {
    this.#inputs[input] = watermark;
    this.#idle[input] = idle;
  }

  /** The watermark once all inputs were noted. */
  advance(): number {
    let lowest = Infinity;
    for (let input = 0; input < this.#inputs.length; input += 1) {
      if (this.#idle[input] !== true) lowest = Math.min(lowest, this.#inputs[input] as number);
    }
    if (lowest !== Infinity) this.#watermark = Math.max(this.#watermark, lowest);
    return this.#watermark;
  }
}
