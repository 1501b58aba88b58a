import * as z from 'zod';
import { defineTransform } from '../component.ts';

/** Brings several streams together. */
export const merge = defineTransform({
  type: 'merge',
  summary: 'Passes on the records of several nodes as one stream. Order holds within each of them, not across.',
  example: `
transforms:
  all:
    type: merge
    from: [events, more_events]
`,
  manyInputs: true,
  config: z.strictObject({}),
  build() {
    return {
      process({ records }, out) {
        for (const record of records) out.forward(record);
      }
    };
  }
});
