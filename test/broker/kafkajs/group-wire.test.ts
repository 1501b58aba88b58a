import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assignerName, decodeAssignment, decodeMember, encodeAssignment, encodeMember } from '../../../src/broker/kafkajs/group-wire.ts';

const peer = { id: 'a_b-3', url: 'http://10.0.0.5:7171' };
const unknown = { signature: '', generation: -1, owned: [], held: [], pinned: false, peer: null };

test('what members say survives the wire, and broken user data is let pass', () => {
  const data = { signature: 'abc', generation: 7, owned: [{ group: 0, partition: 3 }, { group: 2, partition: 0 }], held: [{ group: 1, partition: 5 }], pinned: true, peer };
  const bytes = encodeMember(['topic'], data);
  assert.deepEqual(decodeMember(bytes), data);
  for (const nonsense of ['nonsense', '']) assert.deepEqual(decodeMember(Buffer.from(nonsense)), unknown);
  const broken = Buffer.from(bytes);
  broken[broken.length - 1] = 0;
  assert.equal(decodeMember(broken).signature, '');
  const partitions = [{ topic: 'a', partition: 1 }, { topic: '__proto__', partition: 2 }];
  assert.deepEqual(decodeAssignment(encodeAssignment(partitions.slice(0, 1), null)), { partitions: partitions.slice(0, 1), refusedBy: null });
  assert.equal(decodeAssignment(encodeAssignment([], 'theirs')).refusedBy, 'theirs');
  assert.deepEqual(decodeAssignment(Buffer.alloc(0)), { partitions: [], refusedBy: null });
  assert.equal(assignerName, 'millrace-sticky');
});

test('members of before are understood: without state on disk, without an address', () => {
  const data = { signature: 'abc', generation: 7, owned: [{ group: 1, partition: 3 }], held: [], pinned: false, peer: null };
  const bytes = encodeMember(['topic'], data);
  // What versions 1 and 2 wrote: the same without the new fields, which are left out where they say nothing.
  for (const version of ['"v":1', '"v":2']) {
    const old = Buffer.from(bytes.toString('latin1').replace('"v":3', version), 'latin1');
    assert.ok(old.includes(`{${version},"signature":"abc","generation":7,"owned":[[],[3]]}`));
    assert.deepEqual(decodeMember(old), data);
  }
});

test('of an address nothing is taken but an id and where an HTTP server is', () => {
  const read = (given: object): unknown => decodeMember(encodeMember([], { ...unknown, peer: given as typeof peer })).peer;
  for (const url of ['http://a:1', 'https://millrace.example/one', 'http://[fd00::1]:7171']) assert.deepEqual(read({ id: 'x', url: `${url}/` }), { id: 'x', url });
  const refused = [{}, { id: 'x' }, { url: peer.url }, { ...peer, id: 7 }, { ...peer, id: 'a\nb' }, { ...peer, id: 'x'.repeat(65) }, { ...peer, url: ['http://a'] },
    ...['', 'a:1', 'file:///etc/passwd', 'ftp://a', 'http://user:pass@a', 'http://user@a', 'http://a/?x=1', 'http://a/#x', `http://${'x'.repeat(300)}`].map((url) => ({ ...peer, url }))];
  for (const given of refused) assert.equal(read(given), null, JSON.stringify(given));
});
