import { Failure } from '../../actors/failure.ts';
import type { Logger } from '../telemetry/log.ts';
import { createBroker } from './create-broker.ts';
import { FlightFeed } from './demo-feed.ts';
import type { Output } from './output.ts';

/** What is sent where. */
export interface FeedSettings {
  readonly brokers: readonly string[];
  readonly topic: string;
  /** Infinity for no end. */
  readonly records: number;
  /** Flights a second; 0 for as fast as they are taken. */
  readonly rate: number;
  readonly log: Logger;
}

/** Sends flights into a topic of a Kafka, for a daemon that runs elsewhere, until all are sent or a signal says stop. Rejects with `topic_missing` and the like. */
export async function feedKafka({ brokers, topic, records, rate, log }: FeedSettings, output: Output): Promise<void> {
  let stopped = false;
  const stop = (): void => { stopped = true; };
  process.on('SIGTERM', stop).on('SIGINT', stop);
  const broker = createBroker({ type: 'kafka', brokers: [...brokers], tls: null, sasl: null }, log);
  try {
    await broker.connect();
    if (!(await broker.describeTopics([topic])).has(topic)) throw new Failure('topic_missing', `The topic ${topic} does not exist on ${brokers.join(',')}.`);
    const feed = await FlightFeed.open(broker, topic);
    output.print(`Sending flights into ${topic} on ${brokers.join(',')}; ${feed.sent.toLocaleString('en-US')} are there. Ctrl-C ends.\n`);
    const sent = await feed.send(records, rate, () => stopped);
    output.print(`Sent ${sent.toLocaleString('en-US')} flights.\n`);
  } finally {
    await broker.close();
    process.off('SIGTERM', stop).off('SIGINT', stop);
  }
}
