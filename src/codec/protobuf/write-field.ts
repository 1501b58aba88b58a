import type { Output } from './output.ts';
import { wireTypes } from './read-scalar.ts';
import type { EnumType, FieldType, MessageType } from './types.ts';
import { writeMap } from './write-map.ts';
import type { WriteMessage, Writers } from './write-message.ts';
import { enumWriter, mismatch, scalarWriter, zeroTest } from './write-scalar.ts';

/** Writes what a field holds, with its tag. */
export type WriteValue = (output: Output, value: unknown, depth: number) => void;

/** Writes a field of an object. */
export interface FieldWriter {
  readonly key: string;
  /** True for a name that every object has: only one of its own counts. */
  readonly inherited: boolean;
  /** True where null is a value, not the lack of one. */
  readonly takesNull: boolean;
  readonly write: WriteValue;
}

/** What writes a field. */
export function fieldWriter(field: FieldType, writers: Writers): FieldWriter {
  return { key: field.key, inherited: field.key in Object.prototype, takesNull: !field.repeated && takesNull(field), write: valueWriter(field, writers) };
}

/** What writes one value with its tag, as an element of a list or as the value of a map does. */
export function elementWriter({ type, number, delimited }: FieldType, writers: Writers): WriteValue {
  if (type.kind === 'message') return messageWriter(number, delimited, writers.of(type));
  const write = type.kind === 'enum' ? enumWriter(type) : scalarWriter(type.scalar);
  const tag = tagOf(number, type.kind === 'enum' ? 0 : wireTypes[type.scalar]);
  return (output, value) => {
    write(output, value);
    output.varint32(tag);
  };
}

/** The tag of a field. */
export function tagOf(number: number, wireType: number): number {
  return ((number << 3) | wireType) >>> 0;
}

/** True for google.protobuf.Value and NullValue. */
export function takesNull({ type }: FieldType): boolean {
  return (type.kind === 'message' && type.name === 'google.protobuf.Value') || (type.kind === 'enum' && type.name === 'google.protobuf.NullValue');
}

function valueWriter(field: FieldType, writers: Writers): WriteValue {
  const { type, presence } = field;
  if (field.map !== null) return writeMap(field, field.map, writers);
  if (field.packed) return packedWriter(field);
  const write = elementWriter(field, writers);
  if (field.repeated) return listWriter(write);
  if (presence !== 'implicit' || type.kind === 'message') return write;
  const isZero = type.kind === 'enum' ? zeroEnum(type) : zeroTest(type.scalar);
  return (output, value, depth) => {
    if (!isZero(value)) write(output, value, depth);
  };
}

function zeroEnum({ numbers, name }: EnumType): (value: unknown) => boolean {
  return (value) => value === 0 || (typeof value === 'string' && numbers.get(value) === 0) || (value === null && name === 'google.protobuf.NullValue');
}

function messageWriter(number: number, delimited: boolean, write: WriteMessage): WriteValue {
  const tag = tagOf(number, delimited ? 3 : 2);
  const endTag = tagOf(number, 4);
  return (output, value, depth) => {
    if (delimited) output.varint32(endTag);
    const before = output.length;
    write(output, value, depth);
    if (!delimited) output.varint32(output.length - before);
    output.varint32(tag);
  };
}

function listWriter(write: WriteValue): WriteValue {
  return (output, value, depth) => {
    const list = listOf(value);
    for (let i = list.length - 1; i >= 0; i--) {
      output.path.push(i);
      write(output, list[i], depth);
      output.path.pop();
    }
  };
}

function packedWriter({ type, number }: FieldType): WriteValue {
  const { kind } = type as Exclude<FieldType['type'], MessageType>;
  const write = kind === 'enum' ? enumWriter(type as EnumType) : scalarWriter((type as { scalar: 'int32' }).scalar);
  const tag = tagOf(number, 2);
  return (output, value) => {
    const list = listOf(value);
    if (list.length === 0) return;
    const before = output.length;
    const at = output.path.push(0) - 1;
    for (let i = list.length - 1; i >= 0; i--) {
      output.path[at] = i;
      write(output, list[i]);
    }
    output.path.pop();
    output.varint32(output.length - before);
    output.varint32(tag);
  };
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw mismatch('a list', value);
  return value;
}
