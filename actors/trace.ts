import type { Header } from './record.ts';

/*
 * Traces, as the logic of nodes and the runtime see them. `src/telemetry` provides them on OpenTelemetry. Only what is sampled has a context: everything else has none, and costs nothing.
 */

/** The context of a sampled span, as it goes on in headers (W3C Trace Context). */
export interface TraceContext {
  /** `00-<trace id>-<span id>-<flags>`. */
  readonly traceparent: string;
  /** As it came from the producer whose trace this is; null for none. */
  readonly tracestate: string | null;
}

/** What a batch that is traced begins with. */
export interface Sample {
  /** Null where the batch begins a trace of its own. */
  readonly parent: TraceContext | null;
  /** The producers' contexts in its records, each once, at most `maxLinks`. */
  readonly links: readonly TraceContext[];
}

/** What a span's work is to the broker (OpenTelemetry's conventions for messaging). */
export type SpanKind = 'client' | 'consumer' | 'producer';

/** How a span begins. */
export interface SpanSettings {
  readonly name: string;
  readonly kind: SpanKind;
  readonly parent: TraceContext | null;
  readonly links: readonly TraceContext[];
  /** Never a record's data. */
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** A sampled span. */
export interface Span {
  readonly context: TraceContext;
  link(context: TraceContext): void;
  /** Once, when its work is done; `error` is the code of what made it fail. */
  end(attributes?: Readonly<Record<string, string | number>>, error?: string): void;
}

/**
 * What is looked at: records as they were fetched, which may begin a trace of their own; what a keyed node gave for a batch, where contexts may come out of its state; or what it gave at a barrier,
 * which is traced whenever there is a context in it.
 */
export type SampleOf = 'fetched' | 'batch' | 'barrier';

/** Who decides what is traced, and takes the spans. */
export interface Tracer {
  /** Whether records are traced; null for not. Allocates nothing then. */
  sample(records: readonly Traceable[], of: SampleOf): Sample | null;
  start(settings: SpanSettings): Span;
}

/** What a context may be found in. */
export interface Traceable {
  readonly headers: readonly Header[];
}

/** Links of a span at most. */
export const maxLinks = 32;

/** Contexts that are kept with what waits in a node: of each group, of each input of a barrier. */
export const maxKept = 4;

/** Adds a context to those there are, once and up to a limit. */
export function addContext(contexts: TraceContext[], context: TraceContext, limit: number): void {
  if (contexts.length < limit && !contexts.some(({ traceparent }) => traceparent === context.traceparent)) contexts.push(context);
}

/** Length of a `traceparent` of version 00, in characters. */
const traceparentLength = 55;

/** The flags' last digit in a `traceparent`. */
const flagsAt = 54;

/** What a `traceparent` header says of sampling, without reading all of it: null where it is none. */
export function sampledFlag(value: Uint8Array | null): boolean | null {
  if (value === null || value.length < traceparentLength || value[2] !== dash || value[35] !== dash || value[52] !== dash) return null;
  const digit = value[flagsAt] as number;
  // Odd numbers are sampled: 1, 3, 5, 7, 9 have odd codes; b, d, f have even ones.
  return digit >= 0x61 ? digit % 2 === 0 : digit % 2 === 1;
}

const dash = 0x2d;

const pattern = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-|$)/;

/** Headers beside `traceparent` that hold contexts: of the other record of a pair, and of further ones that a window's result comes from. */
export const linkHeaders = { right: 'millrace.right.traceparent', further: 'millrace.linked.traceparent' } as const;

/** Whether a header may hold a context. */
export function holdsContext(name: string): boolean {
  return name === 'traceparent' || name === linkHeaders.right || name === linkHeaders.further;
}

/** The sampled contexts in a record's headers, added to those there are. Only that of `traceparent` has a `tracestate`. */
export function addContextsOf(headers: readonly Header[], contexts: TraceContext[]): void {
  for (const [name, value] of headers) {
    if (!holdsContext(name) || sampledFlag(value) !== true) continue;
    const text = latin1(value as Uint8Array);
    if (pattern.test(text)) addContext(contexts, { traceparent: text.slice(0, traceparentLength), tracestate: name === 'traceparent' ? stateOf(headers) : null }, maxLinks);
  }
}

/** Longest `tracestate` that goes on, in bytes; the standard asks for 512 at least. */
const maxState = 512;

function stateOf(headers: readonly Header[]): string | null {
  const value = headers.find(([name]) => name === 'tracestate')?.[1] ?? null;
  return value === null || value.length === 0 || value.length > maxState ? null : latin1(value);
}

/** Headers that hold these contexts and nothing else, for a record that is made of several. */
export function headersFor(contexts: readonly TraceContext[]): readonly Header[] {
  return contexts.flatMap((context, index): readonly Header[] => (index === 0 ? contextHeaders(context) : [[linkHeaders.further, headerBytes(context.traceparent)]]));
}

/** Headers with this context in the place of the one they had. */
export function withContext(headers: readonly Header[], context: readonly Header[]): readonly Header[] {
  return headers.length === 0 ? context : [...headers.filter(([name]) => name !== 'traceparent' && name !== 'tracestate' && name !== linkHeaders.further), ...context];
}

/** A context as headers. */
export function contextHeaders({ traceparent, tracestate }: TraceContext): readonly Header[] {
  const own: Header = ['traceparent', headerBytes(traceparent)];
  return tracestate === null ? [own] : [own, ['tracestate', headerBytes(tracestate)]];
}

/** The trace that a context belongs to. */
export function traceIdOf({ traceparent }: TraceContext): string {
  return traceparent.slice(3, 35);
}

/** The span that a context names. */
export function spanIdOf({ traceparent }: TraceContext): string {
  return traceparent.slice(36, 52);
}

function headerBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
