import { failedIn } from '../../actors/failed-span.ts';
import { asFailure } from '../../actors/failure.ts';
import type { FetchedBatch, TopicPartition } from '../../actors/port.ts';
import type { Sample, SampleOf, Span, TraceContext, Traceable, Tracer } from '../../actors/trace.ts';
import type { Plan } from '../topology/model.ts';

type Attributes = Readonly<Record<string, string | number>>;

/**
 * The spans of a task, by OpenTelemetry's conventions for messaging and Kafka (v1.44). Made only for what is sampled: `poll` when a batch was fetched, `process` in each node, `send` for each topic, `commit` for
 * each batch that an epoch brought. Names hold topics and nodes, attributes counts and offsets, never a record's data.
 */
export class TaskTrace {
  readonly #tracer: Tracer;
  readonly #common: Attributes;
  readonly #group: string;

  constructor(tracer: Tracer, { plan, task }: { readonly plan: Plan; readonly task: string }) {
    this.#tracer = tracer;
    this.#group = plan.group;
    this.#common = { 'messaging.system': 'kafka', ...serverOf(plan), 'millrace.topology': plan.name, 'millrace.task': task };
  }

  /** Null where the batch is not traced. */
  poll({ topic, partition, records }: FetchedBatch): Span | null {
    if (records.length === 0) return null;
    const sample = this.#tracer.sample(records, 'fetched');
    return sample === null ? null : this.#start('poll', topic, sample, { ...this.#consumer(partition), 'messaging.batch.message_count': records.length, 'messaging.kafka.offset': records[0]?.offset ?? 0 });
  }

  /** A node at work on a batch that is traced. */
  process(node: string, records: number, parent: TraceContext): Span {
    return this.#process(node, records, { parent, links: [] });
  }

  /** What a node gave for a batch that is not traced, or at a barrier, where there are contexts in it; null where there are none. */
  processed(node: string, outputs: readonly Traceable[], of: SampleOf): Span | null {
    const sample = this.#tracer.sample(outputs, of);
    return sample === null ? null : this.#process(node, outputs.length, sample);
  }

  /** Of what a traced batch has for a topic. */
  send(topic: string, parent: TraceContext): Span {
    return this.#start('send', topic, { parent, links: [] }, {});
  }

  /** Of the epoch that a traced batch belongs to. */
  commit({ topic, partition, offset }: TopicPartition & { readonly offset: number }, epoch: number, parent: TraceContext): Span {
    return this.#start('commit', topic, { parent, links: [] }, { ...this.#consumer(partition), 'messaging.kafka.offset': offset, 'millrace.epoch': epoch });
  }

  #process(node: string, records: number, { parent, links }: Sample): Span {
    const attributes = { ...this.#common, ...operation('process', 'process'), 'messaging.consumer.group.name': this.#group, 'messaging.batch.message_count': records, 'millrace.node': node };
    return this.#tracer.start({ name: `process ${node}`, kind: 'consumer', parent, links, attributes });
  }

  #start(name: keyof typeof types, topic: string, { parent, links }: Sample, more: Attributes): Span {
    return this.#tracer.start({ name: `${name} ${topic}`, kind: 'client', parent, links, attributes: { ...this.#common, ...operation(name, types[name]), 'messaging.destination.name': topic, ...more } });
  }

  #consumer(partition: number): Attributes {
    return { 'messaging.destination.partition.id': String(partition), 'messaging.consumer.group.name': this.#group };
  }
}

const types = { poll: 'receive', send: 'send', commit: 'settle' } as const;

function operation(name: string, type: string): Attributes {
  return { 'messaging.operation.name': name, 'messaging.operation.type': type };
}

/** The broker that the file names first; none where it is embedded. */
function serverOf({ broker }: Plan): Attributes {
  const [first] = broker.type === 'kafka' ? broker.brokers : [];
  const match = /^(.*):(\d+)$/.exec(first ?? '');
  return match === null ? {} : { 'server.address': match[1] as string, 'server.port': Number(match[2]) };
}

/** Does the work of a span and ends it, whatever becomes of it; what an outlet sends meanwhile is sent by the span. */
export function within(span: Span, outlet: { trace: TraceContext | null }, work: () => void | Promise<void>): void | Promise<void> {
  outlet.trace = span.context;
  const ended = (): void => {
    outlet.trace = null;
    span.end();
  };
  const failed = (error: unknown): never => {
    outlet.trace = null;
    failedIn(error, span.context);
    span.end({}, codeOf(error));
    throw error;
  };
  let pending: void | Promise<void>;
  try {
    pending = work();
  } catch (error) {
    return failed(error);
  }
  if (pending === undefined) ended();
  else return pending.then(ended, failed);
}

/** What a span says of an error. */
export function codeOf(error: unknown): string {
  return asFailure(error, 'task_crashed').code;
}
