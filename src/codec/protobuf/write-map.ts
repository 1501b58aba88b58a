import { ScalarType } from '@bufbuild/protobuf';
import { WireType } from '@bufbuild/protobuf/wire';
import type { FieldType, MapType } from './types.ts';
import { elementWriter, tagOf } from './write-field.ts';
import type { WriteValue } from './write-field.ts';
import { isObject } from './write-message.ts';
import type { Writers } from './write-message.ts';
import { mismatch } from './write-scalar.ts';

/** Writes a map in the order of its keys, so that one map has one encoding (as Google's serializers do where they are asked to). */
export function writeMap({ number }: FieldType, { key, value }: MapType, writers: Writers): WriteValue {
  const writeKey = elementWriter(key, writers);
  const writeValue = elementWriter(value, writers);
  const tag = tagOf(number, WireType.LengthDelimited);
  const isBool = key.type.kind === 'scalar' && key.type.scalar === ScalarType.BOOL;
  const order = orderOf(key);
  return (output, map, depth) => {
    if (!isObject(map)) throw mismatch('an object', map);
    const keys = Object.keys(map);
    if (keys.length > 1) keys.sort(order);
    output.take(keys.length);
    const at = output.path.push('') - 1;
    for (const name of keys) {
      output.path[at] = name;
      if (map[name] === undefined) continue;
      output.uint32(tag).fork();
      writeKey(output, isBool ? truth(name) : name, depth);
      writeValue(output, map[name], depth);
      output.join();
    }
    output.path.pop();
  };
}

function truth(name: string): unknown {
  return name === 'true' ? true : name === 'false' ? false : name;
}

function orderOf({ type }: FieldType): (a: string, b: string) => number {
  const scalar = type.kind === 'scalar' ? type.scalar : null;
  if (scalar === ScalarType.BOOL) return (a, b) => (a < b ? -1 : 1);
  if (scalar === ScalarType.STRING) return (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));
  // What is no integer fails when it is written.
  return (a, b) => (integer.test(a) && integer.test(b) ? Number(BigInt(a) > BigInt(b)) - Number(BigInt(a) < BigInt(b)) : 0);
}

const integer = /^-?\d{1,20}$/;
