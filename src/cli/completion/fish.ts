import type { Command, OptionHelp } from '../command.ts';
import { valueOf } from './option.ts';

/** A completion script for fish. */
export function fishCompletion(commands: readonly Command[]): string {
  return `# fish completion for millrace: millrace completion fish > ~/.config/fish/completions/millrace.fish
function __millrace_at --description 'The command is this one, and this many words stand before the one that is written'
  set -l words (commandline -opc)
  test (count $words) -gt 1; and test $words[2] = $argv[1]; or return 1
  test (count $argv) -lt 2; or test (count $words) -eq $argv[2]
end
complete -c millrace -f
complete -c millrace -n __fish_use_subcommand -l version -d 'The version, the commit and Node'"'"'s version.'
complete -c millrace -l help -s h -d 'Shows what it takes.'
${commands.flatMap(linesOf).join('\n')}
`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function linesOf({ name, summary, options, words: positions }: Command): string[] {
  const own = `complete -c millrace -n '__millrace_at ${name}'`;
  return [
    `complete -c millrace -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
    ...options.map((option) => `${own} -l ${option.name}${valueFlags(option)} -d ${quoted(option.summary)}`),
    ...positions.map((position, index) => {
      if (position === 'files') return `${own} -k -a '(__fish_complete_suffix .yaml | string match -r "^.*(?:\\\\.ya?ml|/)(?:\\\\t.*)?\\$")'`;
      return `complete -c millrace -n '__millrace_at ${name} ${index + 2}' -a ${quoted(position.join(' '))}`;
    })
  ];
}

function valueFlags(option: OptionHelp): string {
  const value = valueOf(option);
  if (value === null) return '';
  if (value === 'folder') return " -x -a '(__fish_complete_directories)'";
  return value === 'text' ? ' -x' : ` -x -a ${quoted(value.join(' '))}`;
}
