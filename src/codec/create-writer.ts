import type { Codec, Part } from '../../actors/codec.ts';
import type { WriterCodecConfig } from '../../actors/codec-options.ts';
import type { Path } from '../../actors/component.ts';
import { avroFormat } from './avro/format.ts';
import { cloudeventsWriter } from './cloudevents.ts';
import { csvCodec } from './csv.ts';
import type { PayloadWriter, SchemaFormat } from './format.ts';
import { FramedWriter } from './framed-writer.ts';
import { framingName, framingOf } from './framing.ts';
import { jsonCodec } from './json.ts';
import { jsonFormat } from './json-format.ts';
import { plainCodecs } from './plain.ts';
import { protobufFormat } from './protobuf/format.ts';
import { rawCodec } from './raw.ts';
import type { SchemaText } from './registry/schema-text.ts';
import { protobufText, readSchema } from './schema-file.ts';
import type { CodecServices } from './services.ts';
import { unframedWriter } from './unframed.ts';
import { fits, unusedCodec } from './unused-codec.ts';

type Config<T extends WriterCodecConfig['type']> = Extract<WriterCodecConfig, { readonly type: T }>;
type SchemaConfig = Config<'json'> | Config<'avro'> | Config<'protobuf'>;

/** The codec that an option of a sink describes. Its mistakes are reported below `at`; what comes back then is never used. */
export function createWriter(config: WriterCodecConfig, at: Path, part: Part, services: CodecServices): Codec {
  if (!fits(config.type, at, part, services)) return unusedCodec;
  switch (config.type) {
    case 'text':
      return plainCodecs.text;
    case 'raw':
      return rawCodec;
    case 'csv':
      return csvCodec(config);
    case 'cloudevents':
      return cloudeventsWriter(config);
    case 'json':
      return jsonWriter(config, at, part, services);
    case 'avro':
      return withSchema(config, avroFormat({ long: 'auto', logicalTypes: 'text', readAs: null }), 'Avro schema', at, part, services);
    case 'protobuf':
      return withSchema(config, protobufFormat({ long: 'auto', message: config.message ?? null, framing: framingName(config.framing, services) !== 'none' }), 'Protobuf schema', at, part, services);
  }
}

/** With a schema, also what nobody changed is checked: so it is another codec than that of sources. */
function jsonWriter(config: Config<'json'>, at: Path, part: Part, services: CodecServices): Codec {
  const { schema, framing } = config;
  if (framing !== 'none') return withSchema(config, jsonFormat({ long: 'number' }), 'JSON Schema', at, part, services);
  return schema === undefined ? jsonCodec() : { ...jsonCodec(services.validator(schema, [...at, 'schema'])), id: `json with ${schema}` };
}

function withSchema(config: SchemaConfig, format: SchemaFormat, what: string, at: Path, part: Part, services: CodecServices): Codec {
  const { schema: file, framing: option, subject, auto_register: autoRegister } = config;
  const where = framingOf(option, at, services);
  if (where === null) return unusedCodec;
  const schema = file === undefined ? null : readSchema(file, [...at, 'schema'], what, services, (text): { text: SchemaText; writer: PayloadWriter } => ({ text, writer: format.writer(text) }), config.type === 'protobuf' ? () => protobufText(file, config, services) : undefined);
  if (file !== undefined && schema === null) return unusedCodec;
  if (where === 'none') {
    if (schema === null) services.problem(at, 'missing_option', `expected a schema, found neither a file nor a registry`, 'add schema: <file>, or registry: { url: … } to the topology');
    return schema === null ? unusedCodec : unframedWriter(`write ${format.id}`, schema.writer, () => format.reader(schema.text));
  }
  checkSubject(config, schema?.writer.name ?? null, at, services);
  return new FramedWriter({ format, ...where, part, schema, subject, autoRegister });
}

function checkSubject({ schema, subject, auto_register: autoRegister }: SchemaConfig, name: string | null, at: Path, services: CodecServices): void {
  if (typeof subject === 'string' && subject !== 'topic' && name === null) {
    services.problem([...at, 'subject'], 'bad_value', `expected a schema with a name in a file: with subject ${subject} it is part of the subject`, 'add schema: <file>, or use subject: topic or { name: … }');
  }
  if (autoRegister && schema === undefined) services.problem([...at, 'auto_register'], 'bad_value', 'expected a schema in a file: there is nothing to register', 'add schema: <file>');
}
