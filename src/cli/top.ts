import { setTimeout as sleep } from 'node:timers/promises';
import { apiClient, clientOptions } from './api-client.ts';
import type { ApiClient } from './api-client.ts';
import type { Command } from './command.ts';
import { UsageError } from './command.ts';
import { exitCode } from './exit-code.ts';
import type { Output } from './output.ts';
import { seeAll } from './status.ts';
import { showStatus } from './status-text.ts';
import { findings } from './why/findings.ts';

/** Clears the screen and goes to its beginning; the other screen is for the time of the command, so that nothing of before is lost. */
const screen = { enter: '\u001b[?1049h\u001b[?25l', leave: '\u001b[?25h\u001b[?1049l', home: '\u001b[H', line: '\u001b[K', below: '\u001b[J' };

/** `millrace top`: status, again and again. */
export function topCommand(output: Output): Command {
  return {
    name: 'top',
    summary: 'Shows what a running daemon is doing, again and again, with what holds it up. q or Ctrl-C ends it. Where its output is no terminal it prints one look.',
    usage: '[NAME] [options]',
    words: [],
    examples: ['millrace top', 'millrace top flights --interval 5', 'millrace top --once'],
    options: [...clientOptions, { name: 'interval', value: 'SECONDS', summary: 'Time between two looks.', default: '1' }, { name: 'once', summary: 'Print one look, and end.' }],
    async run(args) {
      const [name, ...others] = args.positionals;
      const interval = Number(args.text('interval'));
      if (others.length > 0) throw new UsageError('Name one topology, or none for all.');
      if (!(interval >= 0.1 && interval <= 3600)) throw new UsageError(`--interval is a number of seconds from 0.1 to 3600, not ${args.text('interval') ?? ''}.`);
      const client = apiClient(args);
      if (args.on('once') || !process.stdout.isTTY) output.print(await look(client, name));
      else await watch(client, name, interval * 1000, output);
      return exitCode.ok;
    }
  };
}

async function look(client: ApiClient, name: string | undefined): Promise<string> {
  const seen = await seeAll(client, name);
  // What holds it up comes first: a small terminal cuts off the end.
  return seen.map((each) => {
    const [head = '', ...rest] = showStatus(each).split('\n');
    return [head, ...findings(each, Date.now()).map(({ code, message }) => `  ${code}: ${message}`), ...rest].join('\n');
  }).join('\n');
}

async function watch(client: ApiClient, name: string | undefined, interval: number, output: Output): Promise<void> {
  const stop = new AbortController();
  const end = (): void => { stop.abort(); };
  let text = '';
  const draw = (): void => { output.print(fitted(text)); };
  // What is wrong from the start ends the command, with its own exit code; what goes wrong later is shown until it is over.
  text = await look(client, name);
  const release = onKeys(end);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end);
  process.stdout.on('resize', draw);
  output.print(screen.enter);
  try {
    while (!stop.signal.aborted) {
      draw();
      await sleep(interval, undefined, { signal: stop.signal }).catch(() => undefined);
      if (!stop.signal.aborted) text = await look(client, name).catch((error: unknown) => `${error instanceof Error ? error.message : String(error)}\n`);
    }
  } finally {
    output.print(screen.leave);
    process.stdout.off('resize', draw);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, end);
    release();
  }
}

/** A look as the terminal has room for it. */
function fitted(text: string): string {
  const lines = text.split('\n').slice(0, Math.max(1, (process.stdout.rows || 50) - 1));
  return `${screen.home}${lines.map((line) => `${line.slice(0, process.stdout.columns || 200)}${screen.line}\n`).join('')}${screen.below}`;
}

/** Calls back at q and Ctrl-C; returns what leaves the terminal as it was. */
function onKeys(end: () => void): () => void {
  const { stdin } = process;
  if (!stdin.isTTY) return () => undefined;
  const pressed = (keys: Buffer): void => {
    // In this mode Ctrl-C is a byte, 3.
    if (/[qQ\u0003]/.test(keys.toString('latin1'))) end();
  };
  stdin.setRawMode(true);
  stdin.on('data', pressed);
  return () => {
    stdin.off('data', pressed);
    stdin.setRawMode(false);
    stdin.pause();
  };
}
