import type { Broker, TopicPartition } from '../../actors/port.ts';
import { readLetter } from './letter.ts';
import type { Letter } from './letter.ts';
import type { DeadLetterTopic } from './topics.ts';

/** A partition of a dead letter topic, and what it holds. */
export interface LetterRange extends TopicPartition {
  readonly start: number;
  readonly end: number;
  /** Whether values are JSON envelopes. */
  readonly envelope: boolean;
}

/** The partitions of some topics as they are now; topics that do not exist (yet) hold nothing. */
export async function letterRanges(broker: Broker, topics: readonly DeadLetterTopic[]): Promise<LetterRange[]> {
  const infos = await broker.describeTopics(topics.map(({ topic }) => topic));
  const all = topics.flatMap(({ topic, envelope }) => Array.from({ length: infos.get(topic)?.partitions ?? 0 }, (_, partition) => ({ topic, partition, envelope })));
  if (all.length === 0) return [];
  const [starts, ends] = await Promise.all([broker.listOffsets(all, 'start'), broker.listOffsets(all, 'end')]);
  return all.map((at, index) => ({ ...at, start: starts[index] as number, end: ends[index] as number }));
}

/** The letters of one partition from an offset on, in their order. */
export async function* lettersOf(broker: Broker, at: LetterRange, from: number): AsyncGenerator<Letter> {
  if (from >= at.end) return;
  for await (const { records } of broker.readRange({ topic: at.topic, partition: at.partition }, from, at.end, 'committed')) {
    for (const record of records) yield readLetter(at, record);
  }
}

/** The latest letters that fit, newest first: each partition is read from its end backwards, in steps, until there are enough. */
export async function latestLetters(broker: Broker, ranges: readonly LetterRange[], { limit, fits }: { readonly limit: number; fits: (letter: Letter) => boolean }): Promise<Letter[]> {
  const lists = await Promise.all(ranges.map((range) => latestOf(broker, range, limit, fits)));
  return lists.flat().toSorted((a, b) => b.time - a.time || b.offset - a.offset).slice(0, limit);
}

async function latestOf(broker: Broker, range: LetterRange, limit: number, fits: (letter: Letter) => boolean): Promise<Letter[]> {
  let found: Letter[] = [];
  let [from, to] = [range.end, range.end];
  for (let step = limit * 2; to > range.start && found.length < limit; step *= 4) {
    from = Math.max(range.start, to - step);
    const part: Letter[] = [];
    for await (const letter of lettersOf(broker, { ...range, end: to }, from)) if (letter.offset < to && fits(letter)) part.push(letter);
    found = [...part, ...found];
    to = from;
  }
  return found.slice(-limit);
}
