import * as z from 'zod';
import { defineTable } from '../component.ts';
import { duration } from '../options.ts';

const urlForm = 'a URL such as postgres://user:password@host:5432/database';

/** A table of the rows that a query gives. */
export const postgresTable = defineTable({
  type: 'postgres',
  summary:
    'The rows that a query of PostgreSQL gives, asked by every daemon, and again and again; a new answer takes the place of the old one all at once. Where the database does not answer the rows stay, and the log and /readyz say why and how old they are.',
  example: `
tables:
  customers:
    type: postgres
    url: \${env:DATABASE_URL:-postgres://127.0.0.1/shop}
    query: select id, name, tier from customers
    key: id
    refresh: 5m
transforms:
  known: { type: enrich, from: orders, table: customers, key: value.customer, into: customer }
`,
  config: z.strictObject({
    url: z
      .string({ error: urlForm })
      .min(1)
      .describe('Where the database is, and as whom it is asked: postgres://user:password@host:5432/database, with ?sslmode=verify-full where it shall be TLS. From a secret: ${env:DATABASE_URL} or ${file:/run/secrets/database}. A role that may only read will do.'),
    query: z
      .string()
      .min(1)
      .describe(
        'A query, run in a read-only transaction. Each row becomes an object of its columns: int2, int4, float4 and float8 are numbers, int8 and numeric texts (a number could not hold them all), bool a boolean, timestamps ISO 8601 (with Z where they have a zone), bytea base64, json and jsonb what they hold, arrays of these arrays; all else is the text that PostgreSQL shows.'
      ),
    key: z.string().min(1).describe('The column that is the key of a row: neither null nor twice the same. A text stands for itself, numbers and booleans for their text.'),
    refresh: duration({ min: 1000 }).prefault('1m').describe('How long after an answer the query is run again.'),
    timeout: duration({ min: 1000 }).prefault('1m').describe('How long an answer, or the next part of it, is waited for; the server ends the query then.')
  }),
  build({ url, query, key, refresh, timeout }, context) {
    // Not a check of the schema, which would show what it found: there may be a password in it.
    if (!/^postgres(ql)?:\/\//.test(url)) context.problem(['url'], 'bad_value', `expected ${urlForm}`, 'what is there is not shown: it may be secret');
    return { from: 'postgres', url, query, key, refresh, timeout };
  }
});
