import type { DescEnum, DescMessage } from '@bufbuild/protobuf';
import { WireType } from '@bufbuild/protobuf/wire';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import type { Output } from './output.ts';
import { wireTypeOf } from './read-scalar.ts';
import type { FieldType, ValueType } from './types.ts';
import { writeMap } from './write-map.ts';
import type { WriteMessage, Writers } from './write-message.ts';
import { enumWriter, mismatch, scalarWriter, zeroTest } from './write-scalar.ts';
import type { Write } from './write-scalar.ts';

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
  const tag = tagOf(number, type.kind === 'enum' ? WireType.Varint : wireTypeOf(type.scalar));
  return (output, value) => {
    output.uint32(tag);
    write(output, value);
  };
}

/** The tag of a field. */
export function tagOf(number: number, wireType: WireType): number {
  return ((number << 3) | wireType) >>> 0;
}

/** True for google.protobuf.Value and NullValue. */
export function takesNull({ type }: FieldType): boolean {
  return (type.kind === 'message' && type.typeName === 'google.protobuf.Value') || (type.kind === 'enum' && type.typeName === 'google.protobuf.NullValue');
}

function valueWriter(field: FieldType, writers: Writers): WriteValue {
  const { type, presence } = field;
  if (field.map !== null) return writeMap(field, field.map, writers);
  if (type.kind !== 'message' && field.packed) return packedWriter(field.number, writerOf(type));
  const write = elementWriter(field, writers);
  if (field.repeated) return listWriter(write);
  if (presence !== FeatureSet_FieldPresence.IMPLICIT || type.kind === 'message') return write;
  const isZero = type.kind === 'enum' ? zeroEnum(type) : zeroTest(type.scalar);
  return (output, value, depth) => {
    if (!isZero(value)) write(output, value, depth);
  };
}

function writerOf(type: Exclude<ValueType, DescMessage>): Write {
  return type.kind === 'enum' ? enumWriter(type) : scalarWriter(type.scalar);
}

function zeroEnum({ values, typeName }: DescEnum): (value: unknown) => boolean {
  const zeros = new Set<unknown>(values.filter(({ number }) => number === 0).map(({ name }) => name));
  return (value) => value === 0 || zeros.has(value) || (value === null && typeName === 'google.protobuf.NullValue');
}

function messageWriter(number: number, delimited: boolean, write: WriteMessage): WriteValue {
  const tag = tagOf(number, delimited ? WireType.StartGroup : WireType.LengthDelimited);
  const endTag = tagOf(number, WireType.EndGroup);
  return (output, value, depth) => {
    output.uint32(tag);
    if (!delimited) output.fork();
    write(output, value, depth);
    if (delimited) output.uint32(endTag);
    else output.join();
  };
}

function listWriter(write: WriteValue): WriteValue {
  return (output, value, depth) => {
    const list = listOf(value);
    output.take(list.length);
    const at = output.path.push(0) - 1;
    for (let i = 0; i < list.length; i++) {
      output.path[at] = i;
      write(output, list[i], depth);
    }
    output.path.pop();
  };
}

function packedWriter(number: number, write: Write): WriteValue {
  const tag = tagOf(number, WireType.LengthDelimited);
  const writeAll = listWriter(write);
  return (output, value, depth) => {
    if (Array.isArray(value) && value.length === 0) return;
    output.uint32(tag).fork();
    writeAll(output, value, depth);
    output.join();
  };
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw mismatch('a list', value);
  return value;
}
