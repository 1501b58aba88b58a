import { styleText } from 'node:util';
import { prettyFactory } from 'pino-pretty';
import type { LineWriter } from '../telemetry/log.ts';

/** Where a command prints. */
export interface Output {
  /** True when a person watches. */
  readonly interactive: boolean;
  /** Receives the log's JSON lines. */
  readonly log: LineWriter;
  /** Text for the reader of the command, on standard output. */
  print(text: string): void;
  /** Text about a mistake, on standard error. */
  complain(text: string): void;
  /** Replaces the line at the bottom of a terminal; '' takes it away. Nothing elsewhere. */
  status(line: string): void;
  /** A text for `complain` in a style, where standard error is a terminal that shows any. */
  paint(style: 'bold' | 'red' | 'dim', text: string): string;
}

/** On a terminal: pretty log lines above one status line. Elsewhere: JSON lines on standard output, nothing else. */
export function createOutput(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream): Output {
  const interactive = stdout.isTTY && stderr.isTTY;
  // Node's own rules: NO_COLOR, FORCE_COLOR=0 and TERM=dumb turn colors off. What is piped never has any.
  const color = stderr.isTTY && stderr.hasColors();
  const pretty = prettyFactory({
    colorize: interactive && color,
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss',
    hideObject: true,
    messageFormat: (log, key) => [log['topology'], log['task']].filter((name) => typeof name === 'string').map((name) => `${name}: `).join('') + String(log[key]) + (typeof log['remedy'] === 'string' ? ` (${log['remedy']})` : '')
  });
  // A reader that went away (`| head`) must not end the stream: what is printed then is lost, and nothing else.
  for (const stream of [stdout, stderr]) stream.on('error', () => undefined);
  let shown = '';
  const clear = (): void => {
    if (shown !== '') stderr.write('\r\u001b[2K');
  };
  const above = (stream: NodeJS.WriteStream, text: string): void => {
    clear();
    stream.write(text);
    if (shown !== '') stderr.write(shown);
  };
  return {
    interactive,
    log: { write: (line) => { if (interactive) above(stderr, `${(pretty(line) ?? '').trimEnd()}\n`); else stdout.write(line); } },
    print: (text) => { above(stdout, text); },
    complain: (text) => { above(stderr, text); },
    status(line) {
      if (!interactive) return;
      clear();
      shown = line.slice(0, Math.max(20, stderr.columns - 1));
      stderr.write(shown);
    },
    paint: (style, text) => (color ? styleText(style, text, { validateStream: false }) : text)
  };
}
