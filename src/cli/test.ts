import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Mismatch } from '../testing/compare.ts';
import { casesEnding, readCases } from '../testing/read-cases.ts';
import type { CasesFile } from '../testing/read-cases.ts';
import type { Command } from './command.ts';
import { UsageError } from './command.ts';
import { exitCode } from './exit-code.ts';
import type { Output } from './output.ts';
import { paintProblem } from './paint-problem.ts';

/** A case that ran. */
interface Ran {
  readonly file: string;
  readonly line: number;
  readonly name: string;
  readonly mismatches: readonly Mismatch[];
}

/** `millrace test`: runs the cases beside topologies, and shows what came out otherwise than expected. */
export function testCommand(output: Output): Command {
  return {
    name: 'test',
    summary: 'Runs the cases beside topologies (flights_test.yaml for flights.yaml), each on an embedded broker of its own with a clock that goes on only when told. Needs no broker.',
    usage: 'FILE|DIR… [options]',
    words: ['files'],
    examples: ['millrace test config/', 'millrace test config/flights.yaml', 'millrace test orders_test.yaml --only late --json'],
    options: [
      { name: 'only', value: 'TEXT', summary: 'Only cases with this text in their name.' },
      { name: 'json', summary: 'Print what came of each case as JSON.' }
    ],
    async run(args) {
      if (args.positionals.length === 0) throw new UsageError('Name at least one file of cases, topology with cases beside it, or folder.');
      const files = filesOf(args.positionals).map((path) => readCases(path, readFileSync(path, 'utf8'), { env: process.env }));
      const problems = files.flatMap((file) => file.problems);
      for (const problem of problems) output.complain(`${paintProblem(problem, output)}\n`);
      if (problems.length > 0) return exitCode.config;
      const only = args.text('only') ?? '';
      const report = args.on('json') ? (): void => undefined : (ran: Ran): void => { tell(ran, output); };
      const ran = await runFiles(files, only, report);
      const failed = ran.filter(({ mismatches }) => mismatches.length > 0).length;
      if (ran.length === 0) throw new UsageError(`No case has ${only} in its name.`);
      if (args.on('json')) output.print(`${JSON.stringify({ cases: ran.map(toJson), failed }, null, 2)}\n`);
      else output.print(`${ran.length} ${ran.length === 1 ? 'case' : 'cases'}, ${failed} failed\n`);
      return failed === 0 ? exitCode.ok : 1;
    }
  };
}

/** The files of cases that are meant: themselves, those beside topologies, and those of folders. */
function filesOf(paths: readonly string[]): string[] {
  return [...new Set(paths.flatMap(filesAt))];
}

function filesAt(path: string): string[] {
  if (!existsSync(path)) throw new UsageError(`There is no ${path}.`);
  if (statSync(path).isDirectory()) {
    const names = readdirSync(path).filter((name) => casesEnding.test(name)).sort();
    if (names.length === 0) throw new UsageError(`There are no *_test.yaml files in ${path}.`);
    return names.map((name) => join(path, name));
  }
  if (casesEnding.test(path)) return [path];
  const beside = path.replace(/\.ya?ml$/, '_test$&');
  if (existsSync(beside) && beside !== path) return [beside];
  // Cases under a name of their own say which topology is theirs.
  if (/^topology:/m.test(readFileSync(path, 'utf8'))) return [path];
  throw new UsageError(`${path} has no cases: there is no ${beside} beside it.`);
}

async function runFiles(files: readonly CasesFile[], only: string, report: (ran: Ran) => void): Promise<Ran[]> {
  const { runCase } = await import('../testing/run-case.ts');
  const all: Ran[] = [];
  for (const { file, plan, cases } of files) {
    if (plan === null) continue;
    for (const each of cases.filter(({ name }) => name.includes(only))) {
      const ran = { file, line: each.place.line, name: each.name, mismatches: await runCase(plan, each) };
      report(ran);
      all.push(ran);
    }
  }
  return all;
}

function tell({ file, line, name, mismatches }: Ran, output: Output): void {
  if (mismatches.length === 0) {
    output.print(`ok      ${file}:${line}: ${name}\n`);
    return;
  }
  output.print(`FAILED  ${file}:${line}: ${name}\n`);
  let told = '';
  for (const { place, message } of mismatches) {
    const at = `${place.file}:${place.line}:${place.column}`;
    if (at !== told) output.print(`        ${at}\n`);
    told = at;
    output.print(message.split('\n').map((each) => `          ${each}\n`).join(''));
  }
}

function toJson({ mismatches, ...ran }: Ran): object {
  return { ...ran, passed: mismatches.length === 0, mismatches: mismatches.map(({ place, ...mismatch }) => ({ line: place.line, column: place.column, ...mismatch })) };
}
