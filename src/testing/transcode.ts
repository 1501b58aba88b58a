import type { Codec, Destination } from '../../actors/codec.ts';
import type { Header } from '../../actors/record.ts';
import { jsonWriter } from '../codec/json.ts';

/*
 * Cases say values as JSON, whatever the codec: what comes in is written with the counterpart of the codec that reads it, and what comes out is read with that of
 * the codec that wrote it.
 */

/** Whether values of a codec are text as they are. */
export function isText({ id }: Codec): boolean {
  return id.startsWith('json') || id === 'text' || id === 'raw';
}

/** The bytes, and headers that go with them, of a value for a topic. Rejects with a `Failure` where the codec has no counterpart or does not take the value. */
export async function writeValue(codec: Codec, value: unknown, topic: string): Promise<{ readonly bytes: Uint8Array; readonly headers: readonly Header[] }> {
  const writer = codec.counterpart?.() ?? codec;
  await writer.beforeEncode?.(topic);
  const headers: Header[] = [];
  const to: Destination = { topic, header: (name, content) => { headers.push([name, content]); } };
  return { bytes: writer.encode(value, to), headers };
}

const toJson = jsonWriter();

/** A value as JSON text; bytes that cannot be read stay as they are. */
export async function readValue(codec: Codec, bytes: Uint8Array, headers: readonly Header[]): Promise<Uint8Array> {
  const reader = codec.counterpart?.() ?? codec;
  try {
    await reader.beforeDecode?.(bytes, headers);
    const value = reader.decode(bytes, headers);
    return typeof value === 'string' ? Buffer.from(JSON.stringify(value)) : toJson(value);
  } catch {
    return bytes;
  }
}
