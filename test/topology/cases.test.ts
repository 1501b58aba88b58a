import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { formatProblem } from '../../src/topology/format.ts';
import { loadTopologies } from '../../src/topology/load.ts';
import { problemCodes } from '../../src/topology/problem.ts';
import { evidence } from '../support/evidence.ts';
import { secret } from '../support/secrets.ts';

/* Each case is a topology with mistakes and, beside it, the places and codes that must be reported: no more, no fewer. */

for (const word of ['s3cret', 'hidden-word']) secret(word);
const folder = join(import.meta.dirname, 'cases');
const cases = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

describe('topologies with mistakes', () => {
  for (const name of cases) {
    it(`reports every mistake of ${name}, each at its place`, () => {
      const { plans, problems } = loadTopologies([join(folder, name)], { env: {} });
      evidence('problem', problems.map(formatProblem).join('\n'));
      const expected = readFileSync(join(folder, name.replace('.yaml', '.expected')), 'utf8').trim().split('\n');
      const found = problems.map(({ line, column, code }) => `${line}:${column} ${code}`);
      assert.deepEqual(found, expected, problems.map(formatProblem).join('\n'));
      assert.deepEqual(plans, []);
    });
  }

  it('reports ten mistakes of ten lines in well under a second', () => {
    const started = performance.now();
    const { problems } = loadTopologies([join(folder, 'ten-mistakes.yaml')], { env: {} });
    assert.equal(problems.length, 10);
    assert.equal(new Set(problems.map(({ line }) => line)).size, 10);
    assert.ok(performance.now() - started < 1000);
  });

  it('uses only codes that the reference lists, and a message of one line', () => {
    const { problems } = loadTopologies([folder], { env: {} });
    for (const problem of problems) {
      assert.ok(Object.hasOwn(problemCodes, problem.code), problem.code);
      assert.doesNotMatch(formatProblem(problem), /\n/);
    }
  });

  it('has a case for every code that one file can have', () => {
    const { problems } = loadTopologies([folder], { env: {} });
    const seen = new Set(problems.map(({ code }) => code));
    const several = new Set(['file_not_found', 'duplicate_topology', 'duplicate_group', 'registry']);
    for (const code of Object.keys(problemCodes)) assert.ok(seen.has(code) || several.has(code), code);
  });
});
