import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readCases } from '../../src/testing/read-cases.ts';
import { runCase } from '../../src/testing/run-case.ts';
import { formatProblem } from '../../src/topology/format.ts';
import { checkout } from '../support/scratch.ts';
import { linesOf } from './support.ts';

const folder = join(checkout, 'config');
const files = globSync('*_test.yaml', { cwd: folder }).toSorted();

describe('the cases of the ready topologies', () => {
  it('are there for each of them', () => {
    const topologies = globSync('*.yaml', { cwd: folder, exclude: ['*_test.yaml'] });
    assert.deepEqual(files, topologies.map((file) => file.replace('.yaml', '_test.yaml')).toSorted());
  });

  for (const file of files) {
    const text = readFileSync(join(folder, file), 'utf8');
    const { plan, cases, problems } = readCases(join(folder, file), text, { env: {} });
    it(`${file} begins with its schema and has no mistakes`, () => {
      assert.match(text, /^# yaml-language-server: \$schema=\.\/cases\.schema\.json\n/);
      assert.deepEqual(problems.map(formatProblem), []);
    });
    for (const each of cases) {
      it(`${file}: ${each.name}`, async () => {
        assert.ok(plan !== null);
        assert.deepEqual(linesOf(await runCase(plan, each)), []);
      });
    }
  }
});
