/** A function or macro of CEL, shown by an expression that compiles. */
export interface CelFunction {
  readonly example: string;
  readonly description: string;
}

/** What CEL itself brings along, as far as records need it. A test compiles and runs every example. */
export const celFunctions: readonly CelFunction[] = [
  { example: 'has(value.user.name)', description: 'Whether the field is there; value.user must be.' },
  { example: 'size(value.items)', description: 'Length of a text, list, map or bytes.' },
  { example: '"a" in value.tags', description: 'Whether a list has the element, or a map the key.' },
  { example: 'value.items.exists(i, i > 2)', description: 'True for at least one element; also all and exists_one.' },
  { example: 'value.items.filter(i, i > 1)', description: 'The elements for which it is true.' },
  { example: 'value.items.map(i, i * 2)', description: 'Each element changed.' },
  { example: 'value.n > 1 ? "many" : "one"', description: 'One of two values.' },
  { example: 'cel.bind(u, value.user, u.name + "/" + u.id)', description: 'A name for a part that is used several times.' },
  { example: 'value.text.startsWith("a")', description: 'Also endsWith and contains.' },
  { example: 'value.text.matches("^[a-z]+$")', description: 'Whether the pattern is found in the text.' },
  { example: 'value.text.lowerAscii()', description: 'Also upperAscii and trim.' },
  { example: 'value.text.indexOf("b")', description: 'Position of the first occurrence, -1 for none; also lastIndexOf.' },
  { example: 'value.text.substring(0, 2)', description: 'Part of a text, from and up to a position.' },
  { example: 'value.text.split(",")', description: 'Parts of a text.' },
  { example: 'value.tags.join("-")', description: 'One text of a list of texts.' },
  { example: 'string(value.n)', description: 'A number, boolean or UTF-8 bytes as text.' },
  { example: 'double(value.digits)', description: 'A text as number; also int, for whole numbers.' },
  { example: 'bool("true")', description: 'A text as boolean.' },
  { example: 'type(value.n) == double', description: 'Type of a value: double, string, bool, list, map, bytes.' },
  { example: 'timestamp(value.at).getHours()', description: 'Parts of an ISO 8601 time in UTC; also getFullYear, getMonth (from 0), getDate, getDayOfWeek, getMinutes, getSeconds.' },
  { example: 'timestamp(value.at) + duration("1h")', description: 'Times and durations are added and compared.' },
  { example: 'bytes(value.text).base64()', description: 'Bytes as text; also hex and string.' },
  { example: 'dyn(value.n) == 1', description: 'Leaves the type open until the record is there.' }
];
