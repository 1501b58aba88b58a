import type { JsonSchema } from '../topology/generate-schema.ts';
import { toSchema } from '../topology/generate-schema.ts';
import { casesSchema } from './format.ts';

/** The JSON Schema of files of cases, for completion and checks while one is written. */
export function generateCasesSchema(): JsonSchema {
  return { $schema: 'http://json-schema.org/draft-07/schema#', title: 'Cases of a Millrace topology', ...toSchema(casesSchema) };
}
