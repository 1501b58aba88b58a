import type * as z from 'zod';
import type { Codec, Part, PlainCodec } from './codec.ts';
import type { ReaderCodecConfig, WriterCodecConfig } from './codec-options.ts';
import type { Batch } from './message.ts';
import type { Failure } from './failure.ts';
import type { Header, StreamRecord } from './record.ts';
import type { StatefulLogic } from './keyed/stateful.ts';
import type { Script, ScriptBatch } from './script.ts';
import type { LookupLogic, TableLogic } from './table/table.ts';
import type { TopicSet } from './topic-set.ts';

/** A compiled expression of a topology. Throws a poison `Failure` when it cannot be evaluated on this record. */
export type Expression = (record: StreamRecord, now: number) => unknown;

/** A compiled expression over two values, such as an accumulator and what is added to it. Throws a poison `Failure`. */
export type Fold = (first: unknown, second: unknown) => unknown;

/** A call of an aggregate function, as a topology writes it. */
export interface AggregateCall {
  readonly name: string;
  /** One per argument, and the text of each. */
  readonly args: readonly { readonly source: string; readonly evaluate: Expression }[];
}

/** Path of an option inside a component's configuration, for error positions. */
export type Path = readonly (string | number)[];

/** Checks a value; returns null when it is valid, else what is wrong with it, in one line. */
export type Validator = (value: unknown) => string | null;

/**
 * What a component is handed to turn its options into logic. A mistake is reported at its place and building
 * goes on, so that all mistakes of a file come out in one report; what was built then is never run.
 */
export interface BuildContext {
  /** The node's name in the file. */
  readonly name: string;
  /** Compiles an expression; `type` is what it must give, as far as that can be known before it runs. */
  expression(source: string, at: Path, type?: 'bool' | 'any'): Expression;
  /** Whether an expression reads the variable (`value`, `key`, …): tombstones have no value to read. */
  uses(source: string, variable: string): boolean;
  /** Compiles `count()`, `sum(value.amount)`, `collect(value.id, 10)`: a function's name and expressions for its arguments. */
  aggregate(source: string, at: Path): AggregateCall | null;
  /** As `expression`, over two variables of its own, such as `acc` and `value`, and none of a record's. */
  fold(source: string, at: Path, variables: readonly [string, string]): Fold;
  /** What reads keys or values. */
  reader(config: ReaderCodecConfig, at: Path, part: Part): Codec;
  /** What writes them. */
  writer(config: WriterCodecConfig, at: Path, part: Part): Codec;
  /** A codec that no option describes. */
  plain(type: 'json' | 'text'): PlainCodec;
  /** Compiles the JSON Schema in a file beside the topology. */
  schema(path: string, at: Path): Validator;
  /** Loads the script in a file beside the topology. */
  script(path: string, at: Path): ScriptModule;
  /** A file beside the topology, as an absolute path. */
  path(file: string): string;
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

/**
 * Where a node puts what became of its inputs. For every input record a node calls exactly one of
 * `forward`, `filtered`, `failed`, `deduped`, `absorbed` and `late`; `copy` sends further outputs that are not counted as inputs.
 */
export interface Collector {
  /** The input became this record, on the node's output number `port`. */
  forward(record: StreamRecord, port?: number): void;
  /** One more output of an input already forwarded. */
  copy(record: StreamRecord, port: number): void;
  filtered(record: StreamRecord): void;
  /** The record can never work here: `on_error` says what happens to the original. */
  failed(record: StreamRecord, failure: Failure): void;
  /** The input is a repetition of another one. */
  deduped(record: StreamRecord): void;
  /** One input, such as a parcel, turned out to be so many: each of them counts as one from now on. */
  unpacked(inputs: number): void;
  /** The input is in the node's state from now on, or waits there for the barrier. */
  absorbed(record: StreamRecord): void;
  /** The input came behind the watermark: the node's `late` says what happens to the original. */
  late(record: StreamRecord, watermark: number): void;
  /** Something late that is no input of this node, such as a partial result; sent where late records go. */
  lateCopy(record: StreamRecord, watermark: number): void;
}

/**
 * The work of a transform, on whole batches. No I/O, no clock; one instance per task. A promise is for what takes so long that others need a turn.
 * `input` is that of the node's inputs on which a batch came; 0 where there is just one.
 */
export interface TransformLogic {
  process(batch: Batch, out: Collector, input: number): void | Promise<void>;
  /** The barrier is here on all inputs: what waited for it is worked on and sent, ahead of it. Without it the node passes on what came. */
  checkpoint?(end: EpochEnd, out: Collector): PassedOn;
  /** Entries in memory that wait for the barrier: many of them make one due. */
  readonly pending?: number;
}

/** The end of an epoch, as a node sees it once its barrier is here on all inputs. */
export interface EpochEnd {
  readonly epoch: number;
  /** Wall clock, in milliseconds. */
  readonly now: number;
  /** Event time is complete up to here on all inputs that are not idle. Never goes back; -Infinity before the first. */
  readonly watermark: number;
  /** True while all inputs are idle. */
  readonly idle: boolean;
  /** The same of each input by itself. */
  readonly inputs: readonly InputTime[];
  /** What the table node passed on whose store this node looks up in; null for none. */
  readonly table: InputTime | null;
  /** The lowest of what the nodes that look up in this node's store passed on at the last barrier: they still ask for what was then, and later; null for none. */
  readonly readers: InputTime | null;
}

/** How far event time is complete on one input. */
export interface InputTime {
  /** Never goes back; -Infinity before the first. */
  readonly watermark: number;
  /** True while it holds nobody back. */
  readonly idle: boolean;
}

/** What a node with a sense of time passes on behind what it sent. */
export interface PassedOn {
  /** The node's own watermark, to be committed with the epoch and given back at the next start. */
  readonly own: number;
  /** What it promises to those that read it: results still to come are not older than this. */
  readonly watermark: number;
  readonly idle: boolean;
  /** Milliseconds after which the node wants another barrier even if no record comes; null for none. */
  readonly again: number | null;
}

/** Where the logic of a keyed node stands. */
export interface TaskContext {
  /** Partition number of the task, and how many tasks the sub-topology has. */
  readonly task: number;
  readonly tasks: number;
  /** What the node called its own in the last committed epoch; -Infinity for none. */
  readonly watermark: number;
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
  /** What writes values and keys; null where they are written as text, or keep their bytes. */
  readonly codec: Codec | null;
  readonly keyCodec: Codec | null;
  output(record: StreamRecord, now: number): OutputRecord;
  /**
   * Gets what must be had before this record can be written, such as the id of its schema; null where all is here. Without a record: for the fixed topic,
   * before the start. Rejects with a `Failure`.
   */
  before?(record: StreamRecord | null, now: number): Promise<void> | null;
}

/** The work of a source: what it reads and how bytes become records. */
export interface SourceLogic {
  /** Topics by name, and by pattern: those that come to be are read too. */
  readonly reads: TopicSet;
  readonly start: StartPosition;
  readonly rateLimit: RateLimit | null;
  readonly codec: Codec;
  /** Null where expressions read the key as UTF-8. */
  readonly keyCodec: Codec | null;
  /** Bytes of the largest value that is decoded. */
  readonly maxSize: number;
  readonly tombstones: 'pass' | 'drop' | 'dead_letter';
  readonly time: SourceTime;
}

/** Event time of a source. */
export interface SourceTime {
  /** Null where it is the record's timestamp. */
  readonly expression: Expression | null;
  /** Whether the expression reads the value, which a tombstone does not have: its timestamp counts then. */
  readonly readsValue: boolean;
  /** How far behind the highest event time of its partition the watermark stays, in milliseconds. */
  readonly delay: number;
  /** Milliseconds without records after which a partition that is read to its end holds nobody back; Infinity for never. */
  readonly idle: number;
  /** Whether the watermark of an idle partition goes on with the wall clock. */
  readonly advance: boolean;
  /** How far ahead of the wall clock an event time may be, in milliseconds. */
  readonly maxFuture: number;
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
export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** When an at-least-once sink sends what it has gathered: at the first of these. */
export interface BatchLimits {
  readonly records: number;
  readonly bytes: number;
  /** Milliseconds. */
  readonly linger: number;
}

/** Which section of a topology file a component belongs to. */
export type ComponentKind = 'source' | 'table' | 'transform' | 'sink';

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
/** A component of `tables:`. */
export type TableComponent<C extends z.ZodType = z.ZodType> = ComponentBase<C, 'table', TableLogic>;
/** A component of `sinks:`. */
export type SinkComponent<C extends z.ZodType = z.ZodType> = ComponentBase<C, 'sink', SinkLogic>;
/** A component of `transforms:`. */
export interface TransformComponent<C extends z.ZodType = z.ZodType> extends ComponentBase<C, 'transform', TransformLogic | StatefulLogic | LookupLogic> {
  /** True where `from` may name several nodes. */
  readonly manyInputs?: boolean;
  /** Options besides `from` that name a node to read: inputs 1, 2 and so on. */
  readonly inputs?: readonly string[];
  /** What its inputs are called where there are several, in topics' names too. */
  readonly sides?: readonly string[];
  /** What its option `table` names: a node of type table, whose store it looks up in (`StatefulLogic`), or an entry of `tables` (`LookupLogic`). */
  readonly table?: 'node' | 'entry';
  /** True where `build` gives a `StatefulLogic`. */
  readonly stateful?: boolean;
  /** True where it is of use though nobody reads it. */
  readonly end?: boolean;
  /** True where records may leave with another key than they came with. */
  readonly changesKeys?: boolean;
}

/** Any entry of the catalogue. */
export type Component = SourceComponent | TableComponent | TransformComponent | SinkComponent;

/** Types a definition by its schema; the catalogue holds them without it. */
export function defineTransform<C extends z.ZodType>(component: Omit<TransformComponent<C>, 'kind'>): TransformComponent {
  return { kind: 'transform', ...component } as unknown as TransformComponent;
}
/** As `defineTransform`, for a source. */
export function defineSource<C extends z.ZodType>(component: Omit<SourceComponent<C>, 'kind'>): SourceComponent {
  return { kind: 'source', ...component } as unknown as SourceComponent;
}
/** As `defineTransform`, for a table. */
export function defineTable<C extends z.ZodType>(component: Omit<TableComponent<C>, 'kind'>): TableComponent {
  return { kind: 'table', ...component } as unknown as TableComponent;
}
/** As `defineTransform`, for a sink. */
export function defineSink<C extends z.ZodType>(component: Omit<SinkComponent<C>, 'kind'>): SinkComponent {
  return { kind: 'sink', ...component } as unknown as SinkComponent;
}
