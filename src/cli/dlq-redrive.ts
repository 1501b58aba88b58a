import { setTimeout as sleep } from 'node:timers/promises';
import { redrive } from '../dead-letters/redrive.ts';
import type { LeftReason, RedriveResult } from '../dead-letters/redrive.ts';
import type { Arguments } from './command.ts';
import { filterOf, wholeNumber } from './dlq-options.ts';
import { exitCode } from './exit-code.ts';
import type { Output } from './output.ts';
import { withTopology } from './with-topology.ts';

/** `millrace dlq redrive`: shown, and with --yes done. */
export function redriveDeadLetters(file: string, args: Arguments, output: Output): Promise<number> {
  const [limit, rate, write] = [wholeNumber(args, 'limit') ?? Infinity, wholeNumber(args, 'rate') ?? Infinity, args.on('yes')];
  return withTopology(file, output, { readOnly: !write }, async (plan, broker) => {
    const filter = filterOf(args, plan);
    const result = await redrive(plan, broker, {
      filter, limit, rate, write,
      now: () => performance.now(),
      sleep: async (milliseconds) => { await sleep(milliseconds); },
      onProgress: (count) => { output.status(`${count} driven again`); }
    });
    output.status('');
    output.print(args.on('json') ? `${JSON.stringify({ topology: plan.name, done: write, ...result }, null, 2)}\n` : text(result, write));
    return exitCode.ok;
  });
}

const reasons: Readonly<Record<LeftReason, string>> = {
  foreign: 'were not written by a topology',
  no_source: 'come from a topic that the topology does not read, or one of its own',
  truncated: 'had a value too large for the dead letter topic, which was left out there',
  partition_gone: 'come from a partition that is no more'
};

function text({ redriven, to, left, before }: RedriveResult, done: boolean): string {
  const lines = [`${redriven} dead ${redriven === 1 ? 'letter' : 'letters'} ${done ? 'driven again' : 'would be driven again'}${redriven === 0 ? '.' : `: ${Object.entries(to).map(([topic, count]) => `${count} to ${topic}`).join(', ')}.`}`];
  if (before > 0) lines.push(`${before} had been before.`);
  for (const [reason, count] of Object.entries(left)) if (count > 0) lines.push(`${count} ${done ? 'were' : 'would be'} left: they ${reasons[reason as LeftReason]}.`);
  if (!done && redriven > 0) lines.push('Nothing was written. Do it: --yes');
  return `${lines.join('\n')}\n`;
}
