import * as z from 'zod';
import { defineTable } from '../component.ts';
import { duration, fieldPath } from '../options.ts';

const formats = ['csv', 'ndjson', 'json'] as const;

/** A table of the rows of a file. */
export const fileTable = defineTable({
  type: 'file',
  summary:
    'The rows of a file, read whole by every daemon, and again when it changes; a new state of it takes the place of the old one all at once. A file that cannot be used, because of its syntax, a row without a key, a key that is there twice, or because it is empty, changes nothing: the rows stay, and the log and /readyz say why.',
  example: `
tables:
  airports:
    type: file
    path: data/airports.csv
    key: code
transforms:
  placed: { type: enrich, from: flights, table: airports, key: value.origin, into: airport }
`,
  config: z.strictObject({
    path: z.string().min(1).describe('The file, relative to the topology file. To change it, write another and rename it: a file that is read while it is written may be taken for whole.'),
    key: fieldPath().describe('The field of a row that is its key, such as code or address.zip: a text stands for itself, numbers and booleans for their text.'),
    format: z
      .enum(formats)
      .optional()
      .describe('csv: RFC 4180 with a header row, which names the fields; all values are texts. ndjson: an object per line. json: an array of objects. All of them UTF-8. Default: by the ending of the path.'),
    refresh: duration({ min: 100 }).prefault('5s').describe('How often the file is looked at. It is read only where its time, size or identity have changed, and taken only where its contents have.')
  }),
  build({ path, key, format, refresh }, context) {
    const ending = path.slice(path.lastIndexOf('.') + 1).toLowerCase();
    const found = format ?? formats.find((each) => each === ending || (each === 'ndjson' && ending === 'jsonl'));
    if (found === undefined) context.problem(['path'], 'bad_value', 'expected a file that ends with .csv, .ndjson or .json', 'or say format: csv, ndjson or json');
    return { from: 'file', path: context.path(path), format: found ?? 'json', key: key.split('.'), codec: context.plain('json'), refresh };
  }
});
