import { Failure } from '../../actors/failure.ts';
import { nearest } from '../topology/suggest.ts';
import { help, parse, UsageError } from './command.ts';
import type { Command } from './command.ts';
import { commands } from './commands.ts';
import type { CommandEntry } from './commands.ts';
import { exitCode, exitCodeOf } from './exit-code.ts';
import { createOutput } from './output.ts';
import type { Output } from './output.ts';
import { commit, version } from './version.ts';

/** The whole program: takes what follows its name, gives the exit code. */
export async function main([name, ...args]: readonly string[]): Promise<number> {
  const output = createOutput(process.stdout, process.stderr);
  switch (name) {
    case undefined:
      output.print(overview());
      return exitCode.usage;
    case '--version':
    case '-v':
      return printVersion(args, output);
    case '--help':
    case '-h':
      output.print(overview());
      return exitCode.ok;
    case 'help':
      return printHelp(args, output);
    default:
      return start(name, args, output);
  }
}

async function start(name: string, args: readonly string[], output: Output): Promise<number> {
  const entry = find(name, output);
  if (entry === null) return exitCode.usage;
  const command = await entry.load(output);
  const ownArgs = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  if (!ownArgs.includes('--help') && !ownArgs.includes('-h')) return attempt(command, args, output);
  output.print(help(command));
  return exitCode.ok;
}

async function attempt(command: Command, args: readonly string[], output: Output): Promise<number> {
  try {
    return await command.run(parse(command, args));
  } catch (error) {
    if (error instanceof UsageError) {
      output.complain(`millrace ${command.name}: ${error.message}\nSee millrace ${command.name} --help\n`);
      return exitCode.usage;
    }
    if (error instanceof Failure) {
      output.complain(`millrace ${command.name}: ${output.paint('red', error.code)}: ${error.message}\n${error.remedy}\n`);
      return exitCodeOf(error.code);
    }
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== undefined) {
      output.complain(`millrace ${command.name}: ${message}\n`);
      return code === 'EACCES' || code === 'EPERM' ? exitCode.noPermission : exitCode.unavailable;
    }
    throw error;
  }
}

function printVersion(args: readonly string[], output: Output): number {
  if (args.includes('--json')) output.print(`${JSON.stringify({ version, commit: commit(), node: process.version })}\n`);
  else output.print(`millrace ${version} (commit ${commit()}, Node ${process.version})\n`);
  return exitCode.ok;
}

async function printHelp([name]: readonly string[], output: Output): Promise<number> {
  if (name === undefined) {
    output.print(overview());
    return exitCode.ok;
  }
  const entry = find(name, output);
  if (entry === null) return exitCode.usage;
  output.print(help(await entry.load(output)));
  return exitCode.ok;
}

/** Null, and a word about it, where there is no such command. */
function find(name: string, output: Output): CommandEntry | null {
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (entry !== undefined) return entry;
  const near = nearest(name, Object.keys(commands));
  output.complain(`millrace: there is no command ${name}${near === null ? `\n\n${overview()}` : ` (did you mean ${near}?)\nSee millrace --help\n`}`);
  return null;
}

function overview(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length)) + 2;
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}${summary}`);
  return [
    'Millrace: a stream processor for Kafka, driven by YAML topologies.',
    '',
    'Usage: millrace COMMAND [options]',
    '',
    ...lines,
    '',
    'millrace help COMMAND says more. A first topology: millrace init',
    `Version ${version}.`,
    ''
  ].join('\n');
}
