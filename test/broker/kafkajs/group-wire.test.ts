import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assignerName, decodeAssignment, decodeMember, encodeAssignment, encodeMember } from '../../../src/broker/kafkajs/group-wire.ts';

test('what members say survives the wire, and broken user data is let pass', () => {
  const data = { signature: 'abc', generation: 7, owned: [{ group: 0, partition: 3 }, { group: 2, partition: 0 }], held: [{ group: 1, partition: 5 }], pinned: true };
  const bytes = encodeMember(['topic'], data);
  assert.deepEqual(decodeMember(bytes), data);
  assert.deepEqual(decodeMember(Buffer.from('nonsense')), { signature: '', generation: -1, owned: [], held: [], pinned: false });
  const broken = Buffer.from(bytes);
  broken[broken.length - 1] = 0;
  assert.equal(decodeMember(broken).signature, '');
  const partitions = [{ topic: 'a', partition: 1 }, { topic: '__proto__', partition: 2 }];
  assert.deepEqual(decodeAssignment(encodeAssignment(partitions.slice(0, 1), null)), { partitions: partitions.slice(0, 1), refusedBy: null });
  assert.equal(decodeAssignment(encodeAssignment([], 'theirs')).refusedBy, 'theirs');
  assert.deepEqual(decodeAssignment(Buffer.alloc(0)), { partitions: [], refusedBy: null });
  assert.equal(assignerName, 'millrace-sticky');
});

test('a member of before there was state on disk is understood', () => {
  const data = { signature: 'abc', generation: 7, owned: [{ group: 1, partition: 3 }], held: [], pinned: false };
  const bytes = encodeMember(['topic'], data);
  // What version 1 wrote: the same without the new fields, which are left out where they say nothing.
  const old = Buffer.from(bytes.toString('latin1').replace('"v":2', '"v":1'), 'latin1');
  assert.ok(old.includes('{"v":1,"signature":"abc","generation":7,"owned":[[],[3]]}'));
  assert.deepEqual(decodeMember(old), data);
});
