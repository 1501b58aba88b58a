/** A JSON value with secrets taken out of every text in it, names of members too; what JSON has not (big integers, bytes) becomes text. */
export function redactValues(value: unknown, redact: (text: string) => string): unknown {
  return redacted(JSON.parse(JSON.stringify(value, (_, member: unknown) => plain(member)) ?? 'null'), redact);
}

function redacted(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((item: unknown) => redacted(item, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [redact(name), redacted(member, redact)]));
}

function plain(member: unknown): unknown {
  return typeof member === 'bigint' ? member.toString() : member;
}
