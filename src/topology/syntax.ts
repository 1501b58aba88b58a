import type { LineCounter, YAMLError } from 'yaml';

/** What the YAML parser found, for the author of a topology. */
export interface SyntaxMistake {
  readonly offset: number;
  readonly code: 'yaml_syntax' | 'duplicate_key';
  readonly message: string;
  readonly hint?: string;
}

/** After one of these the parser is out of step, and what it says of the same kind below is an echo. */
const once = new Set(['UNEXPECTED_TOKEN', 'BAD_INDENT']);

/** By the parser's code; what people write and what they meant by it. */
const hints: Readonly<Record<string, string>> = {
  TAG_RESOLVE_FAILED: "a text that begins with ! needs quotes around it: '!has(value.name)'",
  BAD_SCALAR_START: 'put quotes around this text',
  BLOCK_IN_FLOW: "in { } and [ ] commas part the entries, and a text with : , ? { } [ ] or quotes in it needs quotes around it: 'value.a ? 1 : 2'",
  UNEXPECTED_TOKEN: 'look at the quotes, commas and brackets just before this; a text with quotes in it needs other quotes around it',
  BAD_INDENT: 'the entries of one map begin in the same column: compare the spaces before this line and those above',
  TAB_AS_INDENT: 'indent with spaces',
  BAD_DQ_ESCAPE: 'between double quotes a backslash begins an escape: use single quotes, or write it twice'
};

/** The parser's words for `where: value.name == "a: b"`. */
const nested = /Nested mappings are not allowed/;

/** The parser's words for a list or map in brackets without its end. */
const unclosed = /must be sufficiently indented and end with/;

/** The parser's errors without their echoes: one for each line, and of the kinds that never come alone the first. */
export function syntaxMistakes(errors: readonly YAMLError[], lines: LineCounter): SyntaxMistake[] {
  const seen = new Set<string | number>();
  const mistakes: SyntaxMistake[] = [];
  for (const { code, message, pos } of errors.toSorted((a, b) => a.pos[0] - b.pos[0])) {
    const [offset] = pos;
    if (code === 'DUPLICATE_KEY') {
      mistakes.push({ offset, code: 'duplicate_key', message: 'the same key stands above already' });
      continue;
    }
    const { line } = lines.linePos(offset);
    const echo = seen.has(line) || (once.has(code) && seen.has(code));
    seen.add(line).add(code);
    if (echo) continue;
    const hint = nested.test(message) ? 'a text with ": " in it needs quotes' : unclosed.test(message) ? 'look for a bracket or brace that is not closed' : hints[code];
    mistakes.push({ offset, code: 'yaml_syntax', message, ...(hint === undefined ? {} : { hint }) });
  }
  return mistakes;
}
