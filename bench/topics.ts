import { randomBytes } from 'node:crypto';
import type { Broker, TopicPartition } from '../actors/port.ts';

/** What a topology may promise. */
export type Delivery = 'at_least_once' | 'exactly_once';

/** The topics of one run, and what the measured process is told of them. */
export interface RunTopics {
  readonly outputs: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Makes the output topics of a run that reads `input`. */
export async function makeOutputs(broker: Broker, bootstrap: string, delivery: Delivery, input: string, partitions: number): Promise<RunTopics> {
  const id = `bench-${randomBytes(4).toString('hex')}`;
  const [urgent, standard, dead] = ['urgent', 'standard', 'dlq'].map((name) => `${id}-${name}`) as [string, string, string];
  await broker.createTopics([urgent, standard, dead].map((topic) => ({ topic, partitions })));
  const env = {
    BENCH_BOOTSTRAP: bootstrap, BENCH_RUN_ID: id, BENCH_DELIVERY: delivery, BENCH_INPUT: input,
    BENCH_OUT_URGENT: urgent, BENCH_OUT_STANDARD: standard, BENCH_OUT_DLQ: dead
  };
  return { outputs: [urgent, standard, dead], env };
}

/** As `makeOutputs`, for workload W3: one topic of counts. */
export async function makeCounts(broker: Broker, bootstrap: string, delivery: Delivery, input: string, partitions: number): Promise<RunTopics> {
  const id = `bench-${randomBytes(4).toString('hex')}`;
  const output = `${id}-counts`;
  await broker.createTopics([{ topic: output, partitions }]);
  return { outputs: [output], env: { BENCH_BOOTSTRAP: bootstrap, BENCH_RUN_ID: id, BENCH_DELIVERY: delivery, BENCH_INPUT: input, BENCH_OUT: output } };
}

/** Makes an empty input topic. */
export async function makeInput(broker: Broker, partitions: number): Promise<string> {
  const topic = `bench-in-${randomBytes(4).toString('hex')}`;
  await broker.createTopics([{ topic, partitions }]);
  return topic;
}

/** Sum of the ends of some topics' partitions. Commit markers count too. */
export async function endsOf(broker: Broker, topics: readonly string[], partitions: number): Promise<number> {
  const all: TopicPartition[] = topics.flatMap((topic) => Array.from({ length: partitions }, (_, partition) => ({ topic, partition })));
  return (await broker.listOffsets(all, 'end')).reduce((sum, end) => sum + end, 0);
}
