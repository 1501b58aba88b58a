import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mismatch } from '../../src/testing/compare.ts';
import { readCases } from '../../src/testing/read-cases.ts';
import { runCase } from '../../src/testing/run-case.ts';
import { formatProblem } from '../../src/topology/format.ts';
import { emptyFolder } from '../support/scratch.ts';

/** Counts per minute and type, across a repartition topic. */
export const perMinute = `
name: per_minute
broker: { type: kafka, brokers: ["nowhere:9092"] }
on_error: { dead_letter: bad }
sources:
  events: { type: kafka, topic: events, watermark: { delay: 1m, idle: 30s } }
transforms:
  counts:
    type: window
    from: events
    key: value.type
    window: { type: tumbling, size: 1m }
    aggregate: { count: count(), most: max(value.amount) }
    emit: update
    late: too-late
sinks:
  out: { type: kafka, from: counts, topic: counted }
`;

/** Writes a topology and the cases beside it; gives the file of cases. */
export function writeCases(topology: string, cases: string, files: Readonly<Record<string, string>> = {}): string {
  const folder = emptyFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  writeFileSync(join(folder, 'it.yaml'), topology);
  writeFileSync(join(folder, 'it_test.yaml'), cases);
  return join(folder, 'it_test.yaml');
}

/** Mistakes in a file of cases, as the command tells them, without the folder. */
export function mistakesOf(topology: string, cases: string): string[] {
  const file = writeCases(topology, cases);
  return readCases(file, cases, { env: {} }).problems.map((problem) => formatProblem(problem).replace(/^.*\//, ''));
}

/** Runs the one case with these steps; gives what was not as expected. */
export async function runSteps(topology: string, steps: string, options = '', files: Readonly<Record<string, string>> = {}): Promise<readonly Mismatch[]> {
  const text = `cases:\n  - name: it\n${options === '' ? '' : `    ${options}\n`}    steps:\n${steps.trim().split('\n').map((line) => `      ${line}\n`).join('')}`;
  const file = writeCases(topology, text, files);
  const { plan, cases, problems } = readCases(file, text, { env: {} });
  assert.deepEqual(problems.map(formatProblem), []);
  assert.ok(plan !== null && cases[0] !== undefined);
  return runCase(plan, cases[0]);
}

/** What was not as expected, line by line. */
export function linesOf(mismatches: readonly Mismatch[]): string[] {
  return mismatches.flatMap(({ message }) => message.split('\n'));
}
