import * as z from 'zod';

/*
 * How a topology names a codec: `json`, short for `{ type: json }`, or an object with the options of its type. What a side does not
 * need is not there: a reader registers nothing, a writer has no schema to resolve to.
 */

const text = (what: string) => z.string({ error: what }).min(1, { error: what });
const schemaFile = text('a file');

const framings = z.enum(['none', 'confluent', 'header'], { error: 'none, confluent or header' });
const whereIds =
  'Where the id of the schema is: none, nowhere; confluent, before the payload, a zero byte and four bytes of id; header, its GUID in the header __value_schema_id or __key_schema_id.';
const framing = framings.optional().describe(`${whereIds} Default: confluent where the topology has a registry, else none.`);
const jsonFraming = framings.default('none').describe(whereIds);

const long = z
  .enum(['auto', 'number', 'bigint', 'string'], { error: 'auto, number, bigint or string' })
  .default('auto')
  .describe(
    'What integers of 64 bits become: auto, a number up to 2^53 and a big integer beyond; number, and the record fails beyond 2^53; bigint; string. None rounds.'
  );

/** Named from the side that writes: under which subject a schema is, and who puts it there. */
const writing = {
  subject: z
    .union([z.enum(['topic', 'record', 'topic_record']), z.strictObject({ name: text('a subject').describe("The subject's name.") })], { error: 'topic, record, topic_record or { name: <subject> }' })
    .default('topic')
    .describe("The subject of the schema in the registry: topic, <topic>-value or <topic>-key; record, the full name of the schema; topic_record, <topic>-<full name>; or { name: … }."),
  auto_register: z
    .boolean({ error: 'true or false' })
    .default(false)
    .describe('Whether a schema that the subject does not have yet is registered. Without it the start is refused with schema_not_registered.')
};

const avroSchema = schemaFile.optional();
const logicalTypes = z
  .enum(['text', 'none'], { error: 'text or none' })
  .default('text')
  .describe('text: date, time and timestamp are ISO 8601 texts, decimal its digits, uuid a text. none: the underlying numbers and bytes.');

const message = z
  .string({ error: 'a full name, such as shop.Order' })
  .regex(/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/, { error: 'a full name, such as shop.Order' })
  .optional()
  .describe('Full name of the message, such as shop.Order. Default: the first of the file; with framing confluent the one that the record names.');
const imports = z.array(text('a folder')).optional().describe('Folders in which imported files are looked for, relative to the topology file. Default: the folder of schema.');

const columns = z
  .union([z.array(text('a name')).min(1, { error: 'at least one column' }), z.record(z.string(), z.enum(['string', 'number', 'integer', 'boolean']))], { error: 'a list of names, or a map of names to string, number, integer or boolean' })
  .describe('Names of the columns, in order; as a map with the type of each: string, number, integer or boolean. An empty field that is no string is null.');
const delimiter = z.string().length(1, { error: 'one character' }).default(',').describe('What separates the columns.');

const inner = z
  .enum(['json', 'avro'], { error: 'json or avro' })
  .default('json')
  .describe('How the envelope is encoded: json, with or without a schema part; avro, from the registry.');

const cloudMode = z.enum(['structured', 'binary'], { error: 'structured or binary' });

const jsonReader = z.strictObject({
  type: z.literal('json').describe('JSON text in UTF-8 (RFC 8259).'),
  schema: schemaFile.optional().describe('File with a JSON Schema (draft-07 or 2020-12) that values must meet, relative to the topology file.'),
  framing: jsonFraming,
  long: z
    .enum(['number', 'auto', 'bigint', 'string'], { error: 'number, auto, bigint or string' })
    .default('number')
    .describe('What integers become: number, as JSON.parse has it, rounded beyond 2^53; auto, exact, a big integer beyond 2^53; bigint or string: all of them.')
});
const avroReader = z.strictObject({
  type: z.literal('avro').describe('Apache Avro, binary encoding.'),
  schema: avroSchema.describe('File with an Avro schema, relative to the topology file: with framing none that of the records; else the one that all are read as (resolution of writer and reader).'),
  framing,
  long,
  logical_types: logicalTypes
});
const protobufReader = z.strictObject({
  type: z.literal('protobuf').describe("Protocol Buffers. Values are as Protobuf's JSON mapping has them."),
  schema: schemaFile.optional().describe('A .proto file, or a descriptor set (protoc --include_imports --descriptor_set_out), relative to the topology file. Needed with framing none.'),
  message,
  imports,
  framing,
  long
});
const csvCodec = z.strictObject({ type: z.literal('csv').describe('One line of comma-separated values (RFC 4180).'), columns, delimiter });
const plainCodec = z.strictObject({ type: z.enum(['text', 'raw']).describe('text: strict UTF-8; raw: bytes as they are.') });
const cloudeventsReader = z.strictObject({
  type: z.literal('cloudevents').describe('CloudEvents 1.0, binary or structured as each record says: { specversion, id, source, type, …, data }.')
});
const debeziumReader = z.strictObject({
  type: z.literal('debezium').describe("A change event of Debezium: the value is the row after the change; a delete is a tombstone."),
  envelope: inner,
  deletes: z.enum(['tombstone', 'drop', 'before'], { error: 'tombstone, drop or before' }).default('tombstone').describe('What a delete becomes: a tombstone; nothing (filtered); or the row before it, with __deleted: true.'),
  long
});

const jsonWriter = z.strictObject({
  type: z.literal('json').describe('JSON text in UTF-8.'),
  schema: schemaFile.optional().describe('File with a JSON Schema (draft-07 or 2020-12) that values must meet, relative to the topology file; with a framing it is what the registry has.'),
  framing: jsonFraming,
  ...writing
});
const avroWriter = z.strictObject({
  type: z.literal('avro').describe('Apache Avro, binary encoding.'),
  schema: avroSchema.describe("File with the Avro schema to write, relative to the topology file. Default: with a framing, the subject's latest at the start."),
  framing,
  ...writing
});
const protobufWriter = z.strictObject({
  type: z.literal('protobuf').describe("Protocol Buffers, from values as Protobuf's JSON mapping has them."),
  schema: schemaFile.optional().describe("A .proto file or a descriptor set, relative to the topology file. Default: with a framing, the subject's latest at the start."),
  message,
  imports,
  framing,
  ...writing
});
const cloudeventsWriter = z.strictObject({
  type: z.literal('cloudevents').describe('CloudEvents 1.0, from values as the reader has them.'),
  mode: cloudMode.default('structured').describe('structured: one JSON object; binary: attributes in headers ce_…, data as the value.')
});

const short = z.enum(['json', 'avro', 'protobuf', 'text', 'raw', 'cloudevents', 'debezium']).describe('The codec without further options.');
const shortWriter = z.enum(['json', 'avro', 'protobuf', 'text', 'raw', 'cloudevents']).describe('The codec without further options.');

const readers = z.discriminatedUnion('type', [jsonReader, avroReader, protobufReader, csvCodec, plainCodec, cloudeventsReader, debeziumReader], {
  error: 'type: json, avro, protobuf, csv, text, raw, cloudevents or debezium'
});
const writers = z.discriminatedUnion('type', [jsonWriter, avroWriter, protobufWriter, csvCodec, plainCodec, cloudeventsWriter], {
  error: 'type: json, avro, protobuf, csv, text, raw or cloudevents'
});

/** How bytes become values. */
export type ReaderCodecConfig = z.output<typeof readers>;
/** How values become bytes. */
export type WriterCodecConfig = z.output<typeof writers>;

/** How bytes become values; `json` is short for `{ type: json }`. */
export function readerCodec() {
  return z
    .union([short, readers], { error: 'json, avro, protobuf, text, raw, cloudevents, debezium or { type: …, … }' })
    .transform((config): ReaderCodecConfig => (typeof config === 'string' ? readers.parse({ type: config }) : config));
}

/** How values become bytes; `json` is short for `{ type: json }`. */
export function writerCodec() {
  return z
    .union([shortWriter, writers], { error: 'json, avro, protobuf, text, raw, cloudevents or { type: …, … }' })
    .transform((config): WriterCodecConfig => (typeof config === 'string' ? writers.parse({ type: config }) : config));
}
