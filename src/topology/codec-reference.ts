/*
 * The chapter on codecs of the reference, and that on which mechanisms were tried against a real broker. Each cell of their tables names the test that shows it;
 * a test holds the names to the test files.
 */

/** A test, by its file and a piece of its name. */
export interface ShownBy {
  readonly file: string;
  readonly name: string;
}

const framings = ['none', 'confluent', 'header'] as const;
const framingsTest = 'test/codec/framings.test.ts';

interface CodecRow {
  readonly codec: string;
  readonly direction: 'read' | 'written';
  readonly cells: readonly (ShownBy | null)[];
}

const withSchema = ['avro', 'protobuf', 'json'];
const names = { none: 'framing none: written and read with the schema of a file', confluent: 'framing confluent: the id is before the payload', header: 'framing header: the GUID is in a header' } as const;

function plainRow(codec: string, direction: CodecRow['direction'], shown: ShownBy): CodecRow {
  return { codec, direction, cells: [shown, null, null] };
}

/** The rows of the table of codecs. */
export const codecRows: readonly CodecRow[] = [
  ...withSchema.flatMap((codec) => (['read', 'written'] as const).map((direction): CodecRow => ({ codec, direction, cells: framings.map((framing) => ({ file: framingsTest, name: names[framing] })) }))),
  ...['csv', 'text', 'raw'].flatMap((codec) => (['read', 'written'] as const).map((direction) => plainRow(codec, direction, { file: framingsTest, name: ': written and read' }))),
  plainRow('cloudevents', 'read', { file: 'test/codec/cloudevents.test.ts', name: 'it reads what is written' }),
  plainRow('cloudevents', 'written', { file: 'test/codec/cloudevents.test.ts', name: 'what it writes is read' }),
  plainRow('debezium (json)', 'read', { file: 'test/codec/debezium.test.ts', name: 'are the row after the change' }),
  { codec: 'debezium (avro)', direction: 'read', cells: [null, { file: 'test/codec/debezium.test.ts', name: 'of a registry are read by the schema of each' }, null] }
];

/** What else is shown of the formats. */
export const formatTests: readonly (readonly [what: string, shown: ShownBy])[] = [
  ['Avro: every type, written and read again', { file: 'test/codec/avro/round-trip.test.ts', name: 'values of any schema come back as they were' }],
  ['Avro: bytes and values equal to those of fastavro', { file: 'test/golden/avro.test.ts', name: 'Avro as fastavro writes and reads it' }],
  ['Avro: read as another schema', { file: 'test/codec/avro/resolution.test.ts', name: 'Avro: records read as another schema' }],
  ['Avro: hostile bytes', { file: 'test/codec/avro/hostile-bytes.test.ts', name: 'Avro: bytes that nobody wrote' }],
  ['Avro: hostile schemas', { file: 'test/codec/avro/schema.test.ts', name: 'Avro: schemas that are too much' }],
  ["Protobuf: bytes and values equal to those of Google's", { file: 'test/codec/protobuf/golden.test.ts', name: "agrees with Google's" }],
  ['Protobuf: every type, written and read again', { file: 'test/codec/protobuf/values.test.ts', name: 'what is written is read again' }],
  ['Protobuf: hostile payloads', { file: 'test/codec/protobuf/hostile-payload.test.ts', name: 'bytes that are no message' }],
  ['Protobuf: hostile schemas', { file: 'test/codec/protobuf/hostile-schema.test.ts', name: 'schemas that are none are refused, soon' }],
  ['JSON: exact integers', { file: 'test/codec/json.test.ts', name: 'whatever is read with auto is written as the same text' }],
  ['On a real broker and a real registry, while the schema changes', { file: 'test/integration/registry.test.ts', name: 'Avro to JSON while the schema changes' }]
];

const saslTest = 'test/integration/sasl.test.ts';
const tlsTest = 'test/integration/tls.test.ts';
const passwords: ShownBy = { file: saslTest, name: 'the right password opens, a wrong one is told at once and asked about once' };
const sessions: ShownBy = { file: saslTest, name: 'streams go on over several of them, by SCRAM and by tokens that end too' };

/** A way to prove who one is: let in, refused, renewed. */
export const mechanismRows: readonly { readonly mechanism: string; readonly cells: readonly (ShownBy | null)[] }[] = [
  { mechanism: 'TLS, server checked', cells: [{ file: tlsTest, name: 'checks the certificate against an authority, and the name against the address' }, { file: tlsTest, name: 'checks the certificate against an authority, and the name against the address' }, null] },
  { mechanism: 'TLS with a client certificate', cells: [{ file: tlsTest, name: 'sends a client certificate where one is asked for' }, { file: tlsTest, name: 'sends a client certificate where one is asked for' }, null] },
  { mechanism: '`plain`', cells: [passwords, passwords, null] },
  { mechanism: '`scram_sha_256`', cells: [passwords, passwords, sessions] },
  { mechanism: '`scram_sha_512`', cells: [passwords, passwords, null] },
  { mechanism: '`oauthbearer`', cells: [{ file: saslTest, name: 'gets one token for all connections' }, { file: saslTest, name: 'a token that the broker refuses is told' }, sessions] }
];

/** Every test that the tables name. */
export function shownTests(): ShownBy[] {
  return [...codecRows.flatMap(({ cells }) => cells), ...mechanismRows.flatMap(({ cells }) => cells), ...formatTests.map(([, shown]) => shown)].filter((shown) => shown !== null);
}

/** The chapter on codecs, with tables of their options for reading and for writing. */
export function codecsText(reading: string, writing: string): string {
  const notes = new Notes();
  const table = codecRows.map(({ codec, direction, cells }) => `| \`${codec}\` | ${direction} | ${cells.map((shown) => notes.mark(shown)).join(' | ')} |`);
  return `
## Codecs

A codec turns bytes into values and back: \`codec\` for values, \`key_codec\` for keys, in sources and sinks; \`codec: avro\` is short for \`codec: { type: avro }\`.

\`\`\`yaml
registry: { url: "https://registry.example", auth: { username: millrace, password: "\${env:REGISTRY_PASSWORD}" } }
sources:
  orders: { type: kafka, topic: orders, codec: avro }                                    # each record as its own schema
  payments: { type: kafka, topic: payments, codec: { type: avro, schema: payment.avsc } } # all as this one
sinks:
  out: { type: kafka, from: orders, topic: orders-out, codec: { type: protobuf, schema: order.proto, message: shop.Order } }
\`\`\`

| Codec | | framing none | confluent | header |
| --- | --- | --- | --- | --- |
${table.join('\n')}

Shown by: ${notes.list()}.

- **Values** are plain. Integers of 64 bits are numbers up to 2^53 and big integers beyond (\`long\`): nothing rounds. Bytes are base64 in JSON. Avro: unions without wrappers, decimals as their digits, dates and times as ISO 8601. Protobuf: the fields' own names, and otherwise its JSON mapping; a field without
  presence is there with its zero, one with presence only where it was set.
- **Which type of a union** is written is told by the value: the first that it fits best; of several records the one that leaves out least. Fields that an Avro schema does not have are left out, ones that are missing take their default; Protobuf refuses fields that it does not have.
- **The registry** is asked once per schema, the answer kept in memory (\`registry.cache\`) and below \`--state-dir\`. While it is away everything that is known goes on, a restart too. A record with a schema that nobody saw waits, and its partition with it (\`registry_unavailable\`). An id that it does not have is a dead letter
  (\`schema_unknown\`), asked for again after 30 s.
- **A schema of your own** on a source (\`schema\`, Avro) is what all records are read as: fields that it has and they do not take their default. What cannot be read so is a dead letter, whose reason has both ids (\`schema_incompatible\`).
- **A sink** writes the schema of its file, under the subject by \`subject\`; it must be registered, or \`auto_register\` be true. Without a file it is the subject's latest at the start. \`millrace validate --online\` says before the start what the registry would say then.
- **framing confluent** takes, when read, also the GUID in a header, where there is one. \`header\` needs a registry that gives GUIDs (Confluent's, from version 8); how it answers was tried against a stand-in, not against it.
- **Sinks without a codec** write what no node changed byte for byte, and everything else as JSON.

### Options of codecs that read

${reading}

### Options of codecs that write

${writing}

### Limits

Limits on what comes from outside, beyond which a record is a dead letter, or a schema is refused: 16 MiB in a value (\`max_size\` of the source), 500 levels of nesting in a value (100 in Protobuf), 1 MiB of text in a schema, 200 levels in a JSON Schema, 20 levels of references; an Avro value has a million items without bytes at most; a batch is unpacked to 256 MiB
at most, and a record larger than its topic takes is refused when it is written. Patterns in topologies and in JSON Schemas run in time that grows with the text alone: lookaround and back-references are refused, in schemas \`\\p{…}\` too.

| Shown of the formats | By |
| --- | --- |
${formatTests.map(([what, { file, name }]) => `| ${what} | \`${file}\`, "${name}" |`).join('\n')}
`;
}

/** Which mechanisms were tried. */
export function mechanismsText(): string {
  const notes = new Notes();
  const table = mechanismRows.map(({ mechanism, cells }) => `| ${mechanism} | ${cells.map((shown) => notes.mark(shown)).join(' | ')} |`);
  return `
### Tried against a real broker

| Mechanism | Lets in | Wrong ones are refused at once | Sessions are renewed |
| --- | --- | --- | --- |
${table.join('\n')}

Shown by: ${notes.list()}. \`aws_msk_iam\`: its signature only, by a second computation (\`test/broker/kafkajs/sasl\`); there was no MSK to try it on.
`;
}

/** Marks of tests, in the order in which they come. */
class Notes {
  readonly #known: string[] = [];

  mark(shown: ShownBy | null): string {
    if (shown === null) return '';
    const text = `\`${shown.file}\`, "${shown.name}"`;
    let index = this.#known.indexOf(text);
    if (index < 0) index = this.#known.push(text) - 1;
    return `✔ ${index + 1}`;
  }

  list(): string {
    return this.#known.map((text, index) => `${index + 1} ${text}`).join('; ');
  }
}
