import { lettersOf, letterRanges } from '../dead-letters/read.ts';
import { deadLetterTopics } from '../dead-letters/topics.ts';
import { failureCodes } from '../../actors/failure.ts';
import type { FailureCode } from '../../actors/failure.ts';
import type { Letter } from '../dead-letters/letter.ts';
import type { Arguments } from './command.ts';
import { UsageError } from './command.ts';
import { wholeNumber } from './dlq-options.ts';
import { exitCode } from './exit-code.ts';
import type { Output } from './output.ts';
import { showBytes } from './show-bytes.ts';
import { withTopology } from './with-topology.ts';

/** `millrace dlq show`: one dead letter, whole. */
export function showDeadLetter(file: string, args: Arguments, output: Output): Promise<number> {
  const offset = wholeNumber(args, 'offset', 0);
  const partition = wholeNumber(args, 'partition', 0) ?? 0;
  if (offset === undefined) throw new UsageError('Say which: --offset N, as dlq ls prints it, with --partition N and --topic TOPIC where there are several.');
  return withTopology(file, output, { readOnly: true }, async (plan, broker) => {
    const topics = deadLetterTopics(plan);
    const named = topics.map(({ topic }) => topic);
    const topic = args.text('topic') ?? (named.length === 1 ? named[0] : undefined);
    if (topic === undefined || !named.includes(topic)) throw new UsageError(named.length === 0 ? `${plan.name} names no dead letter topic.` : `Say --topic, one of ${named.join(', ')}.`);
    const range = (await letterRanges(broker, topics)).find((at) => at.topic === topic && at.partition === partition);
    if (range === undefined || offset < range.start || offset >= range.end) throw new UsageError(`There is no offset ${offset} in ${topic}[${partition}]${range === undefined ? '' : `, which holds ${range.start} to ${range.end}`}.`);
    for await (const letter of lettersOf(broker, { ...range, end: offset + 1 }, offset)) {
      if (letter.offset !== offset) break;
      output.print(args.on('json') ? `${JSON.stringify(whole(letter), null, 2)}\n` : text(letter));
      return exitCode.ok;
    }
    throw new UsageError(`There is no record at offset ${offset} of ${topic}[${partition}]: transactions leave such gaps.`);
  });
}

function whole(letter: Letter): Readonly<Record<string, unknown>> {
  const { time, timestamp, key, value, headers, ...rest } = letter;
  return { ...rest, time: new Date(time).toISOString(), timestamp, key: showBytes(key, Infinity), value: showBytes(value, Infinity), headers: headers.map(([name, data]) => [name, showBytes(data, Infinity)]) };
}

function text(letter: Letter): string {
  const { topic, partition, offset, time, code, node, message, source, tries, truncated, key, value, headers, timestamp } = letter;
  const remedy = Object.hasOwn(failureCodes, code) ? failureCodes[code as FailureCode].remedy : null;
  const lines = [
    `${topic}[${partition}] offset ${offset}`,
    `failed     ${new Date(time).toISOString()} at ${node || 'a node that is not named'}: ${code || 'no code'}: ${message}`,
    ...(remedy === null ? [] : [`remedy     ${remedy}`]),
    `read from  ${source === null ? 'not known' : `${source.topic}[${source.partition}] offset ${source.offset}`}, timestamp ${timestamp}`,
    `tries      ${tries}`,
    ...headers.map(([name, data]) => `header     ${name}: ${showBytes(data, Infinity) ?? 'null'}`),
    `key        ${showBytes(key, Infinity) ?? 'none'}`,
    truncated ? 'value      was too large for the topic, and was left out' : `value      ${showBytes(value, Infinity) ?? 'none (a tombstone)'}`
  ];
  return `${lines.join('\n')}\n`;
}
