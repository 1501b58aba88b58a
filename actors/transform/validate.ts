import * as z from 'zod';
import type { Expression, Validator } from '../component.ts';
import { defineTransform } from '../component.ts';
import { Failure } from '../failure.ts';
import { expression, name } from '../options.ts';
import type { StreamRecord } from '../record.ts';
import { isTombstone } from '../record.ts';

/** Fails the records that break a rule or a JSON Schema. */
export const validate = defineTransform({
  type: 'validate',
  summary:
    'Passes on the records that meet every rule and the JSON Schema; the others fail, and on_error says what happens to them. On a tombstone only the rules that do not read value are checked.',
  example: `
transforms:
  valid:
    type: validate
    from: events
    rules:
      has_user: has(value.user_id)
      amount_positive: value.amount > 0
    on_error: { dead_letter: events-dlq }
`,
  config: z.strictObject({
    rules: z
      .record(name(), expression())
      .optional()
      .describe('Rules by name, each an expression that gives true for a good record. All are checked, and the failure names every broken one.'),
    schema: z
      .string()
      .min(1)
      .optional()
      .describe('File with a JSON Schema (draft-07 or 2020-12) that values must meet, relative to the topology file.')
  }),
  build({ rules = {}, schema }, context) {
    if (Object.keys(rules).length === 0 && schema === undefined) {
      context.problem([], 'missing_option', 'expected rules or a schema', 'add rules: { name: expression }');
    }
    const compiled = Object.entries(rules).map(([key, source]) => ({
      name: key,
      test: context.expression(source, ['rules', key], 'bool'),
      readsValue: context.uses(source, 'value')
    }));
    const validator = schema === undefined ? null : context.schema(schema, ['schema']);
    return {
      process({ records, now }, out) {
        for (const record of records) {
          const failure = check(record, now, compiled, validator);
          if (failure === null) out.forward(record);
          else out.failed(record, failure);
        }
      }
    };
  }
});

interface Rule {
  readonly name: string;
  readonly test: Expression;
  readonly readsValue: boolean;
}

function check(record: StreamRecord, now: number, rules: readonly Rule[], validator: Validator | null): Failure | null {
  const tombstone = isTombstone(record);
  let broken: string[] | null = null;
  for (const rule of rules) {
    if (rule.readsValue && tombstone) continue;
    const fault = breach(rule, record, now);
    if (fault !== null) (broken ??= []).push(fault);
  }
  const violation = validator === null || tombstone ? null : validator(record.value);
  if (broken !== null) {
    const text = `rules broken: ${broken.join(', ')}`;
    return new Failure('rule_violation', violation === null ? text : `${text}; schema: ${violation}`);
  }
  return violation === null ? null : new Failure('schema_violation', violation);
}

/** How a record breaks a rule; null where it does not. A rule that cannot be evaluated is broken. */
function breach(rule: Rule, record: StreamRecord, now: number): string | null {
  try {
    const result = rule.test(record, now);
    if (result === true) return null;
    return result === false ? rule.name : `${rule.name} (gave ${typeof result} where true or false was expected)`;
  } catch (error) {
    return `${rule.name} (${error instanceof Error ? error.message : String(error)})`;
  }
}
