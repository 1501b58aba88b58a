import type { Logical, Underlying } from './logical/logical.ts';
import { mayBeEmpty } from './measure.ts';
import type { AvroOptions } from './options.ts';
import type { Read } from './record-code.ts';
import { recordReader } from './record-code.ts';
import { Refusal, within } from './refusal.ts';
import type { EnumSchema, FixedSchema, RecordSchema, Schema } from './schema.ts';
import { Primitive } from './schema.ts';

/** Which values come out. */
export type ReadOptions = Pick<AvroOptions, 'long' | 'logicalTypes'>;

/** What 64 bits become. */
export type FromLong = (value: number | bigint) => unknown;

/** Makes readers of what was written with a schema, each type once. */
export class Readers {
  readonly options: ReadOptions;
  readonly fromLong: FromLong;
  readonly #records = new Map<RecordSchema, { read: Read }>();

  constructor(options: ReadOptions) {
    this.options = options;
    this.fromLong = longs[options.long];
  }

  of(schema: Schema): Read {
    if (schema instanceof Primitive) return this.primitive(schema, schema.logical);
    switch (schema.kind) {
      case 'record':
        return this.#record(schema);
      case 'enum':
        return enumReader(schema, schema.symbols);
      case 'fixed':
        return this.fixed(schema, schema.logical);
      case 'array':
        return arrayReader(this.of(schema.items), mayBeEmpty(schema.items));
      case 'map':
        return mapReader(this.of(schema.values));
      case 'union':
        return unionReader(schema.branches.map((branch) => this.of(branch)));
    }
  }

  /** A primitive type with a logical type that need not be its own. */
  primitive({ kind }: Primitive, logical: Logical | null): Read {
    const { fromLong } = this;
    if (logical !== null && this.options.logicalTypes === 'text') return logicalReader(plain[kind] as (input: Parameters<Read>[0]) => Underlying, logical);
    return kind === 'long' ? (input) => fromLong(input.long()) : plain[kind];
  }

  fixed({ size }: FixedSchema, logical: Logical | null): Read {
    if (logical !== null && this.options.logicalTypes === 'text') return (input) => logical.read(input.fixed(size));
    return (input) => input.fixed(size);
  }

  #record(schema: RecordSchema): Read {
    const known = this.#records.get(schema);
    // A record inside of itself is asked for before it is there.
    if (known !== undefined) return (input) => known.read(input);
    const slot: { read: Read } = { read: unfinished };
    this.#records.set(schema, slot);
    slot.read = recordReader(
      schema.fields.map(({ name, type }) => ({ name, read: this.of(type) })),
      schema.fields.map(({ name }, index) => ({ name, from: index }))
    );
    return slot.read;
  }
}

/** Stands for a reader that is being made. */
export function unfinished(): never {
  throw new Refusal('schema_unusable', 'a schema that can be read', 'one that is not whole');
}

const plain: Readonly<Record<Primitive['kind'], Read>> = {
  null: () => null,
  boolean: (input) => input.boolean(),
  int: (input) => input.int(),
  long: (input) => input.long(),
  float: (input) => input.float(),
  double: (input) => input.double(),
  bytes: (input) => input.fixed(input.length('bytes')),
  string: (input) => input.string()
};

const longs: Readonly<Record<AvroOptions['long'], FromLong>> = {
  auto: (value) => value,
  number: (value) => {
    if (typeof value === 'number') return value;
    throw new Refusal('undecodable', 'a long up to 2^53 - 1', `${value}; option long: auto, bigint or string has it exactly`);
  },
  bigint: (value) => BigInt(value),
  string: (value) => String(value)
};

function logicalReader(read: (input: Parameters<Read>[0]) => Underlying, logical: Logical): Read {
  return (input) => logical.read(read(input));
}

/** `symbols` are what the symbols of the schema become, null for those that become nothing. */
export function enumReader({ name }: EnumSchema, symbols: readonly (string | null)[]): Read {
  return (input) => {
    const index = input.small();
    const symbol = symbols[index];
    if (typeof symbol === 'string') return symbol;
    if (symbol === null) throw new Refusal('schema_incompatible', `a symbol of ${name ?? 'the enum'} as it is read`, `one that it has not (the ${index + 1}th)`);
    throw new Refusal('undecodable', `the index of one of ${symbols.length} symbols`, String(index));
  };
}

/** Items read one by one; `empty` where they may take no bytes. */
export function arrayReader(read: Read, empty: boolean): Read {
  return (input) => {
    input.enter();
    const items: unknown[] = [];
    try {
      for (let count = input.block(empty); count > 0; count = input.block(empty)) for (; count > 0; count--) items.push(read(input));
    } catch (error) {
      throw within(error, `[${items.length}]`);
    }
    input.depth--;
    return items;
  };
}

/** A plain object; a key that comes twice has its last value. */
export function mapReader(read: Read): Read {
  return (input) => {
    input.enter();
    const entries: Record<string, unknown> = {};
    let key = '';
    try {
      for (let count = input.block(false); count > 0; count = input.block(false)) {
        for (; count > 0; count--) {
          key = input.string();
          const value = read(input);
          // Set, it would be the prototype.
          if (key === '__proto__') Object.defineProperty(entries, key, { value, enumerable: true, writable: true, configurable: true });
          else entries[key] = value;
        }
      }
    } catch (error) {
      throw within(error, key);
    }
    input.depth--;
    return entries;
  };
}

/** The value of the branch that the bytes name. */
export function unionReader(branches: readonly Read[]): Read {
  return (input) => {
    const index = input.small();
    const read = branches[index];
    if (read === undefined) throw new Refusal('undecodable', `the index of one of ${branches.length} types`, String(index));
    return read(input);
  };
}
