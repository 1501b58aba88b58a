import { toBytes } from '../keyed/binary.ts';
import type { GroupKey } from '../keyed/group-key.ts';
import type { Header, StreamRecord } from '../record.ts';

/** What the two sides are called in results. */
export interface PairNames {
  readonly left: string;
  readonly right: string;
}

/** Headers of a trace's context (W3C Trace Context). */
export const traceHeaders: ReadonlySet<string> = new Set(['traceparent', 'tracestate']);

/** Makes records of what was joined. */
export class Pairs {
  readonly #names: PairNames;
  readonly #key: GroupKey;
  readonly #origin: StreamRecord['origin'];

  /** `key`: only to show it. */
  constructor(name: string, task: number, names: PairNames, key: GroupKey) {
    this.#names = names;
    this.#key = key;
    this.#origin = { topic: name, partition: task, codec: 'json' };
  }

  /** The result of one record of each side, or of one without a partner. `stamp`: no later result is older than this. */
  result(key: string | null, left: StreamRecord | null, right: StreamRecord | null, stamp: number): StreamRecord {
    const { left: l, right: r } = this.#names;
    return {
      key: key === null ? null : toBytes(key),
      bytes: null,
      value: {
        key: key === null ? null : this.#key.show(key),
        [l]: left === null ? null : left.value,
        [r]: right === null ? null : right.value,
        time: { [l]: left === null ? null : left.time, [r]: right === null ? null : right.time }
      },
      headers: headersOf(left, right),
      timestamp: Math.max(left === null ? -1 : left.timestamp, right === null ? -1 : right.timestamp),
      offset: 0,
      origin: this.#origin,
      changed: true,
      time: Math.max(left === null ? 0 : left.time, right === null ? 0 : right.time),
      stamp
    };
  }
}

/** Those of the left record, and the trace of the right one beside its own. */
function headersOf(left: StreamRecord | null, right: StreamRecord | null): readonly Header[] {
  if (left === null) return right === null ? [] : right.headers;
  if (right === null || right.headers.length === 0) return left.headers;
  const traces = right.headers.filter(([name]) => traceHeaders.has(name));
  return traces.length === 0 ? left.headers : [...left.headers, ...traces.map(([name, value]): Header => [`millrace.right.${name}`, value])];
}
