import type { ScriptBatch } from 'millrace';
import script from './record.ts';

/** The same for a whole batch. */
export const batch: ScriptBatch<{ above: number }> = (records, out, options) => {
  for (const record of records) script(record, out, options);
};
