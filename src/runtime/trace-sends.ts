import type { Header } from '../../actors/record.ts';
import { addContextsOf, contextHeaders, traceIdOf, withContext } from '../../actors/trace.ts';
import type { Span, TraceContext } from '../../actors/trace.ts';
import type { TaskTrace } from './trace.ts';

/** A `send` span under way. */
export interface Sending {
  readonly span: Span;
  /** Its context, as its records carry it. */
  readonly headers: readonly Header[];
  records: number;
}

/** Spans that an epoch has at most: what is traced beyond them goes on from the node before the sink. */
const maxSends = 32;

/** The `send` spans of an epoch: one for each trace and topic, from its first record until all of the epoch is written. */
export class Sends {
  readonly #trace: TaskTrace;
  #sending = new Map<string, Sending>();

  constructor(trace: TaskTrace) {
    this.#trace = trace;
  }

  /** What the headers of an output become that comes from a traced batch; the producers' contexts in them become links. */
  headers(topic: string, parent: TraceContext, headers: readonly Header[]): readonly Header[] {
    const sending = this.#of(topic, parent);
    if (sending === null) return withContext(headers, contextHeaders(parent));
    sending.records += 1;
    const replaced: TraceContext[] = [];
    addContextsOf(headers, replaced);
    for (const context of replaced) if (traceIdOf(context) !== traceIdOf(parent)) sending.span.link(context);
    return withContext(headers, sending.headers);
  }

  /** The epoch is over; null where nothing of it is traced. */
  take(): readonly Sending[] | null {
    if (this.#sending.size === 0) return null;
    const sendings = [...this.#sending.values()];
    this.#sending = new Map();
    return sendings;
  }

  #of(topic: string, parent: TraceContext): Sending | null {
    const key = `${traceIdOf(parent)} ${topic}`;
    const known = this.#sending.get(key);
    if (known !== undefined) return known;
    if (this.#sending.size >= maxSends) return null;
    const span = this.#trace.send(topic, parent);
    const sending: Sending = { span, headers: contextHeaders(span.context), records: 0 };
    this.#sending.set(key, sending);
    return sending;
  }
}

/** Ends them all: written, or not, with the code of why. */
export function endSends(sends: readonly Sending[] | null, error?: string): void {
  for (const { span, records } of sends ?? []) span.end({ 'messaging.batch.message_count': records }, error);
}
