import type { Codec, Part } from '../../actors/codec.ts';
import type { ReaderCodecConfig } from '../../actors/codec-options.ts';
import type { Path } from '../../actors/component.ts';
import { avroFormat } from './avro/format.ts';
import { cloudeventsReader } from './cloudevents.ts';
import { csvCodec } from './csv.ts';
import { debeziumReader } from './debezium.ts';
import type { SchemaFormat } from './format.ts';
import { FramedReader } from './framed-reader.ts';
import type { ReadAs } from './framed-reader.ts';
import { framingOf } from './framing.ts';
import { jsonCodec } from './json.ts';
import { jsonFormat } from './json-format.ts';
import { plainCodecs } from './plain.ts';
import { protobufFormat } from './protobuf/format.ts';
import { rawCodec } from './raw.ts';
import type { SchemaText } from './registry/schema-text.ts';
import { protobufText, readSchema } from './schema-file.ts';
import type { CodecServices } from './services.ts';
import { unframedReader } from './unframed.ts';
import { fits, unusedCodec } from './unused-codec.ts';

type Config<T extends ReaderCodecConfig['type']> = Extract<ReaderCodecConfig, { readonly type: T }>;

/** The codec that an option of a source describes. Its mistakes are reported below `at`; what comes back then is never used. */
export function createReader(config: ReaderCodecConfig, at: Path, part: Part, services: CodecServices): Codec {
  if (!fits(config.type, at, part, services)) return unusedCodec;
  switch (config.type) {
    case 'text':
      return plainCodecs.text;
    case 'raw':
      return rawCodec;
    case 'csv':
      return csvCodec(config);
    case 'cloudevents':
      return cloudeventsReader();
    case 'json':
      return jsonReader(config, at, part, services);
    case 'avro':
      return avroReader(config, at, part, services);
    case 'protobuf':
      return protobufReader(config, at, part, services);
    case 'debezium':
      return debeziumOf(config, at, part, services);
  }
}

function jsonReader({ schema, framing, long }: Config<'json'>, at: Path, part: Part, services: CodecServices): Codec {
  const exotic = long === 'auto' || long === 'bigint';
  const where = framingOf(framing, at, services);
  if (where === null) return unusedCodec;
  if (where === 'none') return jsonCodec(schema === undefined ? null : services.validator(schema, [...at, 'schema']), { long });
  return new FramedReader({ format: jsonFormat({ long }), ...where, part, readAs: null, exotic });
}

function avroReader({ schema: file, framing, long, logical_types: logicalTypes }: Config<'avro'>, at: Path, part: Part, services: CodecServices): Codec {
  const where = framingOf(framing, at, services);
  if (where === null) return unusedCodec;
  const place = [...at, 'schema'];
  const format = (readAs: SchemaText | null): SchemaFormat => avroFormat({ long, logicalTypes, readAs });
  if (where === 'none') {
    if (file === undefined) return withoutSchema('an Avro schema', at, services);
    const plain = format(null);
    const own = readSchema(file, place, 'Avro schema', services, (text) => ({ text, reader: plain.reader(text) }));
    return own === null ? unusedCodec : unframedReader(plain.id, own.reader, () => plain.writer(own.text));
  }
  if (file === undefined) return new FramedReader({ format: format(null), ...where, part, readAs: null, exotic: true });
  const own = readSchema(file, place, 'Avro schema', services, (text) => ({ text, format: format(text) }));
  return own === null ? unusedCodec : new FramedReader({ format: own.format, ...where, part, readAs: readAs(file, own.text, 'AVRO', services), exotic: true });
}

function protobufReader(config: Config<'protobuf'>, at: Path, part: Part, services: CodecServices): Codec {
  const { schema: file, framing, long, message = null } = config;
  const where = framingOf(framing, at, services);
  if (where === null) return unusedCodec;
  const format = protobufFormat({ long, message, framing: where !== 'none' });
  if (where !== 'none') {
    if (file !== undefined) services.problem([...at, 'schema'], 'bad_value', 'expected no schema: with a framing each record names its own', 'leave schema out, or set framing: none');
    return new FramedReader({ format, ...where, part, readAs: null, exotic: true });
  }
  if (file === undefined) return withoutSchema('a Protobuf schema', at, services);
  const own = readSchema(file, [...at, 'schema'], 'Protobuf schema', services, (text) => ({ text, reader: format.reader(text) }), () => protobufText(file, config, services));
  return own === null ? unusedCodec : unframedReader(format.id, own.reader, () => format.writer(own.text));
}

function debeziumOf({ envelope, deletes, long }: Config<'debezium'>, at: Path, part: Part, services: CodecServices): Codec {
  if (envelope === 'json') return debeziumReader({ deletes, inner: jsonCodec(null, { long }) });
  return debeziumReader({ deletes, inner: avroReader({ type: 'avro', framing: 'confluent', long, logical_types: 'text' }, at, part, services) });
}

function withoutSchema(what: string, at: Path, services: CodecServices): Codec {
  services.problem(at, 'missing_option', `expected ${what}, found neither a schema nor a registry`, 'add schema: <file>, or registry: { url: … } to the topology');
  return unusedCodec;
}

/** The id of the schema in a file, under a subject that has what could not be read as it. */
function readAs(label: string, text: SchemaText, type: 'AVRO', { registry }: CodecServices): ReadAs {
  return {
    label,
    text,
    async id(writer) {
      for (const subject of (await registry?.subjectsOf(writer)) ?? []) {
        const found = await registry?.lookup(subject, type, text);
        if (found) return found.id;
      }
      return null;
    }
  };
}
