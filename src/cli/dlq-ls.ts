import { matches } from '../dead-letters/filter.ts';
import { latestLetters, letterRanges } from '../dead-letters/read.ts';
import { redriveGroup } from '../dead-letters/redrive.ts';
import { Redriven } from '../dead-letters/redriven.ts';
import { deadLetterTopics } from '../dead-letters/topics.ts';
import type { Letter } from '../dead-letters/letter.ts';
import type { Arguments } from './command.ts';
import { filterOf, wholeNumber } from './dlq-options.ts';
import { exitCode } from './exit-code.ts';
import type { Output } from './output.ts';
import { showLetter } from './show-letter.ts';
import { textTable } from './text-table.ts';
import { withTopology } from './with-topology.ts';

/** Characters of a message, a key or a value in a list. */
const mostShown = 60;

/** `millrace dlq ls`: the latest, newest first. */
export function listDeadLetters(file: string, args: Arguments, output: Output): Promise<number> {
  const limit = wholeNumber(args, 'limit') ?? 20;
  return withTopology(file, output, { readOnly: true }, async (plan, broker) => {
    const filter = filterOf(args, plan);
    const topics = deadLetterTopics(plan);
    const ranges = await letterRanges(broker, topics);
    const committed = ranges.length === 0 ? [] : await broker.committed(redriveGroup(plan), ranges.map(({ topic, partition }) => ({ topic, partition })));
    const done = new Map(ranges.map(({ topic, partition }, index) => [`${partition}/${topic}`, Redriven.from(committed[index] ?? null, redriveGroup(plan))]));
    const isDone = (letter: Letter): boolean => done.get(`${letter.partition}/${letter.topic}`)?.has(letter) ?? false;
    const letters = await latestLetters(broker, ranges, { limit, fits: (letter) => matches(letter, filter) });
    const shown = letters.map((letter) => ({ ...showLetter(letter, mostShown), redriven: isDone(letter) }));
    const total = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
    if (args.on('json')) output.print(`${JSON.stringify({ topology: plan.name, topics: topics.map(({ topic }) => topic), dead_letters: shown }, null, 2)}\n`);
    else if (shown.length === 0) output.print(topics.length === 0 ? `${plan.name} names no dead letter topic.\n` : `No dead letters${total === 0 ? '' : ' that meet this'} in ${topics.map(({ topic }) => topic).join(', ')}.\n`);
    else output.print(textTable([['topic', 'partition', 'offset', 'failed at', 'code', 'node', 'read from', 'tries', '', 'message'], ...shown.map(rowOf)], [1, 2, 7]));
    return exitCode.ok;
  });
}

function rowOf({ topic, partition, offset, time, code, node, source, tries, redriven, message }: ReturnType<typeof showLetter> & { readonly redriven: boolean }): string[] {
  const from = source === null ? '-' : `${source.topic}[${source.partition}]@${source.offset}`;
  return [topic, String(partition), String(offset), time, code || '-', node || '-', from, String(tries), redriven ? 'redriven' : '', message];
}
