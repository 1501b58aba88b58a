import type { Command, OptionHelp } from '../command.ts';
import { valueOf } from './option.ts';

/** A completion script for zsh: to be put on its fpath as _millrace, or sourced. */
export function zshCompletion(commands: readonly Command[]): string {
  return `#compdef millrace
# zsh completion for millrace: millrace completion zsh > "\${fpath[1]}/_millrace"
_millrace() {
  local -a choices
  local command=$words[2] previous=$words[CURRENT-1]
  if (( CURRENT == 2 )); then
    choices=(${commands.map(({ name, summary }) => described(name, summary)).join(' ')})
    _describe -t commands command choices
    return
  fi
  case "$command $previous" in
${commands.flatMap(({ name, options }) => options.flatMap((option) => valueCase(name, option))).join('\n')}
  esac
  case "$command" in
${commands.map(commandCase).join('\n')}
  esac
}
if [ "\${funcstack[1]:-}" = _millrace ]; then _millrace "$@"; elif (( $+functions[compdef] )); then compdef _millrace millrace; fi
`;
}

/** A word with what it means, as _describe takes them. */
function described(word: string, summary: string): string {
  return quoted(`${word.replaceAll(':', '\\:')}:${summary}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function valueCase(command: string, option: OptionHelp): string[] {
  const value = valueOf(option);
  if (value === null) return [];
  const reply = value === 'text' ? '' : `${value === 'folder' ? '_files -/' : `compadd -- ${value.join(' ')}`}; `;
  return [`    '${command} --${option.name}') ${reply}return ;;`];
}

function commandCase({ name, options, words: positions }: Command): string {
  const flags = [...options.map((option) => described(`--${option.name}`, option.summary)), described('--help', 'Shows what it takes.')].join(' ');
  const lines = positions.map((position, index) => {
    const reply = position === 'files' ? `_files -g '*.(yaml|yml)'` : `compadd -- ${position.join(' ')}`;
    return position === 'files' && index === positions.length - 1 ? reply : `if (( CURRENT == ${index + 3} )); then ${reply}; return; fi`;
  });
  const rest = lines.map((line) => `      ${line}\n`).join('');
  return `    ${name})\n      if [[ $PREFIX == -* ]]; then choices=(${flags}); _describe -o -t options option choices; return; fi\n${rest}      ;;`;
}
