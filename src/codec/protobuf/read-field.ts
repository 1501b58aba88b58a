import { WireType } from '@bufbuild/protobuf/wire';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import { tooDeep } from './cursor.ts';
import type { Cursor } from './cursor.ts';
import { mapReader } from './read-map.ts';
import type { Draft, ReadMessage, Readers, Span } from './read-message.ts';
import { enumReader, scalarReader, wireTypeOf, zeroOf } from './read-scalar.ts';
import type { Read } from './read-scalar.ts';
import type { FieldType } from './types.ts';

/** Reads a field, whose tag was read, into a draft. */
export interface FieldReader {
  readonly key: string;
  readonly set: (draft: Draft, value: unknown) => void;
  /** Of a singular message, what reads it. */
  readonly message: ReadMessage | null;
  read(cursor: Cursor, draft: Draft, depth: number, spans: Span[]): void;
}

/** Readers by tag: small ones from an array, in which a look-up is cheapest. */
export interface ByTag {
  readonly small: readonly (FieldReader | null)[];
  readonly length: number;
  readonly large: ReadonlyMap<number, FieldReader>;
}

const { IMPLICIT, LEGACY_REQUIRED } = FeatureSet_FieldPresence;

/** Tags below this are looked up in an array: fields up to number 63. */
const smallTags = 512;

/** What the reader of a message needs of its fields. */
export function fieldReaders(fields: readonly FieldType[], readers: Readers): { byTag: ByTag; zeros: () => Draft; required: readonly string[] } {
  const small: (FieldReader | null)[] = [];
  const large = new Map<number, FieldReader>();
  for (const field of fields) {
    for (const [wireType, reader] of readersOf(field, readers)) {
      const tag = ((field.number << 3) | wireType) >>> 0;
      if (tag >= smallTags) large.set(tag, reader);
      else {
        while (small.length <= tag) small.push(null);
        small[tag] = reader;
      }
    }
  }
  const required = fields.filter(({ presence }) => presence === LEGACY_REQUIRED).map(({ key }) => key);
  return { byTag: { small, length: small.length, large }, zeros: zerosOf(fields, readers), required };
}

/** Sets a field; one that is called __proto__ is a field like any other. */
export function setter(key: string): (draft: Draft, value: unknown) => void {
  if (key === '__proto__') return define;
  return (draft, value) => { draft[key] = value; };
}

/** Sets __proto__ as a field. */
export function define(draft: Draft, value: unknown): void {
  Object.defineProperty(draft, '__proto__', { value, enumerable: true, configurable: true, writable: true });
}

/** Readers by wire type. Packed or not, a reader takes repeated values in both forms. */
function readersOf(field: FieldType, readers: Readers): [wireType: WireType, FieldReader][] {
  if (field.map !== null) return [[WireType.LengthDelimited, base(field, mapReader(field, field.map, readers))]];
  if (field.type.kind === 'message') {
    const read = readers.of(field.type);
    const wireType = field.delimited ? WireType.StartGroup : WireType.LengthDelimited;
    return [[wireType, field.repeated ? base(field, repeatedMessage(field, read)) : base(field, singularMessage(field), read)]];
  }
  const read = field.type.kind === 'enum' ? enumReader(field.type) : scalarReader(field.type.scalar, readers.long);
  const wireType = field.type.kind === 'enum' ? WireType.Varint : wireTypeOf(field.type.scalar);
  if (!field.repeated) return [[wireType, base(field, singular(field, read))]];
  const one = base(field, repeated(field, read));
  return wireType === WireType.LengthDelimited ? [[wireType, one]] : [[wireType, one], [WireType.LengthDelimited, base(field, packed(field, read))]];
}

type ReadField = (this: FieldReader, cursor: Cursor, draft: Draft, depth: number, spans: Span[]) => void;

function base(field: FieldType, read: ReadField, message: ReadMessage | null = null): FieldReader {
  return { key: field.key, set: setter(field.key), message, read };
}

function singular({ key, oneof }: FieldType, read: Read): ReadField {
  if (oneof !== null) {
    const others = othersOf(key, oneof.fields);
    return function (cursor, draft) {
      const value = read(cursor);
      clear(draft, others);
      this.set(draft, value);
    };
  }
  if (key === '__proto__') return (cursor, draft) => { define(draft, read(cursor)); };
  return (cursor, draft) => { draft[key] = read(cursor); };
}

function repeated({ key }: FieldType, read: Read): ReadField {
  return (cursor, draft) => { listIn(draft, key).push(read(cursor)); };
}

function packed({ key }: FieldType, read: Read): ReadField {
  return (cursor, draft) => {
    const list = listIn(draft, key);
    const end = cursor.end();
    const { limit } = cursor;
    cursor.limit = end;
    while (cursor.pos < end) list.push(read(cursor));
    cursor.finish();
    cursor.limit = limit;
  };
}

function repeatedMessage({ key, delimited, number }: FieldType, read: ReadMessage): ReadField {
  return (cursor, draft, depth) => {
    const list = listIn(draft, key);
    const { limit } = cursor;
    const start = cursor.pos;
    const end = delimited ? cursor.skipGroup(number, depth) : cursor.end();
    const behind = delimited ? cursor.pos : end;
    if (delimited) cursor.pos = start;
    cursor.limit = end;
    cursor.path.push(key, list.length);
    list.push(read(cursor, depth));
    cursor.path.length -= 2;
    cursor.pos = behind;
    cursor.limit = limit;
  };
}

function singularMessage({ key, delimited, number, oneof }: FieldType): ReadField {
  const others = oneof === null ? [] : othersOf(key, oneof.fields);
  return function (cursor, draft, depth, spans) {
    if (depth <= 0) throw tooDeep();
    const afterTag = cursor.pos;
    const end = delimited ? cursor.skipGroup(number, depth) : cursor.end();
    const start = delimited ? afterTag : cursor.pos;
    if (!delimited) cursor.pos = end;
    if (others.length > 0) clear(draft, others);
    const before = Object.hasOwn(draft, key) ? (draft[key] as Span) : null;
    if (before === null) {
      const span: Span = { field: this, start, end, earlier: null };
      spans.push(span);
      this.set(draft, span);
    } else {
      (before.earlier ??= []).push(cursor.source.subarray(before.start, before.end));
      before.start = start;
      before.end = end;
    }
  };
}

/** The list of a field. It is there from the beginning but for an extension, which is only where it was set. */
function listIn(draft: Draft, key: string): unknown[] {
  return (draft[key] ??= []) as unknown[];
}

function othersOf(key: string, members: readonly { readonly name: string }[]): readonly string[] {
  return members.map(({ name }) => name).filter((other) => other !== key);
}

/** Of a oneof the last member counts. */
function clear(draft: Draft, others: readonly string[]): void {
  for (let i = 0; i < others.length; i++) if (Object.hasOwn(draft, others[i] as string)) Reflect.deleteProperty(draft, others[i] as string);
}

/** Makes an object with the zeros of the fields that have no presence, and with empty lists and maps. */
function zerosOf(fields: readonly FieldType[], readers: Readers): () => Draft {
  const zeros: Draft = {};
  const lists: { key: string; map: boolean }[] = [];
  for (const field of fields) {
    if (field.presence !== IMPLICIT || field.key.startsWith('[')) continue;
    if (field.repeated) lists.push({ key: field.key, map: field.map !== null });
    setter(field.key)(zeros, field.repeated ? null : zero(field, readers));
  }
  return () => {
    const draft = { ...zeros };
    for (const { key, map } of lists) {
      if (key === '__proto__') define(draft, map ? {} : []);
      else draft[key] = map ? {} : [];
    }
    return draft;
  };
}

function zero({ type }: FieldType, readers: Readers): unknown {
  if (type.kind === 'scalar') return zeroOf(type.scalar, readers.long);
  return type.kind !== 'enum' || type.typeName === 'google.protobuf.NullValue' ? null : (type.value[0]?.name ?? 0);
}
