import { Failure, type FailureCode } from '../../../actors/failure.ts';
import type { KafkajsError } from './internals.ts';
import { load } from './internals.ts';
import { missingRight, type Right } from './rights.ts';

/** Kafka's error names that mean something other than "try again later" (Kafka's Errors.java). */
const codes: Readonly<Record<string, FailureCode>> = {
  UNKNOWN_TOPIC_OR_PARTITION: 'topic_missing',
  INVALID_TOPIC_EXCEPTION: 'topic_missing',
  UNKNOWN_TOPIC_ID: 'topic_missing',
  TOPIC_AUTHORIZATION_FAILED: 'not_authorized',
  GROUP_AUTHORIZATION_FAILED: 'not_authorized',
  CLUSTER_AUTHORIZATION_FAILED: 'not_authorized',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'not_authorized',
  SASL_AUTHENTICATION_FAILED: 'authentication_failed',
  UNSUPPORTED_SASL_MECHANISM: 'authentication_failed',
  ILLEGAL_SASL_STATE: 'authentication_failed',
  INVALID_PRODUCER_EPOCH: 'fenced',
  PRODUCER_FENCED: 'fenced',
  INVALID_PRODUCER_ID_MAPPING: 'fenced',
  ILLEGAL_GENERATION: 'fenced',
  UNKNOWN_MEMBER_ID: 'fenced',
  FENCED_INSTANCE_ID: 'fenced',
  MESSAGE_TOO_LARGE: 'record_too_large',
  RECORD_LIST_TOO_LARGE: 'record_too_large',
  // Refused for what it is, as often as it is sent: too far in the future (message.timestamp.after.max.ms, one hour since
  // Kafka 4), or without a key on a compacted topic.
  INVALID_TIMESTAMP: 'record_failed',
  INVALID_RECORD: 'record_failed',
  OFFSET_OUT_OF_RANGE: 'offset_out_of_range',
  UNSUPPORTED_VERSION: 'unsupported_broker',
  UNSUPPORTED_COMPRESSION_TYPE: 'unsupported_broker',
  INCONSISTENT_GROUP_PROTOCOL: 'plan_mismatch',
  INVALID_SESSION_TIMEOUT: 'config_invalid',
  INVALID_TRANSACTION_TIMEOUT: 'config_invalid',
  INVALID_GROUP_ID: 'config_invalid',
  INVALID_CONFIG: 'config_invalid',
  INVALID_PARTITIONS: 'config_invalid',
  INVALID_REPLICATION_FACTOR: 'config_invalid',
  POLICY_VIOLATION: 'config_invalid'
};

/** The protocol error for a code in a response, as kafkajs makes it, and the topic that it is about. */
export function protocolError(code: number, topic?: string): KafkajsError {
  const error = load<{ createErrorFromCode(code: number): KafkajsError }>('protocol/error').createErrorFromCode(code);
  return topic === undefined ? error : Object.assign(error, { topic });
}

/** Kafka's name of what went wrong, from as deep as kafkajs' retry loops buried it; undefined for what is not from a broker. */
export function errorType(error: unknown): string | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const type = (at as KafkajsError).type;
    if (type !== undefined) return type;
  }
  return undefined;
}

/** What an operation needs rights for, and who asks. */
export interface Asking {
  readonly rights: readonly Right[];
  readonly principal: string | null;
}

/** The failure for whatever kafkajs or a broker answered to `operation`, which the message names along with the topics, and the right that is missing. */
export function failureOf(error: unknown, operation: string, asking: Asking = nobody): Failure {
  if (error instanceof Failure) return error;
  const inner = failureIn(error);
  if (inner !== null) return new Failure(inner.code, `${operation}: ${inner.message}`, { cause: inner });
  const root = rootOf(error);
  const type = errorType(error);
  const named = topicOf(error);
  const rights = named === undefined ? asking.rights : asking.rights.map((right) => (right.resource === 'topic' ? { ...right, names: [named] } : right));
  const missing = missingRight(type, rights, asking.principal);
  if (missing !== null) return new Failure('not_authorized', `${operation}: ${missing}`, { cause: error });
  const text = `${operation}: ${root.message}`;
  if (type !== undefined) return new Failure(codes[type] ?? 'broker_unavailable', `${text} (${type})`, { cause: error });
  return new Failure(codeOfClient(root), text, { cause: error });
}

const nobody: Asking = { rights: [], principal: null };

/** What this driver itself found, from below kafkajs' retry loops. */
function failureIn(error: unknown): Failure | null {
  for (let at: unknown = error; at instanceof Error; at = at.cause) if (at instanceof Failure) return at;
  return null;
}

/** The topic that an answer named. */
function topicOf(error: unknown): string | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const { topic } = at as KafkajsError;
    if (topic !== undefined) return topic;
  }
  return undefined;
}

function codeOfClient(error: Error): FailureCode {
  switch (error.name) {
    case 'KafkaJSSASLAuthenticationError':
      return 'authentication_failed';
    case 'KafkaJSServerDoesNotSupportApiKey':
    case 'KafkaJSNotImplemented':
      return 'unsupported_broker';
    case 'TypeError':
    case 'RangeError':
    case 'ReferenceError':
      return 'task_crashed';
    default:
      return 'broker_unavailable';
  }
}

function rootOf(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  let root = error;
  while (root.cause instanceof Error) root = root.cause;
  return root;
}
