import type { Codec, Part } from '../../actors/codec.ts';
import { asFailure, Failure } from '../../actors/failure.ts';
import type { Header } from '../../actors/record.ts';
import { FramedWriter } from './framed-writer.ts';
import type { PayloadReader, SchemaFormat } from './format.ts';
import type { Registry } from './registry/registry.ts';
import { behindGuid, headerGuid, headerValue, prefixId, prefixLength, schemaHeader } from './registry/frame.ts';
import type { SchemaText } from './registry/schema-text.ts';
import { Lru } from './registry/lru.ts';

/** What a reader of records with schema ids is made of. */
export interface FramedReaderSettings {
  readonly format: SchemaFormat;
  readonly client: Registry;
  readonly part: Part;
  /** `confluent` takes the id before the payload, and the one in a header where there is one; `header` that alone. */
  readonly framing: 'confluent' | 'header';
  /** What all records are read as, for messages; null where each is read as it was written. */
  readonly readAs: ReadAs | null;
  readonly exotic: boolean;
}

/** The schema that records are read as. */
export interface ReadAs {
  /** Its file. */
  readonly label: string;
  readonly text: SchemaText;
  /** Its id in the registry; null where it is not there. `writer` is the id of a schema under the same subject. */
  id(writer: number | string): Promise<number | null>;
}

/** What came of a schema: a reader, or why there is none. */
interface Entry {
  readonly reader: PayloadReader | null;
  readonly failure: Failure | null;
  /** Until when, in milliseconds since 1970, it is not asked for again. */
  readonly until: number;
}

/** Milliseconds for which a schema that the registry does not have is not asked for. */
const negativeAge = 30_000;

/** Reads records that name their schema by an id of the registry. A schema is got and compiled once; records that wait for it hold back those behind them. */
export class FramedReader implements Codec {
  readonly id: string;
  readonly exotic: boolean;
  readonly #settings: FramedReaderSettings;
  readonly #header: string;
  readonly #entries: Lru<number | string, Entry>;
  readonly #loading = new Map<number | string, Promise<void>>();

  constructor(settings: FramedReaderSettings) {
    this.#settings = settings;
    this.id = `${settings.framing}:${settings.format.id}`;
    this.exotic = settings.exotic;
    this.#header = schemaHeader(settings.part);
    this.#entries = new Lru(settings.client.settings.cache);
  }

  beforeDecode(bytes: Uint8Array, headers: readonly Header[]): Promise<void> | null {
    const id = this.#idOf(bytes, headers);
    if (id === null) return null;
    const entry = this.#entries.get(id);
    if (entry !== undefined && (entry.reader !== null || entry.until > Date.now())) return null;
    let loading = this.#loading.get(id);
    if (loading === undefined) {
      loading = this.#load(id).finally(() => { this.#loading.delete(id); });
      this.#loading.set(id, loading);
    }
    return loading;
  }

  decode(bytes: Uint8Array, headers: readonly Header[]): unknown {
    const id = this.#idOf(bytes, headers);
    if (id === null) throw this.#noId(bytes);
    const entry = this.#entries.get(id);
    if (entry === undefined) throw new Error('a schema is got before it is used');
    if (entry.reader === null) throw entry.failure ?? new Failure('schema_unknown', String(id));
    try {
      return entry.reader.read(typeof id === 'number' ? bytes.subarray(prefixLength) : this.#payload(bytes, headers));
    } catch (error) {
      const failure = asFailure(error, 'undecodable');
      throw new Failure(failure.code, `${failure.message} (written with schema ${id})`);
    }
  }

  /** Whether what the topic's subject has newest can be read. */
  async check(topic: string): Promise<readonly string[]> {
    const { client, part, readAs, format } = this.#settings;
    const latest = await client.latest(`${topic}-${part}`);
    if (latest === null || latest.type !== format.type) return [];
    try {
      format.reader(latest.schema);
      return [];
    } catch (error) {
      return [`the latest schema of the subject ${topic}-${part} (${latest.id}) cannot be read${readAs === null ? '' : ` as ${readAs.label}`}: ${asFailure(error, 'schema_unusable').message}`];
    }
  }

  counterpart(): Codec {
    const { format, client, part, framing, readAs } = this.#settings;
    if (readAs === null) throw new Failure('config_invalid', 'expected a schema in a file to write values with; without one a case gives bytes as base64');
    return new FramedWriter({ format, client, part, framing, schema: { text: readAs.text, writer: format.writer(readAs.text) }, subject: 'topic', autoRegister: true });
  }

  encode(): Uint8Array {
    throw new Error('this codec reads');
  }

  #idOf(bytes: Uint8Array, headers: readonly Header[]): number | string | null {
    if (headers.length > 0) {
      const value = headerValue(headers, this.#header);
      const guid = value === null ? null : headerGuid(value);
      if (guid !== null) return guid;
    }
    return this.#settings.framing === 'confluent' ? prefixId(bytes) : null;
  }

  #noId(bytes: Uint8Array): Failure {
    if (this.#settings.framing === 'header') return new Failure('undecodable', `expected the GUID of a schema in the header ${this.#header}, found none`);
    const found = bytes.length < prefixLength ? `${bytes.length} bytes` : `a first byte ${bytes[0]}`;
    return new Failure('undecodable', `expected a zero byte and the id of a schema before the payload, found ${found}`);
  }

  /** Protobuf's message indexes are behind the GUID in the header; a reader expects them before the payload. */
  #payload(bytes: Uint8Array, headers: readonly Header[]): Uint8Array {
    const indexes = behindGuid(headerValue(headers, this.#header) as Uint8Array);
    return indexes.length === 0 ? bytes : Buffer.concat([indexes, bytes]);
  }

  async #load(id: number | string): Promise<void> {
    try {
      this.#entries.set(id, { reader: await this.#compile(id), failure: null, until: Infinity });
    } catch (error) {
      const failure = asFailure(error, 'schema_unusable');
      if (failure.kind !== 'poison') throw failure;
      this.#entries.set(id, { reader: null, failure, until: failure.code === 'schema_unknown' ? Date.now() + negativeAge : Infinity });
    }
  }

  async #compile(id: number | string): Promise<PayloadReader> {
    const { client, format, readAs } = this.#settings;
    const found = await client.byId(id);
    if (found === null) throw new Failure('schema_unknown', `expected a schema with the id ${id} in the registry, found none`);
    if (found.type !== format.type) throw new Failure('schema_unusable', `expected a schema of type ${format.type}, found schema ${id} of type ${found.type}`);
    try {
      return format.reader(found.schema);
    } catch (error) {
      const failure = asFailure(error, 'schema_unusable');
      if (failure.code !== 'schema_incompatible' || readAs === null) throw new Failure(failure.code, `schema ${id}: ${failure.message}`);
      const own = await readAs.id(id).catch(() => null);
      throw new Failure(failure.code, `schema ${id} cannot be read as ${own === null ? readAs.label : `schema ${own} (${readAs.label})`}: ${failure.message}`);
    }
  }
}
