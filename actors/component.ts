import type * as z from 'zod';
import type { Batch } from './message.ts';
import type { Failure } from './failure.ts';
import type { Header, StreamRecord } from './record.ts';
import type { Script, ScriptBatch } from './script.ts';
import type { TopicSet } from './topic-set.ts';

/** A compiled expression of a topology. Throws a poison `Failure` when it cannot be evaluated on this record. */
export type Expression = (record: StreamRecord, now: number) => unknown;

/** Path of an option inside a component's configuration, for error positions. */
export type Path = readonly (string | number)[];

/** Bytes to value and back. `decode` and `encode` throw a poison `Failure`. Neither is called for tombstones. */
export interface Codec {
  /** Two codecs with one id write the same bytes for the same value. */
  readonly id: string;
  decode(bytes: Uint8Array): unknown;
  encode(value: unknown): Uint8Array;
}

/** Checks a value; returns null when it is valid, else what is wrong with it, in one line. */
export type Validator = (value: unknown) => string | null;

/**
 * What a component is handed to turn its options into logic. A mistake is reported at its place and building
 * goes on, so that all mistakes of a file come out in one report; what was built then is never run.
 */
export interface BuildContext {
  /** Compiles an expression; `type` is what it must give, as far as that can be known before it runs. */
  expression(source: string, at: Path, type?: 'bool' | 'any'): Expression;
  /** Whether an expression reads the variable (`value`, `key`, …): tombstones have no value to read. */
  uses(source: string, variable: string): boolean;
  codec(config: CodecConfig, at: Path): Codec;
  /** Compiles the JSON Schema in a file beside the topology. */
  schema(path: string, at: Path): Validator;
  /** Loads the script in a file beside the topology. */
  script(path: string, at: Path): ScriptModule;
  problem(at: Path, code: string, message: string, hint?: string): void;
}

/** A script that was loaded, and what surrounds its calls. */
export interface ScriptModule {
  /** Its file, for messages. */
  readonly name: string;
  readonly form: { readonly kind: 'record'; readonly call: Script<unknown, unknown> } | { readonly kind: 'batch'; readonly call: ScriptBatch<unknown, unknown> };
  /**
   * Does the work, and ends it wherever it is when it takes longer than so many milliseconds: `timeout`; or `stalled`, when this
   * thread had hardly any time to work meanwhile. It may be ended between any two steps, so what it does must be safe to do again.
   */
  guard(milliseconds: number, work: () => void): 'done' | 'timeout' | 'stalled';
  /** What was thrown, in one line, with the line of the script. */
  explain(error: unknown): string;
  /** Lets the rest of the process have its turn. */
  pause(): Promise<void>;
}

/** How a topology names a codec; the short form `json` is expanded before it comes here. */
export interface CodecConfig {
  readonly type: 'json' | 'text' | 'raw';
  readonly schema?: string | undefined;
}

/**
 * Where a node puts what became of its inputs. For every input record a node calls exactly one of
 * `forward`, `filtered` and `failed`; `copy` sends further outputs that are not counted as inputs.
 */
export interface Collector {
  /** The input became this record, on the node's output number `port`. */
  forward(record: StreamRecord, port?: number): void;
  /** One more output of an input already forwarded. */
  copy(record: StreamRecord, port: number): void;
  filtered(record: StreamRecord): void;
  /** The record can never work here: `on_error` says what happens to the original. */
  failed(record: StreamRecord, failure: Failure): void;
}

/** The work of a transform, on whole batches. No I/O, no clock; one instance per task. A promise is for what takes so long that others need a turn. */
export interface TransformLogic {
  process(batch: Batch, out: Collector): void | Promise<void>;
}

/** A record as a sink wants it written. */
export interface OutputRecord {
  readonly topic: string;
  /** Null: by the key, once the topic's partition count is known. */
  readonly partition: number | null;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly Header[];
  readonly timestamp: number;
}

/** The work of a sink: from record to what is written. Throws a poison `Failure`. */
export interface SinkLogic {
  /** The topic where it is the same for all records, to be checked before the start; else null. */
  readonly topic: string | null;
  /** The expression for the topic as the file has it, where it is not the same for all; to be shown. */
  readonly topicExpression?: string;
  readonly compression: Compression;
  readonly batch: BatchLimits;
  output(record: StreamRecord, now: number): OutputRecord;
}

/** The work of a source: what it reads and how bytes become records. */
export interface SourceLogic {
  /** Topics by name, and by pattern: those that come to be are read too. */
  readonly reads: TopicSet;
  readonly start: StartPosition;
  readonly rateLimit: RateLimit | null;
  readonly codec: Codec;
  readonly tombstones: 'pass' | 'drop' | 'dead_letter';
}

/** Either end of a log. */
export type LogEnd = 'earliest' | 'latest';

/**
 * Where reading begins in a partition in which nothing was ever committed: at an end of the log, at the first record at or after
 * a time (milliseconds since 1970), or at an offset by topic and partition. Partitions that `offsets` does not name begin at their first record.
 */
export type StartPosition = LogEnd | { readonly timestamp: number } | { readonly offsets: ReadonlyMap<string, ReadonlyMap<number, number | LogEnd>> };

/** How much a source reads at most, per second and task. */
export interface RateLimit {
  readonly records: number;
  readonly bytes: number;
}

/** How a sink's record batches are compressed. */
export type Compression = 'none' | 'gzip';

/** When an at-least-once sink sends what it has gathered: at the first of these. */
export interface BatchLimits {
  readonly records: number;
  readonly bytes: number;
  /** Milliseconds. */
  readonly linger: number;
}

/** Which section of a topology file a component belongs to. */
export type ComponentKind = 'source' | 'transform' | 'sink';

interface ComponentBase<C extends z.ZodType, K extends ComponentKind, L> {
  readonly kind: K;
  /** The value of `type:` in a topology. */
  readonly type: string;
  /** One sentence for the reference. */
  readonly summary: string;
  /** A topology's fragment that uses it, for the reference; checked by a test. */
  readonly example: string;
  /** Its options, without `type` and `from`: a strict object, every option described. */
  readonly config: C;
  /** Names of its outputs by number; one unnamed output where absent. */
  outputs?(config: z.output<C>): readonly string[];
  build(config: z.output<C>, context: BuildContext): L;
}

/** A component of `sources:`. */
export type SourceComponent<C extends z.ZodType = z.ZodType> = ComponentBase<C, 'source', SourceLogic>;
/** A component of `sinks:`. */
export type SinkComponent<C extends z.ZodType = z.ZodType> = ComponentBase<C, 'sink', SinkLogic>;
/** A component of `transforms:`. */
export interface TransformComponent<C extends z.ZodType = z.ZodType> extends ComponentBase<C, 'transform', TransformLogic> {
  /** True where `from` may name several nodes. */
  readonly manyInputs?: boolean;
}

/** Any entry of the catalogue. */
export type Component = SourceComponent | TransformComponent | SinkComponent;

/** Types a definition by its schema; the catalogue holds them without it. */
export function defineTransform<C extends z.ZodType>(component: Omit<TransformComponent<C>, 'kind'>): TransformComponent {
  return { kind: 'transform', ...component } as unknown as TransformComponent;
}
/** As `defineTransform`, for a source. */
export function defineSource<C extends z.ZodType>(component: Omit<SourceComponent<C>, 'kind'>): SourceComponent {
  return { kind: 'source', ...component } as unknown as SourceComponent;
}
/** As `defineTransform`, for a sink. */
export function defineSink<C extends z.ZodType>(component: Omit<SinkComponent<C>, 'kind'>): SinkComponent {
  return { kind: 'sink', ...component } as unknown as SinkComponent;
}
