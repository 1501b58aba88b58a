#!/usr/bin/env -S node --max-semi-space-size=8
import { Failure } from '../actors/failure.ts';
import { help, parse, UsageError } from './cli/command.ts';
import type { Command } from './cli/command.ts';
import { exitCode, exitCodeOf } from './cli/exit-code.ts';
import { createOutput } from './cli/output.ts';
import type { Output } from './cli/output.ts';
import { version } from './cli/version.ts';

/** A command's module is loaded when it is called: checking a file needs no broker's client. */
const commands: Readonly<Record<string, { readonly summary: string; load(output: Output): Promise<Command> }>> = {
  run: { summary: 'Runs topologies until it is told to stop.', load: async (output) => (await import('./cli/run.ts')).runCommand(output) },
  validate: { summary: 'Checks topology files and reports every mistake.', load: async (output) => (await import('./cli/validate.ts')).validateCommand(output) },
  demo: { summary: 'Streams 20,000 real flights through a topology.', load: async (output) => (await import('./cli/demo.ts')).demoCommand(output) }
};

const output = createOutput(process.stdout, process.stderr);
process.exitCode = await main(process.argv.slice(2), output);

async function main([name, ...args]: string[], output: Output): Promise<number> {
  if (Number(process.versions.node.split('.')[0]) < 24) {
    output.complain(`millrace: this is Node ${process.versions.node}, and Millrace needs 24 or later: npm install node@24 brings it into your project\n`);
    return exitCode.config;
  }
  if (name === '--version' || name === '-v') {
    output.print(`millrace ${version}\n`);
    return exitCode.ok;
  }
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    output.print(overview());
    return name === undefined ? exitCode.usage : exitCode.ok;
  }
  const known = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (known === undefined) {
    output.complain(`millrace: there is no command ${name}\n\n${overview()}`);
    return exitCode.usage;
  }
  const command = await known.load(output);
  if (args.includes('--help') || args.includes('-h')) {
    output.print(help(command));
    return exitCode.ok;
  }
  return attempt(command, args, output);
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
      output.complain(`millrace ${command.name}: ${error.code}: ${error.message}\n${error.remedy}\n`);
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

function overview(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length)) + 2;
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}${summary}`);
  return `Millrace: a stream processor for Kafka, driven by YAML topologies.\n\nUsage: millrace COMMAND [options]\n\n${lines.join('\n')}\n\nmillrace COMMAND --help says more. Version ${version}.\n`;
}
