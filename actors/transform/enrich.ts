import * as z from 'zod';
import { defineTransform } from '../component.ts';
import { asFailure, Failure } from '../failure.ts';
import { Draft, isObject } from '../fields.ts';
import { GroupKey } from '../keyed/group-key.ts';
import { expression, fieldPath, reference } from '../options.ts';
import type { StreamRecord } from '../record.ts';
import { changeRecord, isTombstone } from '../record.ts';
import type { StoreValue } from '../store.ts';
import type { LookupLogic } from '../table/table.ts';

/** Adds to each record the row of a table that it speaks of. */
export const enrich = defineTransform({
  type: 'enrich',
  table: 'entry',
  summary:
    'Looks a key up in an entry of tables, and sets the row that is there now as a field of the value, which must be an object. A row, a file or a query that changes later changes nothing that was sent. A tombstone passes unchanged.',
  example: `
tables:
  users:
    type: kafka
    topic: users
transforms:
  known:
    type: enrich
    from: events
    table: users
    key: value.user_id
    into: user
    missing: keep
`,
  config: z.strictObject({
    table: reference().describe('The entry of tables to look up in.'),
    key: expression().optional().describe("An expression for the key of the row: a text stands for itself, numbers and booleans for their text. Default: the record's own key."),
    into: fieldPath().optional().describe('The field that takes the row. Objects on the way to a nested field are made where they are missing. Default: with fields, the value itself takes them.'),
    fields: z
      .array(z.string().min(1).refine((field) => field !== '__proto__', { error: 'a field, such as country' }))
      .min(1, { error: 'at least one field' })
      .optional()
      .describe('Fields of the row to take, instead of all of it. One that a row does not have is null.'),
    missing: z
      .enum(['keep', 'drop', 'dead_letter'])
      .default('keep')
      .describe('What becomes of a record whose key has no row, or is null. keep: the field is null, or all fields are (a left join). drop: counted (an inner join). dead_letter: it fails with row_missing, and on_error says what happens to it.')
  }),
  build({ key: source, into, fields, missing }, context): LookupLogic {
    const key = new GroupKey(source, context);
    if (into === undefined && fields === undefined) context.problem([], 'missing_option', 'expected into, fields or both', 'add into: <field> for the whole row, or fields: [<field>, …]');
    const place: Place = { path: into?.split('.') ?? null, fields: fields ?? null };
    return {
      open: (table) => ({
        process({ records, now }, out) {
          for (const record of records) {
            if (isTombstone(record)) {
              out.forward(record);
              continue;
            }
            try {
              const found = key.find(record, now);
              const row = found === null ? undefined : table.get(found);
              if (row !== undefined || missing === 'keep') out.forward(withRow(record, place, row ?? null));
              else if (missing === 'drop') out.filtered(record);
              else throw new Failure('row_missing', `table: expected a row, there is none under ${found === null ? 'the key null' : JSON.stringify(key.show(found))}`);
            } catch (error) {
              const failure = asFailure(error, 'expression_failed');
              // A table that cannot be looked up in says nothing against the record.
              if (failure.kind !== 'poison') throw failure;
              out.failed(record, failure);
            }
          }
        }
      })
    };
  }
});

/** Where a row goes, and what of it; null: into the value itself, and all of it. */
interface Place {
  readonly path: readonly string[] | null;
  readonly fields: readonly string[] | null;
}

/** The record with the row in its place. Throws a poison `Failure`. */
function withRow(record: StreamRecord, { path, fields }: Place, row: StoreValue): StreamRecord {
  if (!isObject(record.value)) throw new Failure('expression_failed', 'enrich: expected an object as the value, found something else');
  const taken = fields === null ? row : row === null && path !== null ? null : fieldsOf(row, fields);
  if (path === null) return changeRecord(record, { ...record.value, ...(taken as Readonly<Record<string, StoreValue>>) });
  const draft = new Draft(record.value);
  if (!draft.set(path, taken)) throw new Failure('expression_failed', `into: expected an object on the way to ${path.join('.')}, found something else`);
  return changeRecord(record, draft.root);
}

function fieldsOf(row: StoreValue, fields: readonly string[]): Record<string, StoreValue> {
  const taken: Record<string, StoreValue> = {};
  for (const field of fields) taken[field] = isObject(row) && Object.hasOwn(row, field) ? (row[field] as StoreValue) : null;
  return taken;
}
