import { Failure } from '../../../actors/failure.ts';
import { RegistryDisk } from './disk.ts';
import type { RegistryAnswer, RegistryRequest } from './http.ts';
import { messageOf, RegistryHttp, registryPauses } from './http.ts';
import { Lru } from './lru.ts';
import type { SchemaText } from './schema-text.ts';
import type { Compatibility, RegisteredSchema, Registry, SubjectSchema } from './registry.ts';
import { parseReferences, SchemaBody } from './schema-body.ts';
import type { SchemaType, WrittenReference } from './schema-body.ts';
import type { RegistrySettings } from './settings.ts';

/** Milliseconds for which it is not asked again for what it did not have: an id seldom comes later, a subject somebody may be about to make. */
const negativeAge = { id: 30_000, subject: 5000 };

/** Schemas that refer to each other further than this are refused. */
const deepestReference = 20;

/**
 * A schema registry with Confluent's HTTP API (https://docs.confluent.io/platform/current/schema-registry/develop/api.html), as Apicurio, Karapace and Redpanda have it too.
 * Whatever was learned is kept, in memory and on disk, so that an outage stops nothing that is known already. Methods throw a `Failure`: `registry_unavailable` or `registry_refused`.
 */
export class RegistryClient implements Registry {
  readonly #http: RegistryHttp;
  readonly #disk: RegistryDisk | null;
  readonly #schemas: Lru<string, RegisteredSchema>;
  readonly #missing: Lru<string, number>;
  readonly #asking = new Map<string, Promise<unknown>>();
  readonly settings: RegistrySettings;

  /** Without a folder nothing is kept on disk. `pauses`: milliseconds between tries. */
  constructor(settings: RegistrySettings, folder: string | null, pauses = registryPauses) {
    this.settings = settings;
    this.#http = new RegistryHttp(settings, pauses);
    this.#disk = folder === null ? null : new RegistryDisk(folder, settings.urls);
    this.#schemas = new Lru(settings.cache);
    this.#missing = new Lru(settings.cache);
  }

  byId(id: number | string): Promise<RegisteredSchema | null> {
    const path = typeof id === 'number' ? `/schemas/ids/${id}` : `/schemas/guids/${encodeURIComponent(id)}`;
    return this.#schema(path, 0);
  }

  async latest(subject: string): Promise<SubjectSchema | null> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions/latest`;
    return this.#once(path, async () => {
      const body = await this.#known(path, { method: 'GET', path }, negativeAge.subject);
      return body === null ? null : this.#inSubject(body);
    });
  }

  async lookup(subject: string, type: SchemaType, schema: SchemaText): Promise<SubjectSchema | null> {
    const path = `/subjects/${encodeURIComponent(subject)}`;
    const body = new SchemaBody(type, schema, await this.#referred(type, schema, false));
    const key = `${path} ${body.text}`;
    return this.#once(key, async () => {
      const found = await this.#known(key, { method: 'POST', path, body: body.json }, negativeAge.subject);
      return found === null ? null : this.#inSubject(found);
    });
  }

  async register(subject: string, type: SchemaType, schema: SchemaText): Promise<{ readonly id: number; readonly guid: string | null }> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions`;
    const body = new SchemaBody(type, schema, await this.#referred(type, schema, true));
    const key = `${path} ${body.text}`;
    return this.#once(key, async () => {
      const answer = await this.#ask(key, { method: 'POST', path, body: body.json });
      if (answer.status >= 300) throw new Failure('schema_refused', `The registry does not take the schema under the subject ${subject}${messageOf(answer.body)}`);
      return { id: numberOf(answer.body, 'id'), guid: textOf(answer.body, 'guid') };
    });
  }

  async compatible(subject: string, type: SchemaType, schema: SchemaText): Promise<Compatibility> {
    const path = `/compatibility/subjects/${encodeURIComponent(subject)}/versions/latest?verbose=true`;
    const body = new SchemaBody(type, schema, await this.#referred(type, schema, false));
    const answer = await this.#http.ask({ method: 'POST', path, body: body.json });
    if (answer.status === 404) return { compatible: true, messages: [] };
    if (answer.status >= 300) return { compatible: false, messages: [`the registry refuses it${messageOf(answer.body)}`] };
    const { is_compatible: compatible, messages } = answer.body as { is_compatible?: unknown; messages?: unknown };
    return { compatible: compatible === true, messages: Array.isArray(messages) ? messages.filter((each) => typeof each === 'string') : [] };
  }

  async subjectsOf(id: number | string): Promise<readonly string[]> {
    if (typeof id === 'string') return [];
    const { body } = await this.#http.ask({ method: 'GET', path: `/schemas/ids/${id}/versions` });
    return Array.isArray(body) ? body.flatMap((each: unknown) => textOf(each, 'subject') ?? []) : [];
  }

  async ping(): Promise<number> {
    const answer = await this.#http.ask({ method: 'GET', path: '/subjects' }, true);
    return Array.isArray(answer.body) ? answer.body.length : 0;
  }

  close(): void {
    this.#http.close();
  }

  async #schema(path: string, depth: number): Promise<RegisteredSchema | null> {
    const kept = this.#schemas.get(path);
    if (kept !== undefined) return kept;
    return this.#once(path, async () => {
      const body = await this.#known(path, { method: 'GET', path }, negativeAge.id);
      if (body === null) return null;
      const schema = await this.#parse(body, depth);
      this.#schemas.set(path, schema);
      return schema;
    });
  }

  async #inSubject(body: unknown): Promise<SubjectSchema> {
    return { ...(await this.#parse(body, 0)), id: numberOf(body, 'id'), version: numberOf(body, 'version'), guid: textOf(body, 'guid') };
  }

  async #parse(body: unknown, depth: number): Promise<RegisteredSchema> {
    if (depth > deepestReference) throw new Failure('schema_unusable', `The schema refers to others more than ${deepestReference} levels deep.`);
    const references = [];
    for (const { name, subject, version } of parseReferences(body)) {
      const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}`;
      const schema = await this.#schema(path, depth + 1);
      if (schema === null) throw new Failure('schema_unusable', `The schema refers to version ${version} of the subject ${subject}, which the registry does not have.`);
      references.push({ name, subject, version, schema: schema.schema });
    }
    return { type: typeOf(body), schema: { text: textOf(body, 'schema') ?? '', references } };
  }

  /** References as they are sent. Those of the registry carry subject and version; those of a file are looked up under their name, and registered there where the schema itself is to be. */
  async #referred(type: SchemaType, schema: SchemaText, register: boolean): Promise<WrittenReference[]> {
    const written: WrittenReference[] = [];
    for (const { name, schema: referred, subject = name, version } of schema.references) {
      if (register && version === undefined) await this.register(subject, type, referred);
      written.push({ name, subject, version: version ?? (await this.#versionOf(subject, type, referred)) });
    }
    return written;
  }

  async #versionOf(subject: string, type: SchemaType, schema: SchemaText): Promise<number> {
    const found = (await this.lookup(subject, type, schema)) ?? (await this.latest(subject));
    if (found === null) throw new Failure('schema_not_registered', `The schema refers to ${subject}, and the registry has no subject of that name.`);
    return found.version;
  }

  /** The body of an answer, or what was kept of one where the registry is away; null for one that says: not here. */
  async #known(key: string, request: RegistryRequest, age: number): Promise<unknown> {
    const missing = this.#missing.get(key);
    if (missing !== undefined && Date.now() - missing < age) return null;
    const answer = await this.#ask(key, request);
    if (answer.status < 300) return answer.body;
    this.#missing.set(key, Date.now());
    return null;
  }

  async #ask(key: string, request: RegistryRequest): Promise<RegistryAnswer> {
    const kept = this.#disk?.get(key);
    try {
      const answer = await this.#http.ask(request, kept !== undefined);
      if (answer.status < 300) this.#disk?.put(key, answer.body);
      return answer;
    } catch (error) {
      if (kept === undefined || !(error instanceof Failure) || error.code !== 'registry_unavailable') throw error;
      return { status: 200, body: kept };
    }
  }

  /** Whoever asks the same meanwhile gets the same answer. */
  #once<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const asking = this.#asking.get(key) as Promise<T> | undefined;
    if (asking !== undefined) return asking;
    const asked = ask().finally(() => { this.#asking.delete(key); });
    this.#asking.set(key, asked);
    return asked;
  }
}

function textOf(body: unknown, name: string): string | null {
  const value = typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>)[name] : null;
  return typeof value === 'string' ? value : null;
}

function numberOf(body: unknown, name: string): number {
  const value = typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>)[name] : null;
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  throw new Failure('registry_unavailable', `The schema registry answered without ${name}; is this the URL of a schema registry?`);
}

/** Avro where the registry does not say, as its API has it. */
function typeOf(body: unknown): SchemaType {
  const type = textOf(body, 'schemaType') ?? 'AVRO';
  if (type === 'AVRO' || type === 'PROTOBUF' || type === 'JSON') return type;
  throw new Failure('schema_unusable', `The registry has a schema of type ${type}, which is none of AVRO, PROTOBUF and JSON.`);
}
