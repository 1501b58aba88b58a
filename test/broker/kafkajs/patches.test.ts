import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { crc32c } from '../../../src/broker/kafkajs/crc32c.ts';
import { errorType, failureOf, protocolError } from '../../../src/broker/kafkajs/failures.ts';
import { type Connection, load, type RequestQueue } from '../../../src/broker/kafkajs/internals.ts';
import { connectionSettings } from '../../../src/broker/kafkajs/settings.ts';

const settings = connectionSettings({ brokers: ['127.0.0.1:1'], clientId: 'test' });

test('kafkajs is the version these patches are for', () => {
  assert.equal(load<{ version: string }>('../package.json').version, '2.2.4');
});

test('an idle request queue arms no timer (kafkajs#1751)', async () => {
  const Queue = load<new (options: object) => RequestQueue>('network/requestQueue');
  const queue = new Queue({ logger: settings.logger.namespace('x'), requestTimeout: 1_000, maxInFlightRequests: null, enforceRequestTimeout: false, clientId: '', broker: '' });
  const warnings: string[] = [];
  const note = (warning: Error) => warnings.push(warning.name);
  process.on('warning', note);
  let checks = 0;
  const check = queue.checkPendingRequests.bind(queue);
  queue.checkPendingRequests = () => {
    checks++;
    check();
  };
  queue.checkPendingRequests();
  await wait(50);
  process.off('warning', note);
  assert.equal(checks, 1);
  assert.equal(queue.throttleCheckTimeoutId, null);
  assert.deepEqual(warnings, []);
});

test('connecting twice at the same time opens one socket, and a new socket begins with empty buffers', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const Conn = load<new (options: object) => Connection>('network/connection');
  const connection = new Conn({ ...settings, host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  await Promise.all([connection.connect(), connection.connect()]);
  await wait(20);
  assert.equal(sockets.length, 1);
  sockets[0]!.end(Buffer.from([0, 0, 1, 0, 1, 2, 3]));
  while (connection.isConnected()) await wait(5);
  assert.equal(connection.bytesBuffered, 7, 'half a response is left');
  await connection.connect();
  assert.equal(connection.bytesBuffered, 0);
  await connection.disconnect();
  for (const socket of sockets) socket.destroy();
  server.close();
});

test('messages are grouped by partition in their order, in linear time', () => {
  const group = load<(args: { messages: readonly object[]; topic: string; partitionMetadata: readonly object[] }) => Record<string, object[]>>('producer/groupMessagesPerPartition');
  const messages = Array.from({ length: 100_000 }, (_, index) => ({ partition: index % 3, index }));
  const started = performance.now();
  const groups = group({ messages, topic: '', partitionMetadata: [{}] });
  assert.ok(performance.now() - started < 500);
  assert.deepEqual(groups[2]!.slice(0, 2), [messages[2], messages[5]]);
});

test('error codes newer than kafkajs have names', () => {
  assert.equal(errorType(protocolError(90)), 'PRODUCER_FENCED');
  assert.equal(failureOf(protocolError(90), 'x').code, 'fenced');
  assert.equal(failureOf(protocolError(29), 'Reading "a"').code, 'not_authorized');
  assert.equal(failureOf(new Error('?'), 'x').code, 'broker_unavailable');
});

test('CRC-32C of the check string and of every length (RFC 3720)', () => {
  assert.equal(crc32c(Buffer.from('123456789'), 0, 9), 0xe3069283);
  assert.equal(crc32c(Buffer.alloc(32), 0, 32), 0x8a9136aa);
  const theirs = load<(buffer: Buffer) => number>('protocol/recordBatch/crc32C');
  const bytes = Buffer.from(Array.from({ length: 40 }, (_, index) => (index * 37) & 0xff));
  for (let end = 0; end <= 40; end++) assert.equal(crc32c(bytes, 0, end), theirs(bytes.subarray(0, end)));
});
