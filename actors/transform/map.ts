import * as z from 'zod';
import type { Expression } from '../component.ts';
import { defineTransform } from '../component.ts';
import { asFailure, Failure } from '../failure.ts';
import type { PathTree } from '../fields.ts';
import { absent, Draft, dropFields, isObject, keepFields, pathTree, readField } from '../fields.ts';
import { expression, fieldPath } from '../options.ts';
import type { StreamRecord } from '../record.ts';
import { changeRecord, isTombstone } from '../record.ts';

/** Changes the fields of a record's value. */
export const map = defineTransform({
  type: 'map',
  summary:
    'Changes fields of the value, which must be an object: first rename, then keep, then remove, then set. Expressions see the record as it came in. A record it leaves as it was keeps its original bytes. A tombstone passes unchanged.',
  example: `
transforms:
  stamped:
    type: map
    from: events
    rename: { usr: user }
    remove: [password, user.email]
    set:
      processed_at: now()
      total: value.amount * 1.2
      user.known: "true"
`,
  config: z.strictObject({
    rename: z
      .record(fieldPath(), fieldPath())
      .optional()
      .describe('Fields to rename, old: new, in the order they are written. A field that is not there is left out; one already there under the new name is replaced.'),
    keep: z.array(fieldPath()).optional().describe('Fields to keep; all others go. Names are those after rename.'),
    remove: z.array(fieldPath()).optional().describe('Fields to remove where they are there.'),
    set: z
      .record(fieldPath(), expression())
      .optional()
      .describe('Fields to set, each with an expression for its value. Objects on the way to a nested field are made where they are missing.')
  }),
  build(config, context) {
    const changes: Changes = {
      rename: Object.entries(config.rename ?? {}).map(([from, to]) => ({ from: from.split('.'), to: to.split('.') })),
      keep: config.keep === undefined ? null : pathTree(config.keep.map((path) => path.split('.'))),
      remove: config.remove === undefined ? null : pathTree(config.remove.map((path) => path.split('.'))),
      set: Object.entries(config.set ?? {}).map(([path, source]) => ({
        name: path,
        path: path.split('.'),
        expression: context.expression(source, ['set', path])
      }))
    };
    if (Object.keys(config).length === 0) {
      context.problem([], 'missing_option', 'expected at least one of rename, keep, remove and set', 'add set: { field: expression }');
    }
    return {
      process({ records, now }, out) {
        for (const record of records) {
          if (isTombstone(record)) {
            out.forward(record);
            continue;
          }
          let result: StreamRecord;
          try {
            result = apply(changes, record, now);
          } catch (error) {
            out.failed(record, asFailure(error, 'expression_failed'));
            continue;
          }
          out.forward(result);
        }
      }
    };
  }
});

interface Changes {
  readonly rename: readonly { readonly from: readonly string[]; readonly to: readonly string[] }[];
  readonly keep: PathTree | null;
  readonly remove: PathTree | null;
  readonly set: readonly { readonly name: string; readonly path: readonly string[]; readonly expression: Expression }[];
}

/** The changed record, or the same one where nothing changed. Throws a poison `Failure`. */
function apply(changes: Changes, record: StreamRecord, now: number): StreamRecord {
  const value = record.value;
  if (!isObject(value)) throw new Failure('expression_failed', `map: expected an object, found ${typeName(value)}`);
  let draft = new Draft(value);
  for (const { from, to } of changes.rename) {
    const field = readField(draft.root, from);
    if (field === absent) continue;
    draft.remove(from);
    setField(draft, to, field);
  }
  if (changes.keep !== null) {
    const kept = keepFields(draft.root, changes.keep);
    if (kept !== draft.root) draft = new Draft(kept, true);
  }
  if (changes.remove !== null) {
    const left = dropFields(draft.root, changes.remove);
    if (left !== draft.root) draft = new Draft(left, true);
  }
  for (const { name, path, expression: evaluate } of changes.set) {
    const result = evaluate(record, now);
    if (result instanceof Uint8Array) {
      throw new Failure('expression_failed', `set ${name}: expected a value that JSON has, found bytes; use .base64() or .hex()`);
    }
    setField(draft, path, result);
  }
  return draft.root === value ? record : changeRecord(record, draft.root);
}

function setField(draft: Draft, path: readonly string[], value: unknown): void {
  if (draft.set(path, value)) return;
  throw new Failure('expression_failed', `map: expected an object on the way to ${path.join('.')}, found something else`);
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return value instanceof Uint8Array ? 'bytes' : typeof value;
}
