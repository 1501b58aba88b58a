import { wireTypes } from './read-scalar.ts';
import type { FieldType, MapType, ScalarType } from './types.ts';
import { elementWriter, tagOf } from './write-field.ts';
import type { WriteValue } from './write-field.ts';
import { isObject } from './write-message.ts';
import type { Writers } from './write-message.ts';
import { mismatch, scalarWriter } from './write-scalar.ts';

/** Writes a map in the order of its keys, so that one map has one encoding (as Google's serializers do where they are asked to). */
export function writeMap({ number }: FieldType, { key, value }: MapType, writers: Writers): WriteValue {
  const writeKey = scalarWriter(key);
  const writeValue = elementWriter(value, writers);
  const tag = tagOf(number, 2);
  const keyTag = tagOf(1, wireTypes[key]);
  const order = orderOf(key);
  return (output, map, depth) => {
    if (!isObject(map)) throw mismatch('an object', map);
    const keys = Object.keys(map);
    if (keys.length > 1) keys.sort(order);
    const at = output.path.push('') - 1;
    for (let i = keys.length - 1; i >= 0; i--) {
      const name = keys[i] as string;
      output.path[at] = name;
      if (map[name] === undefined) continue;
      const before = output.length;
      writeValue(output, map[name], depth);
      writeKey(output, key === 'bool' ? truth(name) : name);
      output.varint32(keyTag);
      output.varint32(output.length - before);
      output.varint32(tag);
    }
    output.path.pop();
  };
}

function truth(name: string): unknown {
  return name === 'true' ? true : name === 'false' ? false : name;
}

function orderOf(key: ScalarType): (a: string, b: string) => number {
  if (key === 'bool') return (a, b) => (a < b ? -1 : 1);
  if (key === 'string') return (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));
  // What is no integer fails when it is written.
  return (a, b) => (integer.test(a) && integer.test(b) ? Number(BigInt(a) > BigInt(b)) - Number(BigInt(a) < BigInt(b)) : 0);
}

const integer = /^-?\d{1,20}$/;
