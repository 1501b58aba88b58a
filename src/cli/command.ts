import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';
import { nearest } from '../topology/suggest.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

/** One option of a command, as `--help` shows it. */
export interface OptionHelp {
  readonly name: string;
  /** Its value's name in the help; absent for a switch. */
  readonly value?: string;
  /** What it may be, where that can be listed; for completion. */
  readonly choices?: readonly string[];
  readonly summary: string;
  readonly default?: string;
}

/** A command of `millrace`. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** What follows the name, for the help. */
  readonly usage: string;
  /** What may stand there, word by word, for completion: files, or one of these; the last goes for all that follow. */
  readonly words: readonly ('files' | readonly string[])[];
  readonly examples: readonly string[];
  readonly options: readonly OptionHelp[];
  run(args: Arguments): Promise<number>;
}

/** Parsed arguments of a command. */
export interface Arguments {
  readonly positionals: readonly string[];
  /** An option's value, its default, or undefined. */
  text(name: string): string | undefined;
  on(name: string): boolean;
}

/** A mistake on the command line; printed without a stack. */
export class UsageError extends Error {}

/** Parses what follows a command's name. */
export function parse(command: Command, args: readonly string[]): Arguments {
  const options: Options = { help: { type: 'boolean', short: 'h' } };
  for (const option of command.options) options[option.name] = { type: option.value === undefined ? 'boolean' : 'string' };
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(mistakeOf(error, command));
  }
  return {
    positionals: parsed.positionals,
    text(name) {
      const value = parsed.values[name];
      return typeof value === 'string' ? value : command.options.find((option) => option.name === name)?.default;
    },
    on: (name) => parsed.values[name] === true
  };
}

/** Node's own words, with the option that was probably meant. */
function mistakeOf(error: unknown, { options }: Command): string {
  const message = error instanceof Error ? (error.message.split('. To specify')[0] ?? error.message) : String(error);
  const unknown = /^Unknown option '--([^']+)'/.exec(message)?.[1];
  const near = unknown === undefined ? null : nearest(unknown, [...options.map(({ name }) => name), 'help']);
  return near === null ? message : `${message} (did you mean --${near}?)`;
}

/** The help of one command. */
export function help(command: Command): string {
  const lines = [command.summary, '', `Usage: millrace ${command.name} ${command.usage}`.trimEnd()];
  if (command.options.length > 0) {
    const names = command.options.map(({ name, value }) => `--${name}${value === undefined ? '' : ` ${value}`}`);
    const width = Math.max(...names.map((name) => name.length)) + 2;
    lines.push('', 'Options:');
    command.options.forEach((option, index) => {
      const fallback = option.default === undefined ? '' : ` (default ${option.default})`;
      lines.push(`  ${(names[index] ?? '').padEnd(width)}${option.summary}${fallback}`);
    });
  }
  lines.push('', command.examples.length === 1 ? 'Example:' : 'Examples:', ...command.examples.map((example) => `  ${example}`));
  return `${lines.join('\n')}\n`;
}
