import type { Codec, Destination, Part } from '../../actors/codec.ts';
import { Failure } from '../../actors/failure.ts';
import type { PayloadWriter, SchemaFormat } from './format.ts';
import type { Registry } from './registry/registry.ts';
import { guidHeader, prefixLength, schemaHeader, withPrefix } from './registry/frame.ts';
import { Lru } from './registry/lru.ts';
import type { SchemaText } from './registry/schema-text.ts';

/** Under which subject a schema is. */
export type SubjectStrategy = 'topic' | 'record' | 'topic_record' | { readonly name: string };

/** What a writer of records with schema ids is made of. */
export interface FramedWriterSettings {
  readonly format: SchemaFormat;
  readonly client: Registry;
  readonly part: Part;
  readonly framing: 'confluent' | 'header';
  /** The schema that is written; null for the latest of the subject. */
  readonly schema: { readonly text: SchemaText; readonly writer: PayloadWriter } | null;
  readonly subject: SubjectStrategy;
  readonly autoRegister: boolean;
}

/** What is written for a topic. */
interface Entry {
  readonly writer: PayloadWriter;
  readonly id: number;
  readonly guid: string | null;
}

/** Topics whose ids are kept. */
const topicsKept = 1000;

/** Writes records that name their schema by an id of the registry. The id is got once per topic, before the first record. */
export class FramedWriter implements Codec {
  readonly id: string;
  readonly #settings: FramedWriterSettings;
  readonly #header: string;
  readonly #entries = new Lru<string, Entry>(topicsKept);
  readonly #loading = new Map<string, Promise<void>>();

  constructor(settings: FramedWriterSettings) {
    this.#settings = settings;
    this.id = `write ${settings.framing}:${settings.format.id}`;
    this.#header = schemaHeader(settings.part);
  }

  /** What was written can be read without the registry: the schema is that of the topic. */
  counterpart(): Codec {
    const { format, schema, framing } = this.#settings;
    if (schema === null) throw new Failure('config_invalid', 'expected a schema in a file to read values with');
    const reader = format.reader(schema.text);
    return { id: this.id, decode: (bytes) => reader.read(framing === 'confluent' ? bytes.subarray(prefixLength) : bytes), encode: (value, to) => this.encode(value, to) };
  }

  decode(): unknown {
    throw new Error('this codec writes');
  }

  beforeEncode(topic: string): Promise<void> | null {
    if (this.#entries.get(topic) !== undefined) return null;
    let loading = this.#loading.get(topic);
    if (loading === undefined) {
      loading = this.#load(topic).finally(() => { this.#loading.delete(topic); });
      this.#loading.set(topic, loading);
    }
    return loading;
  }

  encode(value: unknown, to: Destination): Uint8Array {
    const entry = this.#entries.get(to.topic);
    if (entry === undefined) throw new Error('the id of a schema is got before it is used');
    const payload = entry.writer.write(value);
    if (this.#settings.framing === 'confluent') return withPrefix(entry.id, payload);
    // Protobuf's message indexes move from the payload into the header.
    const indexes = this.#settings.format.type === 'PROTOBUF' ? indexesLength(payload) : 0;
    to.header(this.#header, guidHeader(entry.guid ?? '', payload.subarray(0, indexes)));
    return payload.subarray(indexes);
  }

  /** What the registry says against the schema for a topic; nothing is changed there. */
  async check(topic: string): Promise<readonly string[]> {
    const { client, format, schema, autoRegister } = this.#settings;
    const subject = this.#subject(topic, schema?.writer.name ?? null);
    if (schema === null) return (await client.latest(subject)) === null ? [`expected a schema under the subject ${subject}, found none`] : [];
    const { compatible, messages } = await client.compatible(subject, format.type, schema.text);
    if (!compatible) return [`the schema is not compatible with the latest of the subject ${subject}${messages.length === 0 ? '' : `: ${messages.slice(0, 3).join('; ').slice(0, 600)}`}`];
    if (autoRegister || (await client.lookup(subject, format.type, schema.text)) !== null) return [];
    return [`expected the schema under the subject ${subject}, found it not registered`];
  }

  async #load(topic: string): Promise<void> {
    const { framing } = this.#settings;
    const entry = await this.#entry(topic);
    if (framing === 'header' && entry.guid === null) throw new Failure('schema_not_registered', 'framing header needs the GUIDs of schemas, and the registry gives none; use framing: confluent');
    this.#entries.set(topic, entry);
  }

  async #entry(topic: string): Promise<Entry> {
    const { client, format, schema, autoRegister } = this.#settings;
    const subject = this.#subject(topic, schema?.writer.name ?? null);
    if (schema === null) {
      const latest = await client.latest(subject);
      if (latest === null) throw new Failure('schema_not_registered', `expected a schema under the subject ${subject}, found none`);
      if (latest.type !== format.type) throw new Failure('schema_refused', `expected a schema of type ${format.type} under the subject ${subject}, found one of type ${latest.type}`);
      return { writer: format.writer(latest.schema), id: latest.id, guid: latest.guid };
    }
    if (autoRegister) return { writer: schema.writer, ...(await client.register(subject, format.type, schema.text)) };
    const found = await client.lookup(subject, format.type, schema.text);
    if (found === null) throw new Failure('schema_not_registered', `expected the schema under the subject ${subject}, found it not registered`);
    return { writer: schema.writer, id: found.id, guid: found.guid };
  }

  #subject(topic: string, name: string | null): string {
    const { subject, part } = this.#settings;
    if (typeof subject === 'object') return subject.name;
    if (subject === 'topic') return `${topic}-${part}`;
    if (name === null) throw new Failure('config_invalid', `subject: ${subject} needs a schema with a name, in a file`);
    return subject === 'record' ? name : `${topic}-${name}`;
  }
}

/** Bytes of Protobuf's message indexes: a count and so many numbers, as zig-zag varints; a single zero byte stands for the first message. */
function indexesLength(payload: Uint8Array): number {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = payload[at++] ?? 0;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 1;
    }
  };
  const count = varint();
  for (let index = 0; index < count; index++) varint();
  return at;
}
