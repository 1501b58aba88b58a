import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { SourceFile } from '../topology/document.ts';
import type { Environment } from '../topology/interpolate.ts';
import { parsePart } from '../topology/issues.ts';
import { loadTopologies } from '../topology/load.ts';
import type { Plan, Problem } from '../topology/model.ts';
import type { Case, Step } from './case.ts';
import { casesSchema } from './format.ts';
import type { CaseText, StepText } from './format.ts';
import { namesOf } from './names.ts';
import { MemoryRegistry } from './memory-registry.ts';
import type { Names } from './names.ts';
import { readExpectation } from './read-expectation.ts';
import { readInput } from './read-input.ts';

/** A file of cases that was read. */
export interface CasesFile {
  readonly file: string;
  /** Null where there are mistakes. */
  readonly plan: Plan | null;
  readonly cases: readonly Case[];
  /** Mistakes in it, and in its topology. */
  readonly problems: readonly Problem[];
}

/** Where a part of a case stands, and what its names are held against. */
export interface CaseContext {
  readonly file: SourceFile;
  readonly names: Names;
  /** Null where the case does not say. */
  readonly now: number | null;
  readonly partitions: number;
}

/** What the name of a file of cases has at its end. */
export const casesEnding = /_test(\.ya?ml)$/;

/** The time at which a case begins that has no times at all. */
const standardNow = Date.parse('2026-01-01T00:00:00Z');

/** Text of a file of cases to its cases; every mistake of it, and of the topology it names, comes back as a problem. Cases have a schema registry of their own. */
export function readCases(path: string, text: string, environment: Environment): CasesFile {
  const file = new SourceFile(path, text, environment);
  if (file.root === undefined || file.root === null) return { file: path, plan: null, cases: [], problems: emptyFile(file) };
  const root = parsePart({ file, at: [], schema: casesSchema, topKeys: [] }, file.root);
  const topology = root === null ? null : topologyOf(file, root.topology);
  if (root === null || topology === null) return { file: path, plan: null, cases: [], problems: file.problems };
  const { plans, problems } = loadTopologies([topology], { ...environment, registries: { client: (settings) => new MemoryRegistry(settings) } });
  const [plan] = plans;
  if (plan === undefined) return { file: path, plan: null, cases: [], problems: [...file.problems, ...problems] };
  const names = namesOf(plan);
  const cases = root.cases.map((written, index) => readCase(file, names, written, index));
  return { file: path, plan: file.problems.length > 0 ? null : plan, cases, problems: file.problems };
}

/** What there is to say of a file that holds nothing, or nothing that could be read. */
function emptyFile(file: SourceFile): Problem[] {
  if (file.problems.length === 0) file.report([], 'missing_option', 'expected the option cases, found an empty file');
  return file.problems.map((problem) => (problem.code === 'no_topology' ? { ...problem, code: 'missing_option', message: 'expected the option cases, found an empty file' } : problem));
}

function topologyOf(file: SourceFile, named: string | undefined): string | null {
  if (named !== undefined) {
    const path = resolve(dirname(file.file), named);
    if (existsSync(path)) return path;
    file.report(['topology'], 'file_not_found', `expected a topology at ${named}, found nothing`, 'the path is relative to this file');
    return null;
  }
  const path = file.file.replace(casesEnding, '$1');
  if (path !== file.file && existsSync(path)) return path;
  file.report([], 'missing_option', path === file.file ? 'expected the option topology: this file has no _test in its name that could be left out' : `expected the option topology, or ${path}, found neither`, 'write topology: FILE, relative to this file');
  return null;
}

function readCase(file: SourceFile, names: Names, { name, partitions, now, steps }: CaseText, index: number): Case {
  const at = ['cases', index];
  const context: CaseContext = { file, names, now: now ?? null, partitions };
  const last = steps.at(-1);
  if (last !== undefined && last.expect === undefined) file.report([...at, 'steps', steps.length - 1], 'missing_option', 'expected the last step to be expect: nobody would look at what came of it', 'end the case with an expect');
  return {
    name,
    partitions,
    place: file.place([...at, 'name']),
    now: now ?? highest(steps) ?? standardNow,
    steps: steps.flatMap((step, i) => readStep(context, step, [...at, 'steps', i]) ?? [])
  };
}

/** The highest timestamp of a case's records. */
function highest(steps: readonly StepText[]): number | null {
  const times = steps.flatMap(({ records = [] }) => records.flatMap(({ timestamp }) => (timestamp !== undefined && 'at' in timestamp ? [timestamp.at] : [])));
  return times.length === 0 ? null : Math.max(...times);
}

function readStep(context: CaseContext, step: StepText, at: readonly (string | number)[]): Step | null {
  const place = context.file.place(at);
  const { records, advance, restart, expect } = step;
  const said = Object.keys(step).length;
  if (said !== 1) context.file.report(at, 'bad_value', `expected one of records, advance, restart and expect in a step, found ${said === 0 ? 'none' : said}`, 'each begins with a dash of its own');
  if (records !== undefined) return { kind: 'records', place, records: records.flatMap((record, i) => readInput(context, record, [...at, 'records', i]) ?? []) };
  if (advance !== undefined) return { kind: 'advance', place, milliseconds: advance };
  if (restart !== undefined) return { kind: 'restart', place, how: restart };
  if (expect !== undefined) return { kind: 'expect', place, expect: readExpectation(context, expect, [...at, 'expect']) };
  return null;
}
