import { commands } from './commands.ts';
import type { Command } from './command.ts';
import { UsageError } from './command.ts';
import { bashCompletion } from './completion/bash.ts';
import { fishCompletion } from './completion/fish.ts';
import { zshCompletion } from './completion/zsh.ts';
import { exitCode } from './exit-code.ts';
import type { Output } from './output.ts';

const shells: Readonly<Record<string, (commands: readonly Command[]) => string>> = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };
const names = Object.keys(shells);

/** `millrace completion`: made from the definitions of the commands. */
export function completionCommand(output: Output): Command {
  return {
    name: 'completion',
    summary: 'Prints a script that makes a shell complete commands, options and files.',
    usage: names.join('|'),
    words: [names],
    examples: ['source <(millrace completion bash)', 'millrace completion zsh > "${fpath[1]}/_millrace"', 'millrace completion fish > ~/.config/fish/completions/millrace.fish'],
    options: [],
    async run({ positionals: [shell, ...others] }) {
      if (shell === undefined || others.length > 0) throw new UsageError(`Name one shell: ${names.join(', ')}.`);
      const script = Object.hasOwn(shells, shell) ? shells[shell] : undefined;
      if (script === undefined) throw new UsageError(`There are scripts for ${names.join(', ')}, not for ${shell}.`);
      const all = await Promise.all(Object.entries(commands).map(async ([name, entry]) => ({ ...(await entry.load(output)), name, summary: entry.summary })));
      output.print(script([...all, helpOf(all)]));
      return exitCode.ok;
    }
  };
}

/** `help` is no command of its own, but may be typed like one. */
function helpOf(all: readonly Command[]): Command {
  const words = [all.map(({ name }) => name)];
  return { name: 'help', summary: 'Says more about a command.', usage: 'COMMAND', words, examples: [], options: [], run: () => Promise.resolve(exitCode.ok) };
}
