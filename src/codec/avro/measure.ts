import { Refusal } from './refusal.ts';
import type { RecordSchema, Schema } from './schema.ts';

/** Refuses records that have no finite value, because they contain themselves with no union, array or map between. */
export function requireFinite(records: readonly RecordSchema[]): void {
  const finite = new Set<Schema>();
  // From the inside out, so that one turn is enough but for records that refer to each other.
  let rest = records.toReversed();
  for (;;) {
    const left = rest.filter((record) => {
      if (!record.fields.every(({ type }) => isFinite(type, finite))) return true;
      finite.add(record);
      return false;
    });
    if (left.length === 0) return;
    if (left.length === rest.length) throw new Refusal('schema_unusable', 'records that can end', `${left[0]?.name ?? 'a record'}, which contains itself`);
    rest = left;
  }
}

function isFinite(schema: Schema, finite: ReadonlySet<Schema>): boolean {
  if (schema.kind === 'union') return schema.branches.some((branch) => isFinite(branch, finite));
  return schema.kind !== 'record' || finite.has(schema);
}

const known = new WeakMap<Schema, boolean>();

/** Whether a value may take no bytes at all: null, nothing fixed, a record of such fields. */
export function mayBeEmpty(schema: Schema): boolean {
  if (schema.kind === 'fixed') return schema.size === 0;
  if (schema.kind !== 'record') return schema.kind === 'null';
  let empty = known.get(schema);
  if (empty === undefined) {
    empty = schema.fields.every(({ type }) => mayBeEmpty(type));
    known.set(schema, empty);
  }
  return empty;
}
