import { Failure } from '../../../actors/failure.ts';
import type { Connection, RequestQueue } from './internals.ts';
import { forgetModules, load, replaceModule } from './internals.ts';
import { parseAddPartitions, parseProduced } from './partition-errors.ts';
import { produceRequest } from './produce-request.ts';
import { Authenticator } from './sasl/authenticator.ts';
import { SecurityError } from './security-error.ts';
import { endedError } from './sockets.ts';
import { tlsFailure } from './tls.ts';

/*
 * What kafkajs 2.2.4 gets wrong below its public API, put right once per process. test/broker/kafkajs/patches.test.ts
 * holds each of them, so that another version of kafkajs cannot bring a defect back unseen.
 */

let applied = false;

/** Applies all patches. Safe to call twice. */
export function patchKafkajs(): void {
  if (applied) return;
  applied = true;
  replaceModule('broker/saslAuthenticator', Authenticator);
  forgetModules(['network/connection', 'network/connectionPool', 'cluster/connectionPoolBuilder', 'cluster']);
  nameNewErrors();
  stopIdleTimers();
  endOnTlsErrors();
  repairReconnect();
  replaceModule('producer/groupMessagesPerPartition', groupByPartition);
  replaceModule('protocol/requests/produce/v3/request', produceRequest);
  replaceModule('protocol/requests/produce/v3/response', { ...load<object>('protocol/requests/produce/v3/response'), parse: parseProduced });
  replaceModule('protocol/requests/addPartitionsToTxn/v0/response', { ...load<object>('protocol/requests/addPartitionsToTxn/v0/response'), parse: parseAddPartitions });
}

/** Codes that came after kafkajs' table (protocol/error.js ends at 88): without a name they cannot be told apart. */
const newErrors: readonly (readonly [code: number, type: string, retriable: boolean])[] = [
  [89, 'THROTTLING_QUOTA_EXCEEDED', true],
  [90, 'PRODUCER_FENCED', false],
  [100, 'UNKNOWN_TOPIC_ID', true],
  [105, 'TRANSACTIONAL_ID_NOT_FOUND', false],
  [107, 'INELIGIBLE_REPLICA', false],
  [110, 'FENCED_MEMBER_EPOCH', false],
  [113, 'STALE_MEMBER_EPOCH', false],
  [120, 'TRANSACTION_ABORTABLE', false]
];

function nameNewErrors(): void {
  const { errorCodes } = load<{ errorCodes: { type: string; code: number; retriable: boolean; message: string }[] }>('protocol/error');
  for (const [code, type, retriable] of newErrors) {
    if (errorCodes.some((known) => known.code === code)) continue;
    errorCodes.push({ type, code, retriable, message: type.toLowerCase().replaceAll('_', ' ') });
  }
}

/**
 * The original arms a timer with `throttledUntil - now` even when nothing is throttled or pending: a negative delay,
 * so a warning from Node 22 on and a 1 ms timer loop on every connection (kafkajs#1751, fix as in #1768).
 */
function stopIdleTimers(): void {
  const { prototype } = load<{ prototype: RequestQueue }>('network/requestQueue');
  prototype.scheduleCheckPendingRequests = function schedule(this: RequestQueue): void {
    if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
    // Pending without a throttle means too many in flight; the next response checks the queue itself.
    const delay = this.throttledUntil - Date.now();
    if (delay <= 0 && this.throttledUntil < 0) return;
    this.throttleCheckTimeoutId = setTimeout(() => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    }, Math.max(delay, 1));
  };
}

/**
 * Errors of TLS that are there to stay end kafkajs' retry loops, which try everything again that befalls a connection. And what is not Kafka's protocol is
 * told at its first bytes: the original takes them for the length of an answer, and waits for so much.
 */
function endOnTlsErrors(): void {
  const { prototype } = load<{ prototype: Connection }>('network/connection');
  // Both are called with their `this` below.
  // eslint-disable-next-line @typescript-eslint/unbound-method
  const { rejectRequests, processData } = prototype;
  prototype.rejectRequests = function reject(this: Connection, error: Error): void {
    rejectRequests.call(this, secured(error));
  };
  prototype.processData = function process(this: Connection, data: Buffer): unknown {
    const failure = this.bytesBuffered === 0 && data.length >= 4 ? notKafka(this, data) : null;
    if (failure === null) return processData.call(this, data);
    this.rejectRequests(new SecurityError(failure));
    this.socket?.destroy();
    return this.disconnect();
  };
}

/** A TLS record of type alert begins so (RFC 8446, 5.1). */
const tlsAlert = 0x1503;
/** No answer is as long: brokers bound a fetch. */
const longestAnswer = 0x4000_0000;

function notKafka({ host, port, ssl }: Connection, data: Buffer): Failure | null {
  const at = `${host}:${port}`;
  if (ssl === null && data.readUInt16BE(0) === tlsAlert) return new Failure('tls_failed', `plain text to ${at}: the broker speaks TLS there; set broker.tls, or use the port of its listener without`);
  const size = data.readUInt32BE(0);
  return size > longestAnswer ? new Failure('broker_unavailable', `what answers at ${at} does not speak Kafka's protocol`) : null;
}

function secured(error: Error): Error {
  const failure = tlsFailure(error);
  return failure === null ? error : new SecurityError(failure);
}

interface Connecting extends Connection {
  connecting?: Promise<unknown> | undefined;
}

/**
 * Two requests that find a connection closed each opened a socket, and one of the two leaked; and the half of a response that a lost
 * socket had left was taken for the beginning of the next one's (network/connection.js never resets its buffers).
 */
function repairReconnect(): void {
  const { prototype } = load<{ prototype: Connecting }>('network/connection');
  // Called with its `this` below.
  // eslint-disable-next-line @typescript-eslint/unbound-method
  const connect = prototype.connect;
  prototype.connect = function connectOnce(this: Connecting): Promise<unknown> {
    if (this.isConnected()) return Promise.resolve(true);
    if (this.connecting !== undefined) return this.connecting;
    const over = endedError(this.socketFactory);
    if (over !== null) return Promise.reject(over);
    this.chunks = [];
    this.bytesBuffered = 0;
    this.bytesNeeded = 4;
    this.connecting = connect.call(this).catch((error: unknown) => {
      throw error instanceof Error ? secured(error) : error;
    }).finally(() => {
      this.connecting = undefined;
    });
    return this.connecting;
  };
}

/** The original copies the list for each message of it, so a send of 10,000 records took seconds. The partition is always set. */
function groupByPartition({ messages }: { messages: readonly { partition: number }[] }): Record<number, object[]> {
  const groups: Record<number, object[]> = {};
  for (const message of messages) (groups[message.partition] ??= []).push(message);
  return groups;
}
