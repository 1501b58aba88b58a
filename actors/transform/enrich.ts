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
    into: fieldPath().describe('The field that takes the row. Objects on the way to a nested field are made where they are missing.'),
    missing: z
      .enum(['keep', 'drop', 'dead_letter'])
      .default('keep')
      .describe('What becomes of a record whose key has no row, or is null. keep: the field is null (a left join). drop: counted (an inner join). dead_letter: it fails with row_missing, and on_error says what happens to it.')
  }),
  build({ key: source, into, missing }, context): LookupLogic {
    const key = new GroupKey(source, context);
    const path = into.split('.');
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
              if (row !== undefined || missing === 'keep') out.forward(withRow(record, path, row ?? null));
              else if (missing === 'drop') out.filtered(record);
              else throw new Failure('row_missing', `table: expected a row, there is none under ${found === null ? 'the key null' : JSON.stringify(key.show(found))}`);
            } catch (error) {
              out.failed(record, asFailure(error, 'expression_failed'));
            }
          }
        }
      })
    };
  }
});

/** The record with the row as a field. Throws a poison `Failure`. */
function withRow(record: StreamRecord, path: readonly string[], row: StoreValue): StreamRecord {
  if (!isObject(record.value)) throw new Failure('expression_failed', 'into: expected an object as the value, found something else');
  const draft = new Draft(record.value);
  if (!draft.set(path, row)) throw new Failure('expression_failed', `into: expected an object on the way to ${path.join('.')}, found something else`);
  return changeRecord(record, draft.root);
}
