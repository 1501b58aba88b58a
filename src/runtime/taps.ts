import type { Batch } from '../../actors/message.ts';
import type { StreamRecord } from '../../actors/record.ts';

/** An output of a node. */
export interface TappedOutput {
  /** Index in `Plan.nodes`. */
  readonly node: number;
  readonly port: number;
}

/** Whoever looks at what nodes of a topology send on, right now. Without anybody a batch costs one comparison. */
export class Taps {
  readonly #listeners = new Map<string, Set<(record: StreamRecord) => void>>();
  /** Outputs that somebody looks at. */
  size = 0;

  /** Calls back for each record of these outputs, until the returned function is called. What the listener throws is dropped: it must not harm the stream. */
  add(outputs: readonly TappedOutput[], listener: (record: StreamRecord) => void): () => void {
    // One that is added twice is taken away on its own.
    const own = (record: StreamRecord): void => { listener(record); };
    const keys = outputs.map(keyOf);
    for (const key of keys) {
      const known = this.#listeners.get(key) ?? new Set();
      this.#listeners.set(key, known.add(own));
    }
    this.size = this.#listeners.size;
    return () => {
      for (const key of keys) {
        const known = this.#listeners.get(key);
        known?.delete(own);
        if (known?.size === 0) this.#listeners.delete(key);
      }
      this.size = this.#listeners.size;
    };
  }

  /** A batch goes out of a node. */
  offer(node: number, port: number, { records }: Batch): void {
    for (const listener of this.#listeners.get(keyOf({ node, port })) ?? []) {
      for (const record of records) {
        try {
          listener(record);
        } catch {
          break;
        }
      }
    }
  }
}

function keyOf({ node, port }: TappedOutput): string {
  return `${node}:${port}`;
}
