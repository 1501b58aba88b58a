/** An option of Spark's Kafka source and sink, of Kafka's clients or of Kafka Streams, and what Millrace has in its place. */
export interface RecipeOption {
  readonly theirs: readonly string[];
  /** Options of a topology or of `millrace run` that take its place; none where it is fixed. A test finds each of them. */
  readonly ours: readonly string[];
  readonly note: string;
}

/** Reading, then when, then writing, then the group; for people who come from there. */
export const recipeOptions: readonly RecipeOption[] = [
  { theirs: ['kafka.bootstrap.servers', 'bootstrap.servers'], ours: ['broker.brokers'], note: 'Any of the brokers; the others are found from there.' },
  { theirs: ['subscribe'], ours: ['sources: topic', 'sources: topics'], note: '' },
  { theirs: ['subscribePattern'], ours: ['sources: pattern'], note: 'New topics are picked up within 10 seconds and read from their first record.' },
  { theirs: ['assign'], ours: [], note: 'None: the group assigns partitions, so that daemons can come and go.' },
  { theirs: ['startingOffsets', 'startingTimestamp', 'startingOffsetsByTimestamp', 'auto.offset.reset'], ours: ['sources: start'], note: 'Only where the group has committed nothing. An offset that is out of range is never reset in silence: the topology stops with `offset_out_of_range`.' },
  { theirs: ['endingOffsets', 'endingTimestamp'], ours: ['trigger.mode'], note: '`available_now` ends at the ends there were at the start; other ends cannot be given.' },
  { theirs: ['failOnDataLoss'], ours: ['--accept-offsets'], note: 'Always true. `--accept-offsets`, once, is the way to say that a loss is known.' },
  { theirs: ['maxOffsetsPerTrigger', 'maxRecordsPerFetch'], ours: ['sources: rate_limit.records', 'sources: rate_limit.bytes'], note: 'Per second and task, not per batch. What is read ahead of the commits is bounded anyhow: 16 MiB per topology and daemon.' },
  { theirs: ['minOffsetsPerTrigger', 'maxTriggerDelay'], ours: ['trigger.interval'], note: 'Each tick reads to the ends it saw, however much that is.' },
  { theirs: ['minPartitions'], ours: [], note: 'None: a partition is one task, which keeps its order. More partitions are more tasks.' },
  { theirs: ['includeHeaders'], ours: [], note: 'Always true: headers come through, and expressions read them as `headers`.' },
  { theirs: ['kafka.group.id', 'groupIdPrefix', 'application.id'], ours: ['name', 'group'], note: 'Offsets are kept in the group.' },
  { theirs: ['enable.auto.commit'], ours: [], note: 'False: offsets are committed with the outputs, or after them.' },
  { theirs: ['isolation.level'], ours: [], note: '`read_committed`: what a transaction took back is never worked on.' },
  { theirs: ['fetch.min.bytes', 'fetch.max.wait.ms', 'fetch.max.bytes', 'max.partition.fetch.bytes', 'max.poll.records'], ours: [], note: '1 byte, 50 ms, 2 MiB, 256 KiB, no bound by number: small waits for latency, bounded pieces for memory.' },
  { theirs: ['mode PERMISSIVE', 'badRecordsPath', 'deserialization.exception.handler', 'production.exception.handler', 'errors.deadletterqueue.topic.name'], ours: ['on_error', 'on_error.dead_letter'], note: 'Of the topology, or of one node. The dead letter has the original bytes.' },
  { theirs: ['from_json', 'from_avro'], ours: ['sources: codec.type', 'sources: codec.schema'], note: 'JSON with a JSON Schema; Avro with a schema registry or a file. The five bytes in front of a registry\'s Avro are taken off.' },

  { theirs: ['trigger(processingTime)'], ours: ['trigger.mode', 'trigger.interval'], note: '`processing_time`.' },
  { theirs: ['trigger(availableNow)', 'trigger(once)'], ours: ['trigger.mode'], note: '`available_now`, in as many checkpoints as it needs.' },
  { theirs: ['trigger(realTime)', 'trigger(continuous)'], ours: ['trigger.mode'], note: '`real_time`, the default; processing goes on while a checkpoint is committed.' },
  { theirs: ['commit.interval.ms', 'state.backend.checkpoint interval'], ours: ['trigger.checkpoint_interval'], note: '100 ms at most, not 30 s or 5 minutes: exactly-once output is visible at each checkpoint, in milliseconds when little comes.' },
  { theirs: ['checkpointLocation', 'state.dir'], ours: ['--state-dir'], note: 'Positions are in the consumer group, where another daemon finds them. The folder is one daemon\'s own, and locked.' },
  { theirs: ['processing.guarantee'], ours: ['delivery'], note: '`exactly_once` is the default.' },
  { theirs: ['outputMode', 'suppress'], ours: ['transforms: emit'], note: 'Of a window: `update`, `final` (append), `complete`. Other nodes send each output once.' },
  { theirs: ['withWatermark'], ours: ['sources: watermark.delay', 'transforms: grace'], note: 'The delay is of the source, for all its windows; `grace` of one window.' },
  { theirs: ['foreachBatch'], ours: ['sinks: from', 'sinks: topic'], note: 'As many sinks as you like, all of them in one transaction; `route` sends records to several.' },

  { theirs: ['acks'], ours: [], note: '`all`: with less, an acknowledged record can be lost with its leader.' },
  { theirs: ['enable.idempotence'], ours: [], note: 'True: a repeated send must not double a record.' },
  { theirs: ['retries', 'delivery.timeout.ms', 'retry.backoff.ms', 'request.timeout.ms'], ours: [], note: 'Without end: a send that fails ends the producer, and the task begins again from its last commit, with growing pauses up to 10 s. Giving up would lose records.' },
  { theirs: ['max.in.flight.requests.per.connection'], ours: [], note: '1: order holds whatever fails. Batches are large where there is much to send.' },
  { theirs: ['linger.ms'], ours: ['sinks: batch.linger'], note: 'For `at_least_once`. `exactly_once` sends once per checkpoint.' },
  { theirs: ['batch.size', 'buffer.memory'], ours: ['sinks: batch.records', 'sinks: batch.bytes'], note: 'Memory is bounded by what may be read ahead of the commits, and by 16 MiB of outputs per task.' },
  { theirs: ['compression.type'], ours: ['sinks: compression'], note: '`none`, `gzip`.' },
  { theirs: ['transactional.id', 'transaction.timeout.ms'], ours: ['group'], note: '`<group>-<task>`; 30 s. A transaction is opened only when all of it is ready to be sent.' },
  { theirs: ['max.request.size'], ours: [], note: "The topic's `max.message.bytes`, asked of the broker. A record that does not fit is a dead letter, not the end." },
  { theirs: ['partitioner.class'], ours: ['sinks: partition'], note: "By default that of the Java client: a key's records are where other programs expect them." },

  { theirs: ['session.timeout.ms'], ours: ['--session-timeout'], note: '10 s.' },
  { theirs: ['heartbeat.interval.ms', 'max.poll.interval.ms'], ours: [], note: 'At most 1 s, on a timer of its own: slow work is never taken for a dead member.' },
  { theirs: ['partition.assignment.strategy', 'group.protocol', 'group.instance.id'], ours: [], note: 'A sticky assigner of its own, which keeps equal partition numbers together; tasks that stay go on through a rebalance.' },
  { theirs: ['num.stream.threads', 'spark.executor.instances'], ours: [], note: 'One process uses about one core; start more daemons with the same topology.' },
  { theirs: ['security.protocol', 'sasl.mechanism', 'sasl.jaas.config'], ours: ['broker.tls', 'broker.sasl'], note: 'tls: true with or without sasl; the user and the password are options of their own, kept out of every log.' },
  { theirs: ['ssl.*'], ours: ['broker.tls.ca', 'broker.tls.cert', 'broker.tls.key'], note: "PEM files or PEM text, no Java keystores. The server's name and certificate are always checked." }
];
