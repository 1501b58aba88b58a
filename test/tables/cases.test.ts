import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { emptyFolder } from '../support/scratch.ts';
import { linesOf, runSteps } from '../testing/support.ts';

const topology = (table: object): string => `
name: cased
broker: { type: embedded, path: ./data }
sources: { in: { type: kafka, topic: in } }
tables: { users: ${JSON.stringify(table)} }
transforms: { known: { type: enrich, from: in, table: users, key: value.id, into: user } }
sinks: { out: { type: kafka, from: known, topic: out } }
`;

const look = '- records: [{ topic: in, key: k, value: { id: a } }]';
const expected = (user: object | null): string => `- expect: { out: [{ value: { id: a, user: ${JSON.stringify(user)} } }] }`;

describe('tables in cases', () => {
  it('hold what was written to their topics before the record that looks them up, over restarts and days', async () => {
    const row = (n: number | null): string => `- records: [{ topic: users, key: a, value: ${n === null ? 'null' : `{ n: ${n} }`} }]`;
    const steps = [row(1), row(2), look, expected({ n: 2 }), '- restart: kill', row(3), look, expected({ n: 3 }), '- advance: 3d', row(null), look, expected(null), '- restart: stop', look, expected(null)];
    assert.deepEqual(linesOf(await runSteps(topology({ type: 'kafka', topic: 'users' }), steps.join('\n'))), []);
  });

  it('are read from their files', async () => {
    const path = join(emptyFolder(), 'users.csv');
    writeFileSync(path, 'id,n\na,1\n');
    assert.deepEqual(linesOf(await runSteps(topology({ type: 'file', path, key: 'id' }), [look, expected({ id: 'a', n: '1' }), '- advance: 1h', look, expected({ id: 'a', n: '1' })].join('\n'))), []);
  });

  it('say what they lack', async () => {
    const table = { type: 'file', path: '/nowhere/users.csv', key: 'id' };
    assert.deepEqual(linesOf(await runSteps(topology(table), [look, expected(null)].join('\n'))), ['this step does not come to an end: table users: /nowhere/users.csv: there is no such file.']);
  });
});
