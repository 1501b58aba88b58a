import type { DescMessage } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import { Failure } from '../../../actors/failure.ts';
import { maxDepth } from './cursor.ts';
import { Output } from './output.ts';
import type { FieldType, Linked } from './types.ts';
import { wellKnownWriters } from './well-known-write.ts';
import { fieldWriter } from './write-field.ts';
import type { FieldWriter } from './write-field.ts';
import { mismatch } from './write-scalar.ts';

/** After longer messages the writer is not kept, which keeps its memory. */
const keptBytes = 64 * 1024;

/** Writes the content of a message, without tag and length. `depth` is how many more levels it may nest. */
export type WriteMessage = (output: Output, value: unknown, depth: number) => void;

/** An object with fields. */
export type Fields = Readonly<Record<string, unknown>>;

/** Writers of a schema's messages, made when they are first needed. */
export class Writers {
  readonly #linked: Linked;
  readonly #made = new Map<DescMessage, WriteMessage>();
  #output = new Output();

  constructor(linked: Linked) {
    this.#linked = linked;
  }

  /** By full name, for Any. */
  named(name: string): DescMessage | null {
    return this.#linked.getMessage(name) ?? null;
  }

  fieldsOf(type: DescMessage): readonly FieldType[] {
    return this.#linked.fieldsOf(type);
  }

  of(type: DescMessage): WriteMessage {
    const made = this.#made.get(type);
    if (made !== undefined) return made;
    // A message that holds itself finds this one while its own is being made.
    this.#made.set(type, (output, value, depth) => { this.of(type)(output, value, depth); });
    const write = wellKnownWriters.get(type.typeName)?.(type, this) ?? plainWriter(type, this);
    this.#made.set(type, write);
    return write;
  }

  /** Writes a whole payload behind `prefix`. */
  write(type: DescMessage, prefix: Uint8Array, value: unknown): Uint8Array {
    const output = this.#output;
    try {
      output.raw(prefix);
      this.of(type)(output, value, maxDepth);
      const bytes = output.finish();
      if (bytes.length > keptBytes) this.#output = new Output();
      return bytes;
    } catch (error) {
      this.#output = new Output();
      throw located(error, type, output.path);
    }
  }
}

/** Writes an object field by field. Fields have their names in the schema or those of the JSON mapping; others are refused. */
export function plainWriter(type: DescMessage, writers: Writers): WriteMessage {
  const all = writers.fieldsOf(type);
  const fields = all.map((field) => fieldWriter(field, writers));
  const names = namesOf(all);
  const required = all.filter(({ presence }) => presence === FeatureSet_FieldPresence.LEGACY_REQUIRED).map(({ key }) => key);
  const oneofs = type.oneofs.map((oneof) => fields.filter((_field, index) => all[index]?.oneof === oneof));
  return (output, value, depth) => {
    if (depth <= 0) throw new Failure('unencodable', `expected a value nested at most ${maxDepth} messages deep, found more`);
    if (!isObject(value)) throw mismatch('an object', value);
    const { length } = Object.keys(value);
    const object = length === known(fields, value) ? value : renamed(value, names, type);
    output.take(length);
    for (let i = 0; i < fields.length; i++) writeField(output, fields[i] as FieldWriter, object, depth - 1);
    for (let i = 0; i < required.length; i++) if ((Object.hasOwn(object, required[i] as string) ? object[required[i] as string] : null) === null) throw new Failure('unencodable', `expected the required field ${required[i] as string}, found none`);
    for (let i = 0; i < oneofs.length; i++) checkOneof(oneofs[i] as readonly FieldWriter[], object);
  };
}

/** True for what has fields. */
export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/** How many of the object's fields there are under their name in the schema. */
function known(fields: readonly FieldWriter[], object: Fields): number {
  let found = 0;
  for (let i = 0; i < fields.length; i++) if (valueOf(fields[i] as FieldWriter, object) !== undefined) found += 1;
  return found;
}

function writeField(output: Output, field: FieldWriter, object: Fields, depth: number): void {
  const value = valueOf(field, object);
  if (value === undefined || (value === null && !field.takesNull)) return;
  output.path.push(field.key);
  field.write(output, value, depth);
  output.path.pop();
}

function valueOf({ key, inherited }: FieldWriter, object: Fields): unknown {
  return inherited && !Object.hasOwn(object, key) ? undefined : object[key];
}

/** Keys of values by all names that are taken; those of the schema come first. */
function namesOf(fields: readonly FieldType[]): ReadonlyMap<string, string> {
  return new Map([...fields.map(({ jsonName, key }) => [jsonName, key] as const), ...fields.map(({ key }) => [key, key] as const)]);
}

/** The same object with the schema's names. */
function renamed(object: Fields, names: ReadonlyMap<string, string>, type: DescMessage): Fields {
  const result = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(object)) {
    if (value === undefined) continue;
    const key = names.get(name);
    if (key === undefined) throw new Failure('unencodable', `expected fields of ${type.typeName}, found ${JSON.stringify(name.slice(0, 40))}, which it has not`);
    if (key in result) throw new Failure('unencodable', `expected each field once, found ${key} under two names`);
    result[key] = value;
  }
  return result;
}

function checkOneof(members: readonly FieldWriter[], object: Fields): void {
  let set: string | null = null;
  for (const { key, takesNull } of members) {
    const value = Object.hasOwn(object, key) ? object[key] : undefined;
    if (value === undefined || (value === null && !takesNull)) continue;
    if (set !== null) throw new Failure('unencodable', `expected one of ${key} and ${set}, found both`);
    set = key;
  }
}

function located(error: unknown, type: DescMessage, path: readonly (string | number)[]): unknown {
  if (!(error instanceof Failure)) return error instanceof RangeError ? new Failure('unencodable', `expected a ${type.typeName} that fits into memory`, { cause: error }) : error;
  const at = path.length === 0 ? '' : ` at ${path.join('.').slice(0, 60)}`;
  return new Failure(error.code, `${type.typeName}${at}: ${error.message}`);
}
