/**
 * What to do about a failure: `poison`: this record never works; `retryable`: try again; `fatal`: cannot go on.
 */
export type FailureKind = 'poison' | 'retryable' | 'fatal';

/** Every failure code: its kind and what an operator can do about it. Codes are stable; a test holds the docs to this table. */
export const failureCodes = {
  // poison: dead letter, skip or fail, by `on_error`
  undecodable: { kind: 'poison', remedy: 'Check the codec of the source against what its producers write.' },
  schema_violation: { kind: 'poison', remedy: 'Fix the producer, or the JSON Schema the topology names.' },
  schema_unknown: { kind: 'poison', remedy: 'The registry has no schema with the id that the record names: check that the topology and its producers use the same registry.' },
  schema_unusable: { kind: 'poison', remedy: 'The schema cannot be used, for the reason the message gives: register a correct one.' },
  schema_incompatible: { kind: 'poison', remedy: "The record's schema cannot be read as the one that the source names: give the source a newer schema, or the producer a compatible one." },
  rule_violation: { kind: 'poison', remedy: 'The record breaks a rule of a validate node: fix the producer or the rule.' },
  expression_failed: { kind: 'poison', remedy: 'Guard the expression, for example with has(value.field) or "name" in headers.' },
  script_failed: { kind: 'poison', remedy: "Correct the script at the line the message names, or guard it against this record." },
  script_timeout: { kind: 'poison', remedy: 'Look for an endless loop or a slow pattern in the script, or raise its budget.' },
  unencodable: { kind: 'poison', remedy: "Check the sink's codec, key and topic expressions against the record." },
  event_time_refused: { kind: 'poison', remedy: "Check the source's event_time expression, the producer's clock, and max_future." },
  event_time_missing: { kind: 'poison', remedy: "Windows and joins need an event time: give the source an event_time expression, or let its producers set timestamps." },
  tombstone: { kind: 'poison', remedy: 'The source says tombstones: dead_letter; use pass to send deletes on.' },
  record_too_large: { kind: 'poison', remedy: "Raise max.message.bytes of the topic that is written, or max_size of the source that was read; or make the record smaller." },
  timestamp_refused: { kind: 'poison', remedy: "Set the sink's timestamp: now or an expression, or message.timestamp.after.max.ms of the topic." },
  key_missing: { kind: 'poison', remedy: 'A compacted topic takes records with a key only: give the sink a key expression. A keyed node goes by a key: give it a key expression that is not null.' },
  row_missing: { kind: 'poison', remedy: 'The table has no row under this key: add it, and drive the record again; or set missing: keep or drop.' },
  row_unusable: { kind: 'poison', remedy: 'A row of a table has no key, or no form that JSON has: correct it at the place the message names.' },

  // retryable: backoff, and again from the last checkpoint
  broker_unavailable: { kind: 'retryable', remedy: 'Check that the brokers run and that this host reaches them; Millrace keeps trying.' },
  table_unavailable: { kind: 'retryable', remedy: 'Check the file, the topic or the database that the table is read from; Millrace keeps trying, and keeps the rows it has.' },
  registry_unavailable: { kind: 'retryable', remedy: 'Check that the schema registry runs and that this host reaches it. Schemas that are known already go on; Millrace keeps trying.' },
  output_refused: { kind: 'retryable', remedy: 'The broker refused outputs, perhaps because the topic was changed; its limits are read again and the epoch is tried again.' },
  commit_unknown: { kind: 'retryable', remedy: 'The outcome of a commit was lost; the task reads it back and goes on.' },
  fenced: { kind: 'retryable', remedy: 'Another member took this task over; it opens here again only if it is assigned again.' },
  state_corrupt: { kind: 'retryable', remedy: "A task's state on disk is damaged. It is put aside and rebuilt from the changelog; look for what damages the disk." },
  state_disk_full: { kind: 'retryable', remedy: 'Make room on the disk of --state-dir. The task waits with what it has and goes on by itself.' },
  task_crashed: { kind: 'retryable', remedy: 'An error in Millrace itself; report it with the log lines around it.' },

  // fatal: the topology stops
  config_invalid: { kind: 'fatal', remedy: 'Fix the topology file where the message says.' },
  topic_missing: { kind: 'fatal', remedy: 'Create the topic, correct its name in the topology, or let run --create-topics make what is missing.' },
  too_many_topics: { kind: 'fatal', remedy: 'A task can read about 250 topics: narrow the pattern, or split the topology into several.' },
  offset_out_of_range: { kind: 'fatal', remedy: 'Records below this offset are gone (retention) or the topic was made anew; decide where to go on, and set it while the topology is stopped: millrace offsets reset FILE --to earliest|latest|TIME|OFFSET. An offset that start: names is corrected there.' },
  checkpoint_lost: { kind: 'fatal', remedy: "The group's committed offsets are gone. Commit again what this machine remembers: millrace offsets restore FILE. Or decide where to go on: millrace offsets reset FILE --to earliest|latest|TIME|OFFSET; or let start: decide, by starting once with --accept-offsets." },
  foreign_commit: { kind: 'fatal', remedy: 'Another program committed offsets in this group. If that was on purpose, start once with --accept-offsets; if not, decide where to go on: millrace offsets reset FILE --to earliest|latest|TIME|OFFSET, and give the other program a group of its own.' },
  partitions_differ: { kind: 'fatal', remedy: 'Give the topics equally many partitions, or give the node a key expression: its records then go through a topic of their own.' },
  partitions_changed: { kind: 'fatal', remedy: 'Give the topology a new group and let it read its topics anew; or set a key expression, which makes it independent of the partitions it reads.' },
  state_too_large: { kind: 'fatal', remedy: 'One entry of the state is larger than its changelog takes: collect fewer or smaller values, or raise max.message.bytes of the changelog topic.' },
  internal_topic: { kind: 'fatal', remedy: 'The topic belongs to this topology but is not as it would make it. Stop the topology, and delete the topic if nothing in it is needed; the next start makes it.' },
  plan_mismatch: { kind: 'fatal', remedy: 'Members of one group run different topologies; bring all to the same file.' },
  group_in_use: { kind: 'fatal', remedy: 'Stop every daemon of this topology first (SIGTERM). One that was killed counts until its session times out.' },
  dead_letter_failed: { kind: 'fatal', remedy: 'The dead letter topic refuses records; check that it exists and may be written.' },
  record_failed: { kind: 'fatal', remedy: 'A record failed and on_error says fail; set on_error to a dead letter topic or skip.' },
  not_authorized: { kind: 'fatal', remedy: 'Give the principal the right the message names (ACLs), or correct the credentials.' },
  authentication_failed: { kind: 'fatal', remedy: 'Correct broker.sasl (mechanism, user, secret) or the client certificate; the broker has the reason in its log. It is not tried again, so that no account is locked.' },
  tls_failed: { kind: 'fatal', remedy: 'Check broker.tls: ca must have signed the certificate of the broker, whose names must include the one it is reached by; and that the port speaks TLS.' },
  registry_refused: { kind: 'fatal', remedy: 'Correct registry.auth or registry.tls, or give the user the right the message names.' },
  schema_not_registered: { kind: 'fatal', remedy: "Register the schema under the subject the message names, or set auto_register: true." },
  schema_refused: { kind: 'fatal', remedy: "The registry does not take the schema, by the subject's rule of compatibility: change the schema as the message says, or the rule. millrace validate --online checks it without a start." },
  unsupported_broker: { kind: 'fatal', remedy: 'Use Apache Kafka 4.0 or later.' },
  state_incompatible: { kind: 'fatal', remedy: 'Keyed state here was written by a different definition of the node. millrace plan FILE shows what differs. Undo the change, give the node another name to begin empty, or give all state up: millrace offsets reset FILE --to WHERE --state drop.' },
  state_missing: { kind: 'fatal', remedy: 'The store says changelog: off, and its state is on another machine. Start the daemon that has it, or give all state up: millrace offsets reset FILE --to WHERE --state drop.' },
  export_refused: { kind: 'fatal', remedy: 'Start the topology, let it catch up, stop it with SIGTERM, and export then; --task TASK exports one task alone.' },
  import_refused: { kind: 'fatal', remedy: 'Nothing was changed. Take an export of the same group and node, with the same definition and as many partitions; see millrace state --help.' },
  import_unfinished: { kind: 'fatal', remedy: 'Run the same millrace state import again: it does what is left. Or give it up: millrace offsets reset FILE --to WHERE --state keep|drop.' },
  state_locked: { kind: 'fatal', remedy: 'Another process uses this folder; give each daemon its own (--state-dir, the path of an embedded broker).' },
  crash_loop: { kind: 'fatal', remedy: 'The same task failed again and again without progress; the log has the cause.' }
} as const satisfies Record<string, { kind: FailureKind; remedy: string }>;

/** A stable code of the table above. */
export type FailureCode = keyof typeof failureCodes;

/** Something that went wrong, with a stable code. The message says what was expected, what was found and where. */
export class Failure extends Error {
  readonly code: FailureCode;

  constructor(code: FailureCode, message: string, options?: ErrorOptions) {
    // No stack: a failure says where by itself, and capturing one for each of many broken records would cost more than the record.
    // What crashed keeps its own, as `cause`.
    const v8 = Error as { stackTraceLimit?: number };
    const limit = v8.stackTraceLimit;
    v8.stackTraceLimit = 0;
    super(message, options);
    if (limit !== undefined) v8.stackTraceLimit = limit;
    this.name = 'Failure';
    this.code = code;
  }

  get kind(): FailureKind {
    return failureCodes[this.code].kind;
  }

  get remedy(): string {
    return failureCodes[this.code].remedy;
  }
}

/** Any thrown thing as a `Failure`; what is not one already gets `code`. */
export function asFailure(error: unknown, code: FailureCode): Failure {
  if (error instanceof Failure) return error;
  return new Failure(code, error instanceof Error ? error.message : String(error), { cause: error });
}
