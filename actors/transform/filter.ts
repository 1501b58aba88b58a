import * as z from 'zod';
import { defineTransform } from '../component.ts';
import { asFailure, Failure } from '../failure.ts';
import { expression } from '../options.ts';
import { isTombstone } from '../record.ts';

/** Keeps the records for which an expression is true. */
export const filter = defineTransform({
  type: 'filter',
  summary:
    'Keeps the records for which an expression is true and drops the others, counted as filtered. A tombstone passes when the expression reads value.',
  example: `
transforms:
  real:
    type: filter
    from: events
    where: value.source != "test"
`,
  config: z.strictObject({
    where: expression().describe('An expression that gives true for the records to keep. Anything but true or false is a failure of the record.')
  }),
  build({ where }, context) {
    const keep = context.expression(where, ['where'], 'bool');
    const readsValue = context.uses(where, 'value');
    return {
      process({ records, now }, out) {
        for (const record of records) {
          if (readsValue && isTombstone(record)) {
            out.forward(record);
            continue;
          }
          let result: unknown;
          try {
            result = keep(record, now);
          } catch (error) {
            out.failed(record, asFailure(error, 'expression_failed'));
            continue;
          }
          if (result === true) out.forward(record);
          else if (result === false) out.filtered(record);
          else out.failed(record, new Failure('expression_failed', `where: expected true or false, found ${typeof result}`));
        }
      }
    };
  }
});
