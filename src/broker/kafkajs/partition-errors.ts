import { protocolError } from './failures.ts';
import type { Decoded } from './internals.ts';

/*
 * What kafkajs makes of answers with an error for each partition (protocol/requests/{produce,addPartitionsToTxn}): it throws the first one, without
 * its topic. But where one partition of a transaction's request is refused, the others only say that they were not looked at.
 */

/** This one says nothing by itself: another partition has the reason. */
const notAttempted = 55;

interface PartitionError {
  readonly errorCode: number;
}

interface ProduceAnswer extends Decoded {
  readonly topics: readonly { readonly topicName: string; readonly partitions: readonly PartitionError[] }[];
}

interface AddPartitionsAnswer extends Decoded {
  readonly errors: readonly { readonly topic: string; readonly partitionErrors: readonly PartitionError[] }[];
}

/** The answer, or the most telling of its errors, with its topic. */
export function parseProduced(answer: ProduceAnswer): Promise<ProduceAnswer> {
  return settle(answer, answer.topics.map(({ topicName, partitions }) => [topicName, partitions]));
}

/** The answer, or the most telling of its errors, with its topic. */
export function parseAddPartitions(answer: AddPartitionsAnswer): Promise<AddPartitionsAnswer> {
  return settle(answer, answer.errors.map(({ topic, partitionErrors }) => [topic, partitionErrors]));
}

function settle<T>(answer: T, topics: readonly (readonly [topic: string, partitions: readonly PartitionError[]])[]): Promise<T> {
  const failed = topics.flatMap(([topic, partitions]) => partitions.filter(({ errorCode }) => errorCode !== 0).map(({ errorCode }) => ({ topic, errorCode })));
  const telling = failed.find(({ errorCode }) => errorCode !== notAttempted) ?? failed[0];
  if (telling === undefined) return Promise.resolve(answer);
  return Promise.reject(protocolError(telling.errorCode, telling.topic));
}
