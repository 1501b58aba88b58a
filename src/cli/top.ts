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
    summary: 'Shows what a running daemon is doing, again and again, with what holds it up. Ctrl-C ends it.',
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
      if (args.on('once')) output.print(await look(client, name));
      else await watch(client, name, interval * 1000, output);
      return exitCode.ok;
    }
  };
}

async function look(client: ApiClient, name: string | undefined): Promise<string> {
  const seen = await seeAll(client, name);
  return seen.map((each) => `${showStatus(each)}${findings(each, Date.now()).map(({ code, message }) => `  ${code}: ${message}\n`).join('')}`).join('\n');
}

async function watch(client: ApiClient, name: string | undefined, interval: number, output: Output): Promise<void> {
  const stop = new AbortController();
  const end = (): void => { stop.abort(); };
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  output.print(screen.enter);
  try {
    while (!stop.signal.aborted) {
      const text = await look(client, name).catch((error: unknown) => `${error instanceof Error ? error.message : String(error)}\n`);
      const lines = text.split('\n').slice(0, Math.max(1, (process.stdout.rows || 50) - 1));
      output.print(`${screen.home}${lines.map((line) => `${line.slice(0, process.stdout.columns || 200)}${screen.line}\n`).join('')}${screen.below}`);
      await sleep(interval, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  } finally {
    output.print(screen.leave);
    process.off('SIGINT', end);
    process.off('SIGTERM', end);
  }
}
