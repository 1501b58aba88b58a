import assert from 'node:assert/strict';
import { Failure } from '../../../actors/failure.ts';
import { avroFormat } from '../../../src/codec/avro/format.ts';
import type { AvroOptions } from '../../../src/codec/avro/options.ts';
import type { SchemaText } from '../../../src/codec/registry/schema-text.ts';

/** A schema without references. */
export function textOf(schema: unknown): SchemaText {
  return { text: JSON.stringify(schema), references: [] };
}

/** The format with the usual options, but for those given. */
export function format(options: Partial<AvroOptions> = {}) {
  return avroFormat({ long: 'auto', logicalTypes: 'text', readAs: null, ...options });
}

export function write(schema: unknown, value: unknown, options: Partial<AvroOptions> = {}): Uint8Array {
  return format(options).writer(textOf(schema)).write(value);
}

export function read(schema: unknown, bytes: Uint8Array, options: Partial<AvroOptions> = {}): unknown {
  return format(options).reader(textOf(schema)).read(bytes);
}

/** What is read of what was written. */
export function again(schema: unknown, value: unknown, options: Partial<AvroOptions> = {}): unknown {
  return read(schema, write(schema, value, options), options);
}

/** What is read, as another schema, of what was written. */
export function readAs(writer: unknown, reader: unknown, value: unknown, options: Partial<AvroOptions> = {}): unknown {
  return read(writer, write(writer, value, options), { ...options, readAs: textOf(reader) });
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

export function unhex(text: string): Buffer {
  return Buffer.from(text, 'hex');
}

/** The message of the failure that an action must end with, whose code is `code`. */
export function failureOf(code: string, action: () => unknown): string {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof Failure, `expected a Failure, found ${String(error)}`);
    assert.equal(error.code, code, error.message);
    assert.ok(error.message.length < 1000, 'a message has no data at length');
    return error.message;
  }
  assert.fail(`expected a Failure ${code}, found none`);
}

/** A record with one field `v`. */
export function recordOf(type: unknown, name = 'R'): { type: string; name: string; fields: { name: string; type: unknown }[] } {
  return { type: 'record', name, fields: [{ name: 'v', type }] };
}
