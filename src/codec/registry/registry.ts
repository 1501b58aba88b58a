import type { SchemaText } from './schema-text.ts';
import type { SchemaType } from './schema-body.ts';
import type { RegistrySettings } from './settings.ts';

/** A schema as the registry has it. */
export interface RegisteredSchema {
  readonly type: SchemaType;
  readonly schema: SchemaText;
}

/** A schema under a subject. */
export interface SubjectSchema extends RegisteredSchema {
  readonly id: number;
  readonly version: number;
  /** Its id everywhere, as in headers; null where the registry gives none. */
  readonly guid: string | null;
}

/** What the registry thinks of a schema as the next version of a subject. */
export interface Compatibility {
  readonly compatible: boolean;
  readonly messages: readonly string[];
}

/** A schema registry. Methods reject with a `Failure`: `registry_unavailable` or `registry_refused`. */
export interface Registry {
  readonly settings: RegistrySettings;
  /** The schema that an id (a number) or a GUID (a text) stands for; null where the registry has none. */
  byId(id: number | string): Promise<RegisteredSchema | null>;
  /** The newest version of a subject; null where there is none. */
  latest(subject: string): Promise<SubjectSchema | null>;
  /** A schema as the subject has it, looked up by its text; null where it does not. */
  lookup(subject: string, type: SchemaType, schema: SchemaText): Promise<SubjectSchema | null>;
  /** Puts a schema under a subject, where it is not there yet. Rejects with `schema_refused` where the subject's rule of compatibility, or the registry, does not take it. */
  register(subject: string, type: SchemaType, schema: SchemaText): Promise<{ readonly id: number; readonly guid: string | null }>;
  /** Whether a schema could become the next version of a subject; a subject that is not there takes any. */
  compatible(subject: string, type: SchemaType, schema: SchemaText): Promise<Compatibility>;
  /** The subjects that have a schema of this id; none where the registry does not say. */
  subjectsOf(id: number | string): Promise<readonly string[]>;
  /** The number of subjects: that the registry answers, and lets us in. */
  ping(): Promise<number>;
  close(): void;
}
