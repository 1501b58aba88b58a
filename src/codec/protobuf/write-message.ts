import { Failure } from '../../../actors/failure.ts';
import { maxDepth } from './cursor.ts';
import { Output } from './output.ts';
import type { Linked, MessageType } from './types.ts';
import { wellKnownWriters } from './well-known-write.ts';
import { fieldWriter } from './write-field.ts';
import type { FieldWriter } from './write-field.ts';
import { mismatch } from './write-scalar.ts';

/** Writes the content of a message, without tag and length. `depth` is how many more levels it may nest. */
export type WriteMessage = (output: Output, value: unknown, depth: number) => void;

/** An object with fields. */
export type Fields = Readonly<Record<string, unknown>>;

/** Writers of a schema's messages, made when they are first needed. */
export class Writers {
  readonly #linked: Linked;
  readonly #made = new Map<MessageType, WriteMessage>();
  readonly #output = new Output();

  constructor(linked: Linked) {
    this.#linked = linked;
  }

  /** By full name, for Any. */
  named(name: string): MessageType | null {
    return this.#linked.byName.get(name) ?? null;
  }

  of(type: MessageType): WriteMessage {
    const made = this.#made.get(type);
    if (made !== undefined) return made;
    // A message that holds itself finds this one while its own is being made.
    this.#made.set(type, (output, value, depth) => { this.of(type)(output, value, depth); });
    const write = wellKnownWriters.get(type.name)?.(type, this) ?? plainWriter(type, this);
    this.#made.set(type, write);
    return write;
  }

  /** Writes a whole payload behind `prefix`. */
  write(type: MessageType, prefix: Uint8Array, value: unknown): Uint8Array {
    const output = this.#output;
    try {
      this.of(type)(output, value, maxDepth);
      output.raw(prefix);
      return output.finish();
    } catch (error) {
      const failure = located(error, type, output.path);
      output.reset();
      throw failure;
    }
  }
}

/** Writes an object field by field. Fields have their names in the schema or those of the JSON mapping; others are refused. */
export function plainWriter(type: MessageType, writers: Writers): WriteMessage {
  const fields = type.fields.map((field) => fieldWriter(field, writers)).toReversed();
  const names = namesOf(type);
  const required = type.fields.filter(({ presence }) => presence === 'required').map(({ key }) => key);
  const oneofs = type.oneofs.map(({ members }) => fields.filter(({ key }) => members.some((member) => member.key === key)));
  return (output, value, depth) => {
    if (depth <= 0) throw new Failure('unencodable', `expected a value nested at most ${maxDepth} messages deep, found more`);
    if (!isObject(value)) throw mismatch('an object', value);
    const before = output.length;
    let object = value;
    if (writeFields(output, fields, object, depth - 1) !== Object.keys(object).length) {
      output.rewind(before);
      object = renamed(object, names, type);
      writeFields(output, fields, object, depth - 1);
    }
    for (let i = 0; i < required.length; i++) if ((Object.hasOwn(object, required[i] as string) ? object[required[i] as string] : null) === null) throw new Failure('unencodable', `expected the required field ${required[i] as string}, found none`);
    for (let i = 0; i < oneofs.length; i++) checkOneof(oneofs[i] as readonly FieldWriter[], object);
  };
}

/** True for what has fields. */
export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/** Writes from the last to the first; gives how many of the object's fields there are. */
function writeFields(output: Output, fields: readonly FieldWriter[], object: Fields, depth: number): number {
  let found = 0;
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i] as FieldWriter;
    const value = field.inherited && !Object.hasOwn(object, field.key) ? undefined : object[field.key];
    if (value === undefined) continue;
    found += 1;
    if (value === null && !field.takesNull) continue;
    output.path.push(field.key);
    field.write(output, value, depth);
    output.path.pop();
  }
  return found;
}

/** Keys of values by all names that are taken; those of the schema come first. */
function namesOf(type: MessageType): ReadonlyMap<string, string> {
  return new Map([...type.fields.map(({ jsonName, key }) => [jsonName, key] as const), ...type.fields.map(({ key }) => [key, key] as const)]);
}

/** The same object with the schema's names. */
function renamed(object: Fields, names: ReadonlyMap<string, string>, type: MessageType): Fields {
  const result = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(object)) {
    if (value === undefined) continue;
    const key = names.get(name);
    if (key === undefined) throw new Failure('unencodable', `expected fields of ${type.name}, found ${JSON.stringify(name.slice(0, 40))}, which it has not`);
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

function located(error: unknown, type: MessageType, path: readonly (string | number)[]): unknown {
  if (!(error instanceof Failure)) return error instanceof RangeError ? new Failure('unencodable', `expected a ${type.name} that fits into memory`, { cause: error }) : error;
  const at = path.length === 0 ? '' : ` at ${path.join('.').slice(0, 60)}`;
  return new Failure(error.code, `${type.name}${at}: ${error.message}`);
}
