#!/usr/bin/env -S node --max-semi-space-size=8
import { Failure } from '../actors/failure.ts';
import { help, parse, UsageError } from './cli/command.ts';
import type { Command } from './cli/command.ts';
import { demoCommand } from './cli/demo.ts';
import { exitCode, exitCodeOf } from './cli/exit-code.ts';
import { createOutput } from './cli/output.ts';
import type { Output } from './cli/output.ts';
import { runCommand } from './cli/run.ts';
import { validateCommand } from './cli/validate.ts';
import { version } from './cli/version.ts';

const output = createOutput(process.stdout, process.stderr);
process.exitCode = await main(process.argv.slice(2), output);

async function main([name, ...args]: string[], output: Output): Promise<number> {
  const commands: readonly Command[] = [runCommand(output), validateCommand(output), demoCommand(output)];
  if (name === '--version' || name === '-v') {
    output.print(`millrace ${version}\n`);
    return exitCode.ok;
  }
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    output.print(overview(commands));
    return name === undefined ? exitCode.usage : exitCode.ok;
  }
  const command = commands.find((each) => each.name === name);
  if (command === undefined) {
    output.complain(`millrace: there is no command ${name}\n\n${overview(commands)}`);
    return exitCode.usage;
  }
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

function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map((command) => command.name.length)) + 2;
  const lines = commands.map((command) => `  ${command.name.padEnd(width)}${command.summary}`);
  return `Millrace: a stream processor for Kafka, driven by YAML topologies.\n\nUsage: millrace COMMAND [options]\n\n${lines.join('\n')}\n\nmillrace COMMAND --help says more. Version ${version}.\n`;
}
