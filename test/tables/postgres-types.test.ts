import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readerOf } from '../../src/tables/postgres-types.ts';

describe('values of PostgreSQL', () => {
  for (const [type, id, text, value] of [
    ['bool', 16, 't', true],
    ['int2', 21, '-7', -7],
    ['int4', 23, '2147483647', 2147483647],
    ['int8', 20, '9223372036854775807', '9223372036854775807'],
    ['float8', 701, '1.5e-7', 1.5e-7],
    ['float8 that JSON does not have', 701, 'NaN', 'NaN'],
    ['numeric', 1700, '12.50', '12.50'],
    ['text', 25, 'Zoë', 'Zoë'],
    ['date', 1082, '2026-11-24', '2026-11-24'],
    ['timestamp', 1114, '2026-11-24 08:09:10.5', '2026-11-24T08:09:10.5'],
    ['timestamptz', 1184, '2026-11-24 08:09:10.123456+00', '2026-11-24T08:09:10.123456Z'],
    ['timestamptz without end', 1184, 'infinity', 'infinity'],
    ['timestamptz before Christ', 1184, '0044-03-15 12:00:00+00 BC', '0044-03-15 12:00:00+00 BC'],
    ['bytea', 17, '\\x00ff', 'AP8='],
    ['jsonb', 3802, '{"a":[1,null]}', { a: [1, null] }],
    ['int4[]', 1007, '{{1,2},{3,NULL}}', [[1, 2], [3, null]]],
    ['text[]', 1009, '{a,"b, \\"c\\"",NULL}', ['a', 'b, "c"', null]],
    ['interval, and whatever else', 1186, '1 day 02:00:00', '1 day 02:00:00']
  ] as const) {
    it(`${type}: ${text}`, () => { assert.deepEqual(readerOf(id)(text), value); });
  }
});
