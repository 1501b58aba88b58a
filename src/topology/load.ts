import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { InlineSecret } from './inline-secrets.ts';
import type { Environment } from './interpolate.ts';
import type { Plan, Problem } from './model.ts';
import { readTopology } from './read.ts';
import type { ReadTopology } from './read.ts';

/** Everything in some files: plans of those without mistakes, and all mistakes. */
export interface Loaded {
  readonly plans: Plan[];
  /** By file, line and column. */
  readonly problems: Problem[];
  /** Values that came from the environment or from files, to be redacted wherever text is shown; longer ones first, for one may begin with another. */
  readonly secrets: string[];
  /** What schema registries say, of files without mistakes; by file, line and column. Takes as long as they take to answer. */
  online(): Promise<Problem[]>;
  /** Secrets that stand in the files as they are. */
  readonly inlineSecrets: readonly InlineSecret[];
}

/** Shorter values would redact half of every text. */
const shortestSecret = 4;

/** Larger files are no topologies. */
const maxFileSize = 1024 * 1024;

/**
 * Reads files, and folders of `*.yaml` and `*.yml` (not below, and without `*_test.yaml`), one topology each.
 * Never throws for a mistake of the author: all of them come back as problems.
 */
export function loadTopologies(paths: readonly string[], environment: Environment): Loaded {
  const problems: Problem[] = [];
  const read: ReadTopology[] = [];
  for (const file of listFiles(paths, problems)) {
    const text = readText(file, problems);
    if (text !== null) read.push(readTopology(file, text, environment));
  }
  checkUnique(read);
  for (const { file } of read) problems.push(...file.problems);
  const secrets = [...new Set(read.flatMap(({ file }) => file.secrets))].filter((secret) => secret.length >= shortestSecret).sort((a, b) => b.length - a.length);
  const plans = read.flatMap(({ file, plan }) => (plan === null || file.problems.length > 0 ? [] : [plan]));
  const clean = (found: readonly Problem[]): Problem[] => found.map((problem) => redact(problem, secrets)).sort(byPlace);
  const online = async (): Promise<Problem[]> => clean((await Promise.all(read.flatMap((each) => each.online).map((check) => check()))).flat());
  return { plans, problems: clean(problems), secrets, online, inlineSecrets: read.flatMap((each) => each.inlineSecrets) };
}

function listFiles(paths: readonly string[], problems: Problem[]): string[] {
  const files: string[] = [];
  const seen = new Set<string>();
  for (const path of paths) {
    for (const file of expand(path, problems)) {
      const real = realpathSync(file);
      if (seen.has(real)) continue;
      seen.add(real);
      files.push(file);
    }
  }
  return files;
}

function expand(path: string, problems: Problem[]): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    const names = readdirSync(path).filter((name) => /\.ya?ml$/.test(name) && !/_test\.ya?ml$/.test(name));
    if (names.length === 0) problems.push(atStart(path, 'no_topology', 'expected *.yaml or *.yml files, found none in this folder'));
    return names.sort().map((name) => join(path, name));
  } catch (error) {
    problems.push(atStart(path, 'file_not_found', `cannot read this path: ${reason(error)}`));
    return [];
  }
}

function readText(file: string, problems: Problem[]): string | null {
  try {
    if (statSync(file).size > maxFileSize) {
      problems.push(atStart(file, 'bad_value', 'expected a file of at most 1 MiB, found a larger one'));
      return null;
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    if (error instanceof TypeError) problems.push(atStart(file, 'yaml_syntax', 'expected UTF-8, found bytes that are not'));
    else problems.push(atStart(file, 'file_not_found', `cannot read this file: ${reason(error)}`));
    return null;
  }
}

function reason(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' ? 'it does not exist' : (code ?? String(error));
}

function atStart(file: string, code: string, message: string): Problem {
  return { file, line: 1, column: 1, code, message };
}

/** Checkpoints and offsets are kept by name and group: two topologies with one would overwrite each other's. */
function checkUnique(read: readonly ReadTopology[]): void {
  const names = new Map<string, string>();
  const groups = new Map<string, string>();
  for (const { file, plan } of read) {
    if (plan === null) continue;
    const named = names.get(plan.name);
    const grouped = groups.get(plan.group);
    if (named !== undefined) file.report(['name'], 'duplicate_topology', `the topology ${plan.name} is already in ${named}`, 'give each topology a name of its own');
    else if (grouped !== undefined) file.report(['group'], 'duplicate_group', `the group ${plan.group} is already used by ${grouped}`, 'give each topology a group of its own');
    names.set(plan.name, file.file);
    groups.set(plan.group, file.file);
  }
}

function redact(problem: Problem, secrets: readonly string[]): Problem {
  const clean = (text: string): string => secrets.reduce((result, secret) => result.replaceAll(secret, '***'), text);
  const { hint } = problem;
  const message = clean(problem.message);
  return hint === undefined ? { ...problem, message } : { ...problem, message, hint: clean(hint) };
}

function byPlace(a: Problem, b: Problem): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}
