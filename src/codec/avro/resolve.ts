import { encodeDefault } from './default.ts';
import { Input } from './input.ts';
import type { Logical } from './logical/logical.ts';
import { matchRank } from './match.ts';
import { mayBeEmpty } from './measure.ts';
import type { ReadOptions } from './read.ts';
import { arrayReader, enumReader, mapReader, Readers, unfinished, unionReader } from './read.ts';
import type { Read, ReadField, ReadStep } from './record-code.ts';
import { recordReader } from './record-code.ts';
import { Refusal, within } from './refusal.ts';
import type { EnumSchema, Field, FixedSchema, RecordSchema, Schema, UnionSchema } from './schema.ts';
import { nameOf, Primitive } from './schema.ts';
import { Skippers } from './skip.ts';

/** A pair that is made, is being made or cannot be. */
interface Slot {
  read: Read;
  refusal: Refusal | null;
}

/**
 * Makes readers of what was written with one schema as another (Apache Avro 1.12, "Schema Resolution"). Where a pair cannot be read at all, throws a
 * `Refusal` `schema_incompatible` with the place; where only some values cannot (one type of a union, one symbol of an enum), their records fail.
 *
 * Of a union that is read, the type of the same name or kind comes before one that the value is promoted to, as in Java. Logical types: where both have
 * one it must be of one family, decimals with the same scale; times keep the digits they were written with.
 */
export class Resolvers {
  readonly #readers: Readers;
  readonly #skippers = new Skippers();
  readonly #records = new Map<RecordSchema, Map<RecordSchema, Slot>>();

  constructor(options: ReadOptions) {
    this.#readers = new Readers(options);
  }

  of(writer: Schema, reader: Schema): Read {
    if (writer.kind === 'union') return this.#writerUnion(writer, reader);
    if (reader.kind === 'union') return this.#readerUnion(writer, reader);
    if (matchRank(writer, reader) === Infinity) throw incompatible(writer, reader);
    if (reader instanceof Primitive) return this.#primitive(writer as Primitive, reader);
    switch (reader.kind) {
      case 'record':
        return this.#record(writer as RecordSchema, reader);
      case 'enum':
        return enumReader(reader, symbolsAs(writer as EnumSchema, reader));
      case 'fixed':
        return this.#readers.fixed(reader, this.#logical(writer as FixedSchema, reader));
      case 'array':
        return inside('[]', () => arrayReader(this.of((writer as typeof reader).items, reader.items), mayBeEmpty((writer as typeof reader).items)));
      case 'map':
        return inside('{}', () => mapReader(this.of((writer as typeof reader).values, reader.values)));
    }
  }

  #writerUnion(writer: UnionSchema, reader: Schema): Read {
    const refusals: Refusal[] = [];
    const reads = writer.branches.map((branch): Read => {
      try {
        return this.of(branch, reader);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        refusals.push(error);
        return () => {
          throw copyOf(error);
        };
      }
    });
    // Of several reasons the one from further inside says more.
    if (refusals.length === reads.length) throw refusals.find(({ place }) => place.length > 0) ?? incompatible(writer, reader);
    return unionReader(reads);
  }

  #readerUnion(writer: Schema, reader: UnionSchema): Read {
    const ranked = reader.branches
      .map((branch) => ({ branch, rank: matchRank(writer, branch) }))
      .filter(({ rank }) => rank < Infinity)
      .sort((a, b) => a.rank - b.rank);
    let refusal: unknown = incompatible(writer, reader);
    for (const [index, { branch }] of ranked.entries()) {
      try {
        return this.of(writer, branch);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        if (index === 0) refusal = error;
      }
    }
    throw refusal;
  }

  #record(writer: RecordSchema, reader: RecordSchema): Read {
    let slots = this.#records.get(writer);
    if (slots === undefined) this.#records.set(writer, (slots = new Map<RecordSchema, Slot>()));
    const known = slots.get(reader);
    if (known?.refusal) throw copyOf(known.refusal);
    if (known !== undefined) return (input) => known.read(input);
    const slot: Slot = { read: unfinished, refusal: null };
    slots.set(reader, slot);
    try {
      slot.read = this.#fields(writer, reader);
    } catch (error) {
      if (error instanceof Refusal) slot.refusal = copyOf(error);
      throw error;
    }
    return slot.read;
  }

  #fields(writer: RecordSchema, reader: RecordSchema): Read {
    const sources = sourcesOf(writer, reader);
    const steps: ReadStep[] = [];
    const fields = reader.fields.map((field): ReadField =>
      inside(field.name, () => {
        const index = sources.get(field);
        if (index === undefined) return { name: field.name, from: this.#fallback(field) };
        steps[index] = { name: field.name, read: this.of((writer.fields[index] as Field).type, field.type) };
        return { name: field.name, from: index };
      })
    );
    for (const [index, { name, type }] of writer.fields.entries()) steps[index] ??= { name, read: this.#skippers.of(type) };
    return recordReader(steps, fields);
  }

  /** What stands for a field that was not written: made anew each time, where it can be changed. */
  #fallback({ type, fallback }: Field): Read {
    if (fallback === undefined) throw new Refusal('schema_incompatible', `a field that was written (${nameOf(type)}), or a default`, 'neither');
    const bytes = encodeDefault(type, fallback);
    const read = this.#readers.of(type);
    const again = (): unknown => {
      const input = new Input();
      input.start(bytes);
      return read(input);
    };
    const value = again();
    return typeof value === 'object' && value !== null ? again : () => value;
  }

  #primitive(writer: Primitive, reader: Primitive): Read {
    const logical = this.#logical(writer, reader);
    if (writer.kind === reader.kind) return this.#readers.primitive(writer, logical);
    // Text and bytes look the same as they are written, whole numbers do too.
    if (logical !== null) return this.#readers.primitive(reader, logical);
    const { fromLong } = this.#readers;
    if (reader.kind === 'bytes') return (input) => input.fixed(input.length('bytes'));
    if (reader.kind === 'string') return (input) => input.string();
    if (writer.kind === 'float') return (input) => input.float();
    if (reader.kind === 'long') return (input) => fromLong(input.int());
    const number = writer.kind === 'int' ? (input: Input) => input.int() : (input: Input) => Number(input.long());
    return reader.kind === 'float' ? (input) => Math.fround(number(input)) : number;
  }

  #logical(writer: Primitive | FixedSchema, reader: Primitive | FixedSchema): Logical | null {
    if (this.#readers.options.logicalTypes === 'none' || reader.logical === null) return null;
    if (writer.logical === null) return reader.logical;
    if (writer.logical.family !== reader.logical.family) throw incompatible(writer, reader);
    return writer.logical;
  }
}

/** For each field of the reader the index of the one it is read from, by its name, else by its aliases; nothing is read twice. */
function sourcesOf(writer: RecordSchema, reader: RecordSchema): ReadonlyMap<Field, number> {
  const free = new Map(writer.fields.map(({ name }, index) => [name, index]));
  const sources = new Map<Field, number>();
  const take = (field: Field, name: string): void => {
    const index = free.get(name);
    if (index === undefined || sources.has(field)) return;
    sources.set(field, index);
    free.delete(name);
  };
  for (const field of reader.fields) take(field, field.name);
  for (const field of reader.fields) for (const alias of field.aliases) take(field, alias);
  return sources;
}

function symbolsAs(writer: EnumSchema, reader: EnumSchema): readonly (string | null)[] {
  const symbols = new Set(reader.symbols);
  return writer.symbols.map((symbol) => (symbols.has(symbol) ? symbol : reader.fallback));
}

function incompatible(writer: Schema, reader: Schema): Refusal {
  const scale = familyOf(reader) === familyOf(writer) ? ['', ''] : [familyOf(reader), familyOf(writer)];
  return new Refusal('schema_incompatible', `what can be read as ${nameOf(reader)}${scale[0]}`, `${nameOf(writer)}${scale[1]}`);
}

function familyOf(schema: Schema): string {
  return 'logical' in schema && schema.logical !== null ? `, ${schema.logical.family}` : '';
}

function copyOf(refusal: Refusal): Refusal {
  const copy = new Refusal(refusal.code, '', '');
  copy.message = refusal.message;
  copy.place.push(...refusal.place);
  return copy;
}

function inside<T>(place: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw within(error, place);
  }
}

