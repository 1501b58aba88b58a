import { cpus, totalmem } from 'node:os';

/** The machine and the versions, in one line. */
export function machine(kafka: string): string {
  const [cpu] = cpus();
  return `Node ${process.version}, ${kafka}, ${cpus().length} cores (${(cpu?.model ?? 'unknown').trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, Linux; broker, daemon and probe share the machine.`;
}

/** A table in Markdown, numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const numbers = head.map((_, index) => rows.every((row) => /^[\d.,]+$/.test(row[index] ?? '')));
  return [line(head), line(numbers.map((right) => (right ? '---:' : '---'))), ...rows.map(line)].join('\n');
}

/** A count with separators. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** The middle one; the lower of two. */
export function median<T>(values: readonly T[], by: (value: T) => number): T {
  return values.toSorted((a, b) => by(a) - by(b))[Math.floor((values.length - 1) / 2)] as T;
}
