/*
 * The types of a script: a TypeScript module that a topology names in a `script` transform.
 *
 *     import type { Script } from "millrace";
 *
 *     const script: Script<{ limit: number }> = (record, out, { limit }) => {
 *       if (record.value.test === true) return out.drop(record);
 *       out.send(record, { ...record.value, over: Number(record.value.amount) > limit });
 *     };
 *     export default script;
 *
 * Types only: import them with `import type`, and the module runs wherever Millrace does. All it needs comes as arguments.
 */

/**
 * A script that is called once per record, the default export of its module. It says by `out` what becomes of the record; one for
 * which it calls nothing is dropped, counted as filtered.
 *
 * It is synchronous, and has effects by `out` alone: a record may be worked on again, after a crash or when a call ran out of its
 * budget, and what a module keeps in variables is shared by all tasks and lost at a restart. A throw makes the record a failure
 * (`script_failed`), with nothing of it sent.
 *
 * `Options` is the map under `options:` in the topology, `Value` what the records hold: by default an object with unknown fields.
 */
export type Script<Options = unknown, Value = Fields> = (record: ScriptRecord<Value>, out: ScriptOut, options: Options) => undefined;

/**
 * A script that gets many records in one call, the export named `batch` of its module, for hot loops that share work between records. It
 * settles them in their order, one after the other: once it names a record, those before it are done. One that it skips is a
 * failure, so that nothing disappears by forgetting.
 *
 * When a call throws or runs out of its budget, the records that were done keep their results; the others are given again,
 * the first of them alone, until it is clear which one it was.
 */
export type ScriptBatch<Options = unknown, Value = Fields> = (records: readonly ScriptRecord<Value>[], out: ScriptOut, options: Options) => undefined;

/** An object with any fields, which a script checks before it uses them. */
export type Fields = Record<string, unknown>;

/**
 * A record as a script sees it. Nothing of it may be changed in place, its value neither: other nodes may hold the same objects.
 * `{ ...record.value, more: 1 }` makes a changed copy.
 */
export interface ScriptRecord<Value = Fields> {
  /** The decoded value; null where `tombstone` is true. */
  readonly value: Readonly<Value>;
  /** True for a record that deletes its key. A script gets these only with `tombstones: script`. */
  readonly tombstone: boolean;
  /** The key's bytes. */
  readonly key: Uint8Array | null;
  /** The key as the source's key_codec reads it; without one as keyText. */
  readonly keyValue: Readonly<unknown>;
  /** The key as UTF-8 text; throws where its bytes are none. */
  readonly keyText: string | null;
  /** Names and bytes, in their order; a name may come several times. */
  readonly headers: readonly (readonly [name: string, value: Uint8Array | null])[];
  /** The last header of that name as UTF-8 text, null where there is none; throws where its bytes are no UTF-8. */
  header(name: string): string | null;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since 1970; -1 where the broker has none. */
  readonly timestamp: number;
}

/** What an output has else than its record. */
export interface ScriptChanges {
  /** Text is written as UTF-8; null takes the key away. */
  readonly key?: string | Uint8Array | null;
  /** Added to the record's own; a header of the same name is replaced, and null removes it. */
  readonly headers?: Readonly<Record<string, string | Uint8Array | null>>;
  /** Milliseconds since 1970. */
  readonly timestamp?: number;
}

/**
 * Says what becomes of a record. `send` and `delete` may be called several times for one record (up to 10,000), all other helpers once
 * and alone; what contradicts this makes the record a failure. What is sent leaves when the record is done, all of it or nothing.
 */
export interface ScriptOut {
  /** Wall clock when the batch came in, milliseconds since 1970; the same for all its records. */
  readonly now: number;
  /** Sends the record on with its value as it is, byte for byte. */
  pass(record: ScriptRecord<unknown>, changes?: ScriptChanges): undefined;
  /** Sends an output with this value, which the sink's codec must be able to write. */
  send(record: ScriptRecord<unknown>, value: unknown, changes?: ScriptChanges): undefined;
  /** Sends a tombstone for the record's key, or for the key in `changes`. */
  delete(record: ScriptRecord<unknown>, changes?: ScriptChanges): undefined;
  /** Drops the record, counted as filtered. */
  drop(record: ScriptRecord<unknown>): undefined;
  /** The record can never work: `on_error` says what happens to it. Takes back what was sent for it. */
  fail(record: ScriptRecord<unknown>, message: string): undefined;
}
