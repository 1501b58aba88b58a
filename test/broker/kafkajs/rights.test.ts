import assert from 'node:assert/strict';
import { it } from 'node:test';
import { failureOf, protocolError } from '../../../src/broker/kafkajs/failures.ts';
import { missingRight, right } from '../../../src/broker/kafkajs/rights.ts';

it('names the right, whose it would be, and the command', () => {
  assert.equal(
    missingRight('TOPIC_AUTHORIZATION_FAILED', [right('Read', 'group', 'g'), right('Write', 'topic', 'orders')], 'alice'),
    'User:alice may not Write topic "orders"; kafka-acls --bootstrap-server … --add --allow-principal User:alice --operation Write --topic orders'
  );
  assert.match(missingRight('CLUSTER_AUTHORIZATION_FAILED', [right('IdempotentWrite', 'cluster')], 'CN=a b,O=c') ?? '', /may not IdempotentWrite the cluster; .* --allow-principal 'User:CN=a b,O=c' --operation IdempotentWrite --cluster$/);
  assert.match(missingRight('GROUP_AUTHORIZATION_FAILED', [right('Read', 'group', 'g')], null) ?? '', /^this client may not Read group "g"; .*'User:<principal>'/);
});

it('of several topics names some, and counts the others', () => {
  const names = Array.from({ length: 9 }, (_, i) => `t${i}`);
  assert.match(missingRight('TOPIC_AUTHORIZATION_FAILED', [right('Read', 'topic', ...names)], 'a') ?? '', /one of the topics "t0", "t1", "t2", "t3", "t4" and 4 more;/);
});

it('the topic that an answer names is the one', () => {
  const { code, message } = failureOf(protocolError(29, 'b'), 'Producing', { rights: [right('Write', 'topic', 'a', 'b')], principal: 'x' });
  assert.equal(code, 'not_authorized');
  assert.match(message, /^Producing: User:x may not Write topic "b";/);
});

it('says nothing about other errors', () => {
  assert.equal(missingRight('NOT_LEADER_OR_FOLLOWER', [right('Read', 'topic', 'a')], 'x'), null);
  assert.equal(missingRight(undefined, [], null), null);
  assert.equal(missingRight('TOPIC_AUTHORIZATION_FAILED', [], null), 'a right on a topic is missing');
});
