/** Longest text of a value, in characters. */
const longest = 400;

/** A value in one line, as it could be written into a file of cases; what is not there is `nothing`. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = flow(value);
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}

function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(([name, field]) => `${word(name)}: ${isTime(name, field) ? JSON.stringify(new Date(field).toISOString().replace('.000Z', 'Z')) : flow(field)}`);
    return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
  }
  return typeof value === 'string' ? word(value) : JSON.stringify(value);
}

/** A text without quotes where YAML reads it as that text. */
function word(text: string): string {
  return /^[A-Za-z_][\w.-]*( [\w.-]+)*$/.test(text) && !/^(true|false|null|y|n|yes|no|on|off|nan|inf)$/i.test(text) ? text : JSON.stringify(text);
}

/** Bounds of windows and timestamps are read more easily as times, and may be written so. */
function isTime(name: string, value: unknown): value is number {
  return ['start', 'end', 'timestamp'].includes(name) && typeof value === 'number' && Number.isSafeInteger(value) && Math.abs(value) > 1e9 && Math.abs(value) < 8.64e15;
}
