import type { Codec, Destination } from '../../actors/codec.ts';
import { Failure } from '../../actors/failure.ts';
import type { Header } from '../../actors/record.ts';
import { Bytes } from './bytes.ts';
import { jsonWriter, readJson } from './json.ts';
import { put } from './put.ts';
import { headerValue } from './registry/frame.ts';
import { textCodec } from './text.ts';

/*
 * CloudEvents 1.0.2 on Kafka: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md. A value is
 * { specversion, id, source, type, …, data }: the attributes of the event, and its data decoded by its content type.
 */

const required = ['specversion', 'id', 'source', 'type'];
const structured = 'application/cloudevents';
const attributeName = /^[a-z0-9]{1,64}$/;

type Event = Record<string, unknown>;

/** Reads both modes: structured where the header content-type says application/cloudevents+json, else binary. */
export function cloudeventsReader(): Codec {
  return {
    id: 'cloudevents',
    decode(bytes, headers) {
      const type = text(headerValue(headers, 'content-type'), 'content-type');
      const event = type?.toLowerCase().startsWith(structured) === true ? readStructured(bytes, type) : readBinary(bytes, headers, type);
      for (const name of required) if (typeof event[name] !== 'string' || event[name] === '') throw new Failure('undecodable', `expected the attribute ${name} of a CloudEvent, found none`);
      if (event['specversion'] !== '1.0') throw new Failure('undecodable', `expected specversion 1.0, found ${String(event['specversion']).slice(0, 20)}`);
      return event;
    },
    encode() {
      throw new Error('this codec reads');
    },
    counterpart: () => cloudeventsWriter({ mode: 'structured' })
  };
}

/** Writes one of the modes. Binary: attributes in headers ce_…, datacontenttype as content-type. */
export function cloudeventsWriter({ mode }: { readonly mode: 'structured' | 'binary' }): Codec {
  const write = jsonWriter();
  return {
    id: `write cloudevents ${mode}`,
    decode() {
      throw new Error('this codec writes');
    },
    encode(value, to) {
      const event = eventOf(value);
      return mode === 'structured' ? writeStructured(event, to, write) : writeBinary(event, to, write);
    },
    counterpart: () => cloudeventsReader()
  };
}

function readStructured(bytes: Uint8Array, type: string): Event {
  const format = type.split(';', 1)[0]?.trim().toLowerCase();
  if (format !== `${structured}+json`) throw new Failure('undecodable', `expected content-type ${structured}+json, found ${String(format).slice(0, 60)}`);
  const event = readJson(bytes, 'auto');
  if (typeof event !== 'object' || event === null || Array.isArray(event)) throw new Failure('undecodable', 'expected a CloudEvent, an object, found another value');
  const { data_base64: base64, ...rest } = event as Event;
  if (base64 === undefined) return rest;
  if (typeof base64 !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) throw new Failure('undecodable', 'data_base64: expected base64, found something else');
  return { ...rest, data: byType(Buffer.from(base64, 'base64'), typeof rest['datacontenttype'] === 'string' ? rest['datacontenttype'] : null) };
}

function readBinary(bytes: Uint8Array, headers: readonly Header[], type: string | null): Event {
  const event: Event = {};
  for (const [name, value] of headers) if (name.startsWith('ce_') && value !== null) put(event, name.slice(3), text(value, name));
  if (type !== null) event['datacontenttype'] = type;
  event['data'] = byType(bytes, type);
  return event;
}

/** JSON and texts as values; all else, and what nothing is said of, as bytes. */
function byType(bytes: Uint8Array, type: string | null): unknown {
  const kind = type?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (isJson(kind)) return readJson(bytes, 'auto');
  return kind.startsWith('text/') ? textCodec.decode(bytes) : Bytes.view(bytes);
}

function isJson(kind: string): boolean {
  return kind === 'application/json' || kind === 'text/json' || kind.endsWith('+json');
}

function text(value: Uint8Array | null, name: string): string | null {
  if (value === null) return null;
  try {
    return textCodec.decode(value) as string;
  } catch {
    throw new Failure('undecodable', `header ${name.slice(0, 60)}: expected UTF-8, found bytes that are not UTF-8`);
  }
}

function eventOf(value: unknown): Event {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) throw new Failure('unencodable', 'expected a CloudEvent: an object with specversion, id, source, type and data');
  const event = { ...(value as Event) };
  event['specversion'] ??= '1.0';
  for (const name of required) if (typeof event[name] !== 'string' || event[name] === '') throw new Failure('unencodable', `${name}: expected a text, as every CloudEvent has it`);
  if (event['specversion'] !== '1.0') throw new Failure('unencodable', 'specversion: expected 1.0');
  for (const name of Object.keys(event)) if (name !== 'data' && !attributeName.test(name)) throw new Failure('unencodable', `${name.slice(0, 60)}: expected the name of an attribute, lower case letters and digits`);
  return event;
}

function writeStructured(event: Event, to: Destination, write: (value: unknown) => Uint8Array): Uint8Array {
  const { data, ...attributes } = event;
  to.header('content-type', Buffer.from(`${structured}+json; charset=UTF-8`));
  if (data instanceof Uint8Array) return write({ ...attributes, data_base64: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64') });
  return write(event);
}

function writeBinary(event: Event, to: Destination, write: (value: unknown) => Uint8Array): Uint8Array {
  const { data, datacontenttype: given, ...attributes } = event;
  const type = typeof given === 'string' ? given : data instanceof Uint8Array ? 'application/octet-stream' : 'application/json';
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== undefined) to.header(`ce_${name}`, attribute(name, value));
  to.header('content-type', Buffer.from(type));
  if (data instanceof Uint8Array) return data;
  if (typeof data === 'string' && !isJson(type.split(';', 1)[0]?.trim().toLowerCase() ?? '')) return textCodec.encode(data);
  return write(data ?? null);
}

function attribute(name: string, value: unknown): Uint8Array {
  if (typeof value === 'string') return textCodec.encode(value);
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return Buffer.from(String(value));
  throw new Failure('unencodable', `${name}: expected a text, a number or a boolean, found ${Array.isArray(value) ? 'an array' : 'an object'}`);
}
