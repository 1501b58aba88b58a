import pino from 'pino';
import type { Logger } from 'pino';

/** pino's logger, so that nothing else has to import pino. */
export type { Logger };

/** Where log lines go. */
export interface LineWriter {
  write(line: string): void;
}

/** How a logger is made. */
export interface LogSettings {
  readonly level: string;
  /** Values that must never be printed; more may be added while it is in use. */
  readonly secrets: readonly string[];
  readonly to: LineWriter;
}

/** A pino logger that writes JSON lines in this thread: worker transports lose lines when a process ends. */
export function createLog({ level, secrets, to }: LogSettings): Logger {
  const base = { level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime };
  return pino(base, { write: (line: string) => { to.write(secrets.length === 0 ? line : redactLine(line, secrets)); } });
}

/** Replaces every secret in a text; of two that begin alike the longer first, so that none of it is left. */
export function redact(text: string, secrets: readonly string[]): string {
  const found = secrets.filter((secret) => text.includes(secret)).sort((a, b) => b.length - a.length);
  return found.reduce((result, secret) => result.replaceAll(secret, '[redacted]'), text);
}

/** Replaces secrets in the values of a JSON line, not in its names. */
function redactLine(line: string, secrets: readonly string[]): string {
  const clean = JSON.stringify(JSON.parse(line), (_, value: unknown) => (typeof value === 'string' ? redact(value, secrets) : value));
  return `${clean}\n`;
}
