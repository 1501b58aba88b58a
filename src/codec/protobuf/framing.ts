import type { DescMessage } from '@bufbuild/protobuf';
import { Failure } from '../../../actors/failure.ts';
import type { Linked } from './types.ts';

/*
 * Message indexes, which Confluent's serializers put before a payload: which message of the schema it is, as its place in the file and, of one
 * that is nested, its place in each message around it (https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop).
 * Zig-zag varints: their count, then each; a single 0 stands for the first message of the file.
 */

/** Deeper nesting than a schema may have. */
const maxIndexes = 100;

/** The indexes at the beginning of a payload, and where the message begins. */
export function readIndexes(bytes: Uint8Array): { indexes: readonly number[]; length: number } {
  let at = 0;
  const next = (): number => {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    throw new Failure('undecodable', 'expected message indexes before the message, found none');
  };
  const count = next();
  if (count < 0 || count > maxIndexes) throw new Failure('undecodable', `expected 0 to ${maxIndexes} message indexes, found ${count}`);
  const indexes = count === 0 ? [0] : Array.from({ length: count }, next);
  return { indexes, length: at };
}

/** The bytes of a message's indexes; null where it is not in the schema's own file. */
export function writeIndexes(linked: Linked, message: DescMessage): Uint8Array | null {
  const indexes = indexesOf(linked.messages, message);
  if (indexes === null) return null;
  if (indexes.length === 1 && indexes[0] === 0) return Uint8Array.of(0);
  return Uint8Array.from([indexes.length, ...indexes].flatMap((index) => varint(2 * index)));
}

/** The message at some indexes; null where there is none. */
export function messageAt({ messages }: Linked, [first = 0, ...rest]: readonly number[]): DescMessage | null {
  const outer = messages[first] ?? null;
  return within(outer, rest, ({ nestedMessages }, index) => nestedMessages[index]) ?? within(outer, rest, asInDescriptor);
}

type Nested = (message: DescMessage, index: number) => DescMessage | undefined;

function within(outer: DescMessage | null, indexes: readonly number[], nested: Nested): DescMessage | null {
  return indexes.reduce<DescMessage | null>((message, index) => (message === null ? null : (nested(message, index) ?? null)), outer);
}

/**
 * Confluent's Java serializer, and its registry, count the messages that stand in the text; others (Go, Python) count the entries of maps too, as
 * descriptors do. It matters only for what is nested behind a map. We count as Java does, and read the others where Java has no such message.
 */
function asInDescriptor({ proto, nestedMessages }: DescMessage, index: number): DescMessage | undefined {
  const name = proto.nestedType[index]?.name;
  return nestedMessages.find((message) => message.name === name);
}

function indexesOf(messages: readonly DescMessage[], wanted: DescMessage): number[] | null {
  for (const [index, message] of messages.entries()) {
    if (message === wanted) return [index];
    const inner = indexesOf(message.nestedMessages, wanted);
    if (inner !== null) return [index, ...inner];
  }
  return null;
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 128))];
}
