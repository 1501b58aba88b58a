import { basename, relative } from 'node:path';
import type { Arguments, Command } from './command.ts';
import { UsageError } from './command.ts';
import { createFiles, examples, filesOf } from './examples.ts';
import type { Example } from './examples.ts';
import { exitCode } from './exit-code.ts';
import type { Output } from './output.ts';
import { nearest } from '../topology/suggest.ts';

const starter = 'starter';

/** `millrace init`: a topology to start from, with all it needs beside it. */
export function initCommand(output: Output): Command {
  const names = examples().map(({ name }) => name);
  return {
    name: 'init',
    summary: 'Writes a topology to start from, commented, with the schema that editors complete by. Asks nothing, overwrites nothing.',
    usage: '[FILE] [options]',
    words: ['files'],
    examples: ['millrace init', 'millrace init --list', 'millrace init --example filter-and-route orders.yaml'],
    options: [
      { name: 'example', value: 'NAME', choices: names, summary: 'One of the ready topologies instead, with the files it names. FILE is then NAME.yaml where it is not given.' },
      { name: 'list', summary: 'Print the ready topologies, each with what it is for.' },
      { name: 'force', summary: 'Overwrite files that are there.' },
      { name: 'json', summary: 'Print the list, or the paths that were written, as JSON.' }
    ],
    run: (args) => Promise.resolve(args.on('list') ? list(args, output) : init(args, output))
  };
}

function list(args: Arguments, output: Output): number {
  const all = examples();
  if (args.on('json')) {
    output.print(`${JSON.stringify(all.map(({ name, purpose }) => ({ name, purpose })), null, 2)}\n`);
    return exitCode.ok;
  }
  const width = Math.max(...all.map(({ name }) => name.length)) + 2;
  output.print(all.map(({ name, purpose }) => `${name.padEnd(width)}${purpose}\n`).join(''));
  return exitCode.ok;
}

function init(args: Arguments, output: Output): number {
  const { positionals } = args;
  if (positionals.length > 1) throw new UsageError(`Name one file, not ${positionals.length}.`);
  const example = find(args.text('example') ?? starter);
  const target = positionals[0] ?? (example.name === starter ? 'topology.yaml' : basename(example.file));
  if (!/\.ya?ml$/.test(target)) throw new UsageError(`A topology's file ends in .yaml or .yml, ${target} does not.`);
  const { written, taken, problems } = createFiles(filesOf(example, target), args.on('force'));
  if (taken.length > 0) {
    output.complain(`millrace init: ${taken.join(', ')} ${taken.length === 1 ? 'is' : 'are'} there already, and nothing was written.\nName another file, or overwrite with --force.\n`);
    return exitCode.cannotCreate;
  }
  for (const { path, reason } of problems) output.complain(`millrace init: ${path} cannot be written: ${reason}\n`);
  if (problems.length > 0) return exitCode.cannotCreate;
  const shown = written.map((path) => relative('', path));
  if (args.on('json')) output.print(`${JSON.stringify({ example: example.name, written: shown }, null, 2)}\n`);
  else output.print(report(shown, target));
  return exitCode.ok;
}

function find(name: string): Example {
  const all = examples();
  const found = all.find((example) => example.name === name);
  if (found !== undefined) return found;
  const near = nearest(name, all.map((example) => example.name));
  throw new UsageError(`There is no example ${name}${near === null ? '' : ` (did you mean ${near}?)`}; millrace init --list shows them.`);
}

function report(written: readonly string[], target: string): string {
  const lines = [
    ...written.map((path) => `wrote ${path}`),
    '',
    'Next:',
    `  millrace validate ${target}`,
    `  millrace test ${target}`,
    `  millrace run ${target} --create-topics`,
    '',
    'The first lines of the file say what it is for; every option is in config/REFERENCE.md of the package.'
  ];
  return `${lines.join('\n')}\n`;
}
