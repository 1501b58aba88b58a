import { createHash } from 'node:crypto';
import type { PayloadReader, PayloadWriter, SchemaFormat } from '../format.ts';
import type { SchemaText } from '../registry/schema-text.ts';
import { Input } from './input.ts';
import type { AvroOptions } from './options.ts';
import { Output } from './output.ts';
import { parseSchema } from './parse.ts';
import { Readers } from './read.ts';
import type { Read, Write } from './record-code.ts';
import { outermost } from './refusal.ts';
import { Resolvers } from './resolve.ts';
import type { Schema } from './schema.ts';
import { Writers } from './write.ts';

/**
 * Apache Avro's binary encoding (specification 1.12), without a header or a container. Values are plain JSON without wrappers: a union is the value of
 * its branch; bytes and fixed are `Bytes`; a long and the logical types are by the options.
 *
 * Reading is strict: every byte is used, strings are UTF-8, and all is bounded (`limits.ts`) by what the payload has. What is written may be a little
 * more than what is read: integers as digits, bytes as base64, logical types as their underlying numbers.
 */
export function avroFormat(options: AvroOptions): SchemaFormat {
  const readAs = options.readAs === null ? null : parseSchema(options.readAs);
  return {
    id: `avro:long=${options.long},logical_types=${options.logicalTypes}${options.readAs === null ? '' : `,read_as=${hashOf(options.readAs)}`}`,
    type: 'AVRO',
    reader: (writer) => payloadReader(compile(() => readerOf(parseSchema(writer), readAs, options), readAs === null ? 'schema_unusable' : 'schema_incompatible')),
    writer: (text) => {
      const schema = parseSchema(text);
      return payloadWriter(compile(() => new Writers(options.logicalTypes).of(schema), 'schema_unusable'), nameFor(schema));
    }
  };
}

function readerOf(writer: Schema, readAs: Schema | null, options: AvroOptions): Read {
  return readAs === null ? new Readers(options).of(writer) : new Resolvers(options).of(writer, readAs);
}

function compile<T>(make: () => T, code: 'schema_unusable' | 'schema_incompatible'): T {
  try {
    return make();
  } catch (error) {
    throw outermost(error, code, 'Avro schema');
  }
}

function payloadReader(read: Read): PayloadReader {
  const input = new Input();
  return {
    read(bytes) {
      try {
        input.start(bytes);
        const value = read(input);
        input.finish();
        return value;
      } catch (error) {
        throw outermost(error, 'undecodable', `Avro, ${bytes.length} bytes`);
      } finally {
        input.release();
      }
    }
  };
}

/** One for all writers: none of them is called while another one writes. */
const output = new Output();

function payloadWriter(write: Write, name: string | null): PayloadWriter {
  return {
    name,
    write(value) {
      try {
        output.start();
        write(output, value);
        return output.finish();
      } catch (error) {
        throw outermost(error, 'unencodable', 'Avro');
      }
    }
  };
}

function nameFor(schema: Schema): string | null {
  return schema.kind === 'record' || schema.kind === 'enum' || schema.kind === 'fixed' ? (schema.name ?? null) : null;
}

/** Different for texts that differ, with what they refer to. */
function hashOf(text: SchemaText): string {
  const hash = createHash('sha256');
  const add = ({ text: own, references }: SchemaText): void => {
    hash.update(`${own.length}:${own}${references.length};`);
    for (const { name, schema } of references) {
      hash.update(`${name.length}:${name}`);
      add(schema);
    }
  };
  add(text);
  return hash.digest('hex').slice(0, 16);
}
