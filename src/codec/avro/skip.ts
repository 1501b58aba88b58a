import { mayBeEmpty } from './measure.ts';
import type { Read } from './record-code.ts';
import { unfinished } from './read.ts';
import { Refusal } from './refusal.ts';
import type { RecordSchema, Schema } from './schema.ts';
import { Primitive } from './schema.ts';

/** Makes what moves over values that nobody reads, checked as if they were read. */
export class Skippers {
  readonly #records = new Map<RecordSchema, { skip: Read }>();

  of(schema: Schema): Read {
    if (schema instanceof Primitive) return primitives[schema.kind];
    switch (schema.kind) {
      case 'record':
        return this.#record(schema);
      case 'enum':
        return (input) => input.small();
      case 'fixed':
        return (input) => input.take(schema.size, 'bytes');
      case 'array':
        return blocks(this.of(schema.items), mayBeEmpty(schema.items));
      case 'map':
        return blocks(entry(this.of(schema.values)), false);
      case 'union':
        return union(schema.branches.map((branch) => this.of(branch)));
    }
  }

  #record(schema: RecordSchema): Read {
    const known = this.#records.get(schema);
    if (known !== undefined) return (input) => known.skip(input);
    const slot = { skip: unfinished as Read };
    this.#records.set(schema, slot);
    const fields = schema.fields.map(({ type }) => this.of(type));
    slot.skip = (input) => {
      input.enter();
      for (const skip of fields) skip(input);
      input.depth--;
    };
    return slot.skip;
  }
}

const primitives = {
  null: () => null,
  boolean: (input) => input.boolean(),
  int: (input) => input.int(),
  long: (input) => input.long(),
  float: (input) => input.take(4, 'a float'),
  double: (input) => input.take(8, 'a double'),
  bytes: (input) => input.take(input.length('bytes'), 'bytes'),
  string: (input) => input.take(input.length('a string'), 'a string')
} satisfies Record<string, Read>;

function entry(skip: Read): Read {
  return (input) => {
    primitives.string(input);
    skip(input);
  };
}

function blocks(skip: Read, empty: boolean): Read {
  return (input) => {
    input.enter();
    for (let count = input.block(empty); count > 0; count = input.block(empty)) for (; count > 0; count--) skip(input);
    input.depth--;
  };
}

function union(branches: readonly Read[]): Read {
  return (input) => {
    const index = input.small();
    const skip = branches[index];
    if (skip === undefined) throw new Refusal('undecodable', `the index of one of ${branches.length} types`, String(index));
    skip(input);
  };
}
