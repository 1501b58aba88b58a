import { loadTopologies } from '../topology/load.ts';
import type { Command } from './command.ts';
import { UsageError } from './command.ts';
import { exitCode } from './exit-code.ts';
import type { Output } from './output.ts';
import { paintProblem } from './paint-problem.ts';

/** `millrace validate`: every mistake of every file, each with its place. */
export function validateCommand(output: Output): Command {
  return {
    name: 'validate',
    summary: 'Checks topology files and reports every mistake in them. Needs no broker, and no schema registry without --online.',
    usage: 'FILE|DIR… [options]',
    words: ['files'],
    examples: ['millrace validate config/flights.yaml', 'millrace validate topologies/ --json'],
    options: [
      { name: 'online', summary: 'Ask the schema registry too: whether it would take what is written, and what is written now can be read.' },
      { name: 'json', summary: 'Print the mistakes as JSON.' }
    ],
    async run(args) {
      if (args.positionals.length === 0) throw new UsageError('Name at least one topology file or folder.');
      const loaded = loadTopologies(args.positionals, { env: process.env });
      const { plans } = loaded;
      const problems = loaded.problems.length === 0 && args.on('online') ? await loaded.online() : loaded.problems;
      // What is still being asked must not keep the process.
      for (const { registry } of plans) registry?.close();
      if (args.on('json')) output.print(`${JSON.stringify({ topologies: plans.map(({ name, file }) => ({ name, file })), problems }, null, 2)}\n`);
      else {
        for (const problem of problems) output.complain(`${paintProblem(problem, output)}\n`);
        for (const { name, file } of plans) if (!problems.some((problem) => problem.file === file)) output.print(`${file}: ${name} is valid\n`);
        if (problems.length > 0) output.complain(`${problems.length} ${problems.length === 1 ? 'mistake' : 'mistakes'}\n`);
      }
      return problems.length === 0 ? exitCode.ok : exitCode.config;
    }
  };
}
