import type { Command } from '../command.ts';
import { valueOf } from './option.ts';

const folders = 'compgen -d -- "$current"';

/** A completion script for bash, from 3.2 on (macOS). */
export function bashCompletion(commands: readonly Command[]): string {
  return `# bash completion for millrace: source <(millrace completion bash)
_millrace() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="\${COMP_WORDS[1]}"
  local IFS=$'\\n'
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=( $(${words([...commands.map(({ name }) => name), '--help', '--version'])}) )
    return
  fi
  case "$command $previous" in
${commands.flatMap(valueCases).join('\n')}
  esac
  case "$command" in
${commands.map(commandCase).join('\n')}
  esac
}
complete -o filenames -F _millrace millrace
`;
}

function words(list: readonly string[]): string {
  return `compgen -W $'${list.join('\\n')}' -- "$current"`;
}

function valueCases({ name, options }: Command): string[] {
  return options.flatMap((option) => {
    const value = valueOf(option);
    if (value === null) return [];
    const reply = value === 'text' ? '' : `COMPREPLY=( $(${value === 'folder' ? folders : words(value)}) ); `;
    return [`    '${name} --${option.name}') ${reply}return ;;`];
  });
}

function commandCase({ name, options, words: positions }: Command): string {
  const flags = words([...options.map((option) => `--${option.name}`), '--help']);
  const lines = positions.map((position, index) => {
    const reply = `COMPREPLY=( $(${position === 'files' ? `compgen -f -X '!*.y*ml' -- "$current"; ${folders}` : words(position)}) )`;
    const last = index === positions.length - 1;
    return last && position === 'files' ? reply : `if [ "$COMP_CWORD" -eq ${index + 2} ]; then ${reply}; return; fi`;
  });
  const rest = lines.map((line) => `      ${line}\n`).join('');
  return `    ${name})\n      if [ "\${current:0:1}" = - ]; then COMPREPLY=( $(${flags}) ); return; fi\n${rest}      ;;`;
}
