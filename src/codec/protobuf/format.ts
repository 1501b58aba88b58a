import type { DescMessage } from '@bufbuild/protobuf';
import { Failure } from '../../../actors/failure.ts';
import type { PayloadReader, PayloadWriter, SchemaFormat } from '../format.ts';
import { messageAt, readIndexes, writeIndexes } from './framing.ts';
import { loadSchema } from './load.ts';
import { Readers } from './read-message.ts';
import type { Long } from './read-scalar.ts';
import type { Linked } from './types.ts';
import { Writers } from './write-message.ts';

/** How Protobuf is read and written. */
export interface ProtobufOptions {
  readonly long: Long;
  /** Full name of the message; null: the first of the schema's file. With framing each record names its own, and this is what is written. */
  readonly message: string | null;
  /** True where message indexes are before the payload, as Confluent's serializers put them behind the id. */
  readonly framing: boolean;
}

/**
 * Protocol Buffers: proto2, proto3, editions 2023 and 2024, by @bufbuild/protobuf: it links schemas, reads and writes the wire format. A schema is the text of a .proto file, its references are the files it imports.
 *
 * Values are those of the JSON mapping (https://protobuf.dev/programming-guides/json) with these differences. Fields are named as in the schema
 * (`user_id`), as Confluent's tools and CEL have them, since two fields may have one name in camel case; writing takes both. Integers of 64 bits are as `long` says,
 * bytes are bytes, NaN and the infinities are numbers, a float is the exact number that its 32 bits are. Fields without presence are there with
 * their zero, lists and maps empty, so that an expression finds them; of those with presence (messages, optional, oneof, proto2) only what was set, without regard to defaults.
 * Numbers of an enum without a name stay numbers. What the schema does not have is not in the value.
 */
export function protobufFormat({ long, message, framing }: ProtobufOptions): SchemaFormat {
  return {
    id: `protobuf:${long}:${framing ? 'framed' : 'plain'}:${message ?? ''}`,
    type: 'PROTOBUF',
    reader(schema): PayloadReader {
      const linked = loadSchema(schema);
      const readers = new Readers(linked, long);
      if (framing) return { read: (bytes) => readFramed(linked, readers, bytes) };
      const type = chosen(linked, message);
      return { read: (bytes) => readers.read(type, bytes) };
    },
    writer(schema): PayloadWriter {
      const linked = loadSchema(schema);
      const type = chosen(linked, message);
      const prefix = framing ? framed(linked, type) : new Uint8Array(0);
      const writers = new Writers(linked);
      return { name: type.typeName, write: (value) => writers.write(type, prefix, value) };
    }
  };
}

function readFramed(linked: Linked, readers: Readers, bytes: Uint8Array): unknown {
  const { indexes, length } = readIndexes(bytes);
  const type = messageAt(linked, indexes);
  if (type === null) throw new Failure('undecodable', `expected the indexes of a message of the schema, found ${indexes.join(', ').slice(0, 60)}`);
  return readers.read(type, bytes.subarray(length));
}

function framed(linked: Linked, type: DescMessage): Uint8Array {
  const prefix = writeIndexes(linked, type);
  if (prefix === null) throw new Failure('schema_unusable', `expected the message ${type.typeName} in the schema's own file, found it in one that it imports`);
  return prefix;
}

function chosen(linked: Linked, name: string | null): DescMessage {
  const type = name === null ? linked.messages[0] : linked.getMessage(name);
  if (type === undefined) throw new Failure('schema_unusable', name === null ? 'expected a schema with a message, found none' : `expected the message ${name} in the schema, found none of that name`);
  return type;
}
