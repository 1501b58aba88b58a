import { createHash } from 'node:crypto';
import type { RegisteredSchema, Registry, SubjectSchema } from '../codec/registry/registry.ts';
import type { RegistrySettings } from '../codec/registry/settings.ts';
import type { SchemaText } from '../codec/registry/schema-text.ts';

type Type = RegisteredSchema['type'];

/** The schema registry of a case: in memory, takes every schema, and has each under whatever subject it is looked up. */
export class MemoryRegistry implements Registry {
  readonly settings: RegistrySettings;
  readonly #schemas: RegisteredSchema[] = [];
  readonly #subjects = new Map<string, number[]>();

  constructor(settings: RegistrySettings) {
    this.settings = settings;
  }

  byId(id: number | string): Promise<RegisteredSchema | null> {
    const index = typeof id === 'number' ? id - 1 : this.#schemas.findIndex((_, each) => guidOf(each + 1) === id);
    return Promise.resolve(this.#schemas[index] ?? null);
  }

  latest(subject: string): Promise<SubjectSchema | null> {
    const id = this.#subjects.get(subject)?.at(-1);
    return Promise.resolve(id === undefined ? null : this.#inSubject(subject, id));
  }

  lookup(subject: string, type: Type, schema: SchemaText): Promise<SubjectSchema> {
    return Promise.resolve(this.#inSubject(subject, this.#put(subject, type, schema)));
  }

  register(subject: string, type: Type, schema: SchemaText): Promise<{ readonly id: number; readonly guid: string }> {
    const id = this.#put(subject, type, schema);
    return Promise.resolve({ id, guid: guidOf(id) });
  }

  compatible(): Promise<{ readonly compatible: true; readonly messages: readonly string[] }> {
    return Promise.resolve({ compatible: true, messages: [] });
  }

  subjectsOf(id: number | string): Promise<readonly string[]> {
    return Promise.resolve([...this.#subjects].flatMap(([subject, ids]) => (ids.some((each) => each === id) ? [subject] : [])));
  }

  ping(): Promise<number> {
    return Promise.resolve(this.#subjects.size);
  }

  close(): void {
    // Nothing is open.
  }

  #put(subject: string, type: Type, schema: SchemaText): number {
    const text = JSON.stringify(schema);
    let index = this.#schemas.findIndex((each) => each.type === type && JSON.stringify(each.schema) === text);
    if (index < 0) index = this.#schemas.push({ type, schema }) - 1;
    const ids = this.#subjects.get(subject) ?? [];
    if (!ids.includes(index + 1)) this.#subjects.set(subject, [...ids, index + 1]);
    return index + 1;
  }

  #inSubject(subject: string, id: number): SubjectSchema {
    return { ...(this.#schemas[id - 1] as RegisteredSchema), id, version: (this.#subjects.get(subject) ?? []).indexOf(id) + 1, guid: guidOf(id) };
  }
}

function guidOf(id: number): string {
  const hex = createHash('sha256').update(String(id)).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}
