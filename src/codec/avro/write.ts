import { Failure } from '../../../actors/failure.ts';
import { choiceOf } from './choose.ts';
import { encodeDefault } from './default.ts';
import { maxDefaultBytes } from './limits.ts';
import type { Logical, Underlying } from './logical/logical.ts';
import type { Output } from './output.ts';
import type { Write, WriteField } from './record-code.ts';
import { isObject, recordWriter } from './record-code.ts';
import { found, Refusal, within } from './refusal.ts';
import { toBytes, toFloat, toInt, toLong } from './scalars.ts';
import type { EnumSchema, Field, FixedSchema, RecordSchema, Schema, UnionSchema } from './schema.ts';
import { nameOf, Primitive } from './schema.ts';

/**
 * Makes writers with a schema, each type once.
 *
 * A record is written from the fields that its schema has; others are left out, as by Kafka Connect and avsc: values of a topology often have more
 * than one sink wants. A field that a value has not is its default, else null where its type takes that (as in fastavro), else refused.
 */
export class Writers {
  readonly #text: boolean;
  readonly #records = new Map<RecordSchema, { write: Write }>();
  #defaultBytes = 0;

  constructor(logicalTypes: 'text' | 'none') {
    this.#text = logicalTypes === 'text';
  }

  of(schema: Schema): Write {
    if (schema instanceof Primitive) return this.#primitive(schema);
    switch (schema.kind) {
      case 'record':
        return this.#record(schema);
      case 'enum':
        return enumWriter(schema);
      case 'fixed':
        return this.#fixed(schema);
      case 'array':
        return arrayWriter(this.of(schema.items));
      case 'map':
        return mapWriter(this.of(schema.values));
      case 'union':
        return this.#union(schema);
    }
  }

  #record(schema: RecordSchema): Write {
    const known = this.#records.get(schema);
    if (known !== undefined) return (output, value) => known.write(output, value);
    const slot: { write: Write } = {
      write: () => {
        throw new Failure('schema_unusable', 'expected a schema that can be written, found one that is not whole');
      }
    };
    this.#records.set(schema, slot);
    slot.write = recordWriter(schema.fields.map((field) => this.#field(field)));
    return slot.write;
  }

  #field(field: Field): WriteField {
    try {
      return { name: field.name, write: this.of(field.type), missing: this.#missing(field) };
    } catch (error) {
      throw within(error, field.name);
    }
  }

  #missing({ type, fallback }: Field): (output: Output) => void {
    if (fallback !== undefined) {
      const bytes = encodeDefault(type, fallback);
      this.#defaultBytes += bytes.length;
      if (this.#defaultBytes > maxDefaultBytes) throw new Refusal('schema_unusable', `defaults of at most ${maxDefaultBytes} bytes`, 'more');
      return (output) => output.raw(bytes);
    }
    const nothing = type.kind === 'union' ? type.branches.findIndex(({ kind }) => kind === 'null') : -1;
    if (nothing >= 0) return (output) => output.long(nothing);
    if (type.kind === 'null') return () => {};
    return () => {
      throw new Refusal('unencodable', `${nameOf(type)}, for the field has no default`, 'nothing');
    };
  }

  #primitive({ kind, logical }: Primitive): Write {
    if (logical === null || !this.#text) return plain[kind];
    const write = plain[kind];
    return (output, value) => write(output, underlying(logical, value));
  }

  #fixed({ size, logical, name }: FixedSchema): Write {
    const text = this.#text ? logical : null;
    return (output, value) => {
      if (text !== null) return output.raw(underlying(text, value) as Uint8Array);
      const bytes = toBytes(value);
      if (bytes?.length !== size) throw new Refusal('unencodable', `${size} bytes, or base64 text of them, for ${name ?? 'fixed'}`, bytes === null ? found(value) : String(bytes.length));
      output.raw(bytes);
    };
  }

  #union(schema: UnionSchema): Write {
    const writes = schema.branches.map((branch) => this.of(branch));
    const nothing = schema.branches.findIndex(({ kind }) => kind === 'null');
    const only = schema.branches.length === 2 && nothing >= 0 ? 1 - nothing : schema.branches.length === 1 && nothing < 0 ? 0 : -1;
    // Nothing to choose: what does not fit says so itself.
    const choose = only >= 0 ? () => only : choiceOf(schema, this.#text);
    return (output, value) => {
      const index = value === null && nothing >= 0 ? nothing : choose(value);
      const write = writes[index];
      if (write === undefined) throw new Refusal('unencodable', `one of ${schema.branches.map(nameOf).join(', ').slice(0, 200)}`, found(value));
      output.long(index);
      write(output, value);
    };
  }
}

function underlying(logical: Logical, value: unknown): Underlying {
  const result = logical.write(value);
  if (result === undefined) throw new Refusal('unencodable', logical.expected, found(value));
  return result;
}

/** Writes what a conversion makes of a value, or says what was expected. */
function checked<T>(expected: string, convert: (value: unknown) => T | null, write: (output: Output, value: T) => void): Write {
  return (output, value) => {
    const converted = convert(value);
    if (converted === null) throw new Refusal('unencodable', expected, found(value));
    write(output, converted);
  };
}

const plain: Readonly<Record<Primitive['kind'], Write>> = {
  null: (_output, value) => {
    if (value !== null) throw new Refusal('unencodable', 'null', found(value));
  },
  boolean: (output, value) => {
    if (typeof value !== 'boolean') throw new Refusal('unencodable', 'a boolean', found(value));
    output.boolean(value);
  },
  int: checked('an int, a whole number of 32 bits', toInt, (output, value) => output.long(value)),
  long: checked('a long, a whole number of 64 bits that is exact (beyond 2^53 a big integer or digits)', toLong, (output, value) => output.long(value)),
  float: checked('a float, a number up to 3.4e38', toFloat, (output, value) => output.float(value)),
  double: (output, value) => {
    if (typeof value === 'number') return output.double(value);
    if (typeof value !== 'bigint' || BigInt(Number(value)) !== value) throw new Refusal('unencodable', 'a double', found(value));
    output.double(Number(value));
  },
  bytes: checked('bytes, or base64 text of them', toBytes, (output, value) => {
    output.long(value.length);
    output.raw(value);
  }),
  string: (output, value) => {
    if (typeof value !== 'string') throw new Refusal('unencodable', 'a string', found(value));
    output.string(value);
  }
};

function enumWriter({ symbols, name }: EnumSchema): Write {
  const indexes = new Map<unknown, number>(symbols.map((symbol, index) => [symbol, index]));
  return (output, value) => {
    const index = indexes.get(value);
    if (index === undefined) throw new Refusal('unencodable', `a symbol of ${name ?? 'the enum'}: ${symbols.join(', ').slice(0, 100)}`, found(value));
    output.long(index);
  };
}

function arrayWriter(write: Write): Write {
  return (output, value) => {
    if (!Array.isArray(value)) throw new Refusal('unencodable', 'an array', found(value));
    output.enter();
    if (value.length > 0) output.long(value.length);
    let at = 0;
    try {
      for (; at < value.length; at++) write(output, value[at]);
    } catch (error) {
      throw within(error, `[${at}]`);
    }
    output.long(0);
    output.depth--;
  };
}

function mapWriter(write: Write): Write {
  return (output, value) => {
    if (!isObject(value)) throw new Refusal('unencodable', 'an object', found(value));
    output.enter();
    // As in JSON, a property that is undefined is none.
    const keys = Object.keys(value).filter((key) => value[key] !== undefined);
    if (keys.length > 0) output.long(keys.length);
    for (const key of keys) {
      try {
        output.string(key);
        write(output, value[key]);
      } catch (error) {
        throw within(error, key);
      }
    }
    output.long(0);
    output.depth--;
  };
}
